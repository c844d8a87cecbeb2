# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The address from which this machine reaches another one."""

from __future__ import annotations

import socket


def source_address(host: str, port: int = 5986) -> str:
    """Return this machine's address on its way to a host; empty when there is no way. Sends nothing to the host.

    Right as long as no address translation or jump host is in between.
    """
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        return ""
    for family, kind, protocol, _name, address in answers:
        with socket.socket(family, kind, protocol) as probe:
            try:
                probe.connect(address)
            except OSError:
                continue
            return str(probe.getsockname()[0]).partition("%")[0]
    return ""
