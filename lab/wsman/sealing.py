# SPDX-License-Identifier: GPL-3.0-or-later
"""The multipart/encrypted bodies of WinRM over plain HTTP (MS-WSMV 2.2.9.1): bytes to parts and back."""

from __future__ import annotations

import re
import struct
import typing as t

PROTOCOL = "application/HTTP-SPNEGO-session-encrypted"
CONTENT_TYPE = f'multipart/encrypted;protocol="{PROTOCOL}";boundary="Encrypted Boundary"'

_BOUNDARY = b"--Encrypted Boundary"
_PART = b"\tContent-Type: application/octet-stream\r\n"
_LENGTH = re.compile(rb"Length=(\d+)")


class BadBodyError(Exception):
    """The body is not what its content type says."""


class Sealed(t.NamedTuple):
    """A signature, a ciphertext, and the length that the message under it must have."""

    signature: bytes
    data: bytes
    length: int


def is_sealed(content_type: str) -> bool:
    """Whether a body with this content type is encrypted by the session."""
    return content_type.startswith("multipart/encrypted") and PROTOCOL in content_type


def parse(body: bytes) -> Sealed:
    """Take a body apart. Raises BadBodyError."""
    # The ciphertext may hold anything, the boundary too: only the first two and the last are boundaries.
    pieces = body.split(_BOUNDARY + b"\r\n", 2)
    length = _LENGTH.search(pieces[1]) if len(pieces) == 3 else None
    end = body.rfind(_BOUNDARY + b"--")
    if length is None or end < 0 or not pieces[2].startswith(_PART):
        raise BadBodyError("The parts of the encrypted body are not where they should be")
    payload = body[len(body) - len(pieces[2]) + len(_PART) : end]
    if len(payload) < 4:
        raise BadBodyError("The encrypted part is empty")
    (size,) = struct.unpack("<I", payload[:4])
    return Sealed(payload[4 : 4 + size], payload[4 + size :], int(length[1]))


def build(signature: bytes, data: bytes, length: int) -> bytes:
    """Put a body together; ``length`` is that of the message before it was encrypted."""
    head = (
        f"\tContent-Type: {PROTOCOL}\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={length}\r\n"
    ).encode()
    return b"".join(
        (
            *(_BOUNDARY, b"\r\n", head),
            *(_BOUNDARY, b"\r\n", _PART, struct.pack("<I", len(signature)), signature, data),
            *(_BOUNDARY, b"--\r\n"),
        )
    )
