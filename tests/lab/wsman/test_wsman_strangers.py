# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes from strangers end in a fault, a refusal or a result, and never in another exception."""

from __future__ import annotations

import base64
import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.wsman import sealing, soap
from lab.wsman.auth import Logon, LogonError
from lab.wsman.messages import Fault, Message
from tests.lab.wsman.test_wsman_auth import client, logon, users

# A token of each kind, as a client sends them: raw and wrapped in SPNEGO, the first and the second.
_SERVER = Logon("EC2AMAZ-1", users(ann="x"), None)
_NTLM, _SPNEGO = client("Ann", "x"), client("Ann", "x", "negotiate")
_FIRST = _NTLM.step()
TOKENS = [_FIRST, _NTLM.step(_SERVER.step(_FIRST)), _SPNEGO.step()]

_NAMES = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in soap.NAMESPACES.items())
ENVELOPE = (
    f"<s:Envelope {_NAMES}><s:Header><a:Action>{soap.SHELL}/Send</a:Action><a:MessageID>uuid:1</a:MessageID>"
    f"<w:ResourceURI>{soap.CMD}</w:ResourceURI><w:OperationTimeout>PT1.5S</w:OperationTimeout>"
    '<w:SelectorSet><w:Selector Name="ShellId">S</w:Selector></w:SelectorSet></s:Header><s:Body><rsp:Send>'
    f'<rsp:Stream Name="stdin" CommandId="C">{base64.b64encode(b"hello").decode()}</rsp:Stream></rsp:Send></s:Body>'
    "</s:Envelope>"
).encode()

edits = st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 3), st.binary(max_size=4)), min_size=1, max_size=6)


def damage(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """Replace a few bytes, at a few places, by a few others."""
    for place, removed, inserted in changes:
        place %= len(data) + 1
        data = data[:place] + inserted + data[place + removed :]
    return data


@settings(max_examples=300, deadline=None, derandomize=True)
@given(changes=edits)
def test_damaged_envelopes(changes: list[tuple[int, int, bytes]]) -> None:
    damaged = damage(ENVELOPE, changes)
    with contextlib.suppress(Fault):
        assert isinstance(soap.decode(damaged), Message)
    assert isinstance(soap.message_id(damaged), str)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(token=st.sampled_from(TOKENS), changes=edits, late=st.booleans())
def test_damaged_tokens(token: bytes, changes: list[tuple[int, int, bytes]], late: bool) -> None:
    server = logon(users(ann="x"))
    if late:
        server.step(_FIRST)
    with contextlib.suppress(LogonError):
        server.step(damage(token, changes))
    # A token for another challenge, or a damaged one, logs nobody on.
    assert not server.complete


@settings(max_examples=200, deadline=None, derandomize=True)
@given(signature=st.binary(max_size=32), data=st.binary(max_size=300), length=st.integers(0, 10**9), changes=edits)
def test_sealed_bodies(signature: bytes, data: bytes, length: int, changes: list[tuple[int, int, bytes]]) -> None:
    body = sealing.build(signature, data, length)

    assert sealing.parse(body) == (signature, data, length)
    with contextlib.suppress(sealing.BadBodyError):
        assert isinstance(sealing.parse(damage(body, changes)), sealing.Sealed)
