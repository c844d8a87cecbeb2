# SPDX-License-Identifier: GPL-3.0-or-later
"""Address ranges for VPCs inside 127.0.0.0/8 that no other lab on this machine uses."""

from __future__ import annotations

import errno
import socket
import typing as t

FIRST, LAST = 16, 254
# EC2 reserves the first addresses of a subnet; the lab's proxy lives at one of them.
PROXY_HOST, PROXY_PORT = 3, 3128


class Range(t.NamedTuple):
    """A /16, and the socket that holds it: listening at the proxy's address."""

    cidr: str
    holder: socket.socket


def ranges() -> t.Iterator[Range]:
    """Yield free ranges, each held by its socket until that is closed."""
    for number in range(FIRST, LAST + 1):
        address = f"127.{number}.0.{PROXY_HOST}"
        holder = socket.socket()
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            holder.bind((address, PROXY_PORT))
            holder.listen()
        except OSError as exc:
            holder.close()
            if exc.errno != errno.EADDRINUSE:
                raise OSError(exc.errno, f"{exc.strerror}: {address} (the lab needs all of 127.0.0.0/8)") from exc
            continue
        yield Range(f"127.{number}.0.0/16", holder)
    raise RuntimeError("no free address range in 127.0.0.0/8: are there labs that nobody stopped?")
