# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine has only while it runs somewhere: network, metadata, power. An image carries none of it."""

from __future__ import annotations

import typing as t


class HttpResponse(t.NamedTuple):
    """What a server answered."""

    status: int
    headers: dict[str, str]
    body: bytes
    reason: str = ""
    url: str = ""  # after redirects


class Network(t.Protocol):
    """The guest's way out. Every method raises NetworkError when the other side cannot be reached."""

    def request(
        self,
        url: str,
        *,
        proxy: str | None = None,
        method: str = "GET",
        headers: t.Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout: float = 30.0,
    ) -> HttpResponse:
        """Ask for a URL, through a proxy (``http://host:port``) or directly; an HTTP error status is an answer."""
        ...

    def connect(self, host: str, port: int, timeout: float = 5.0) -> None:
        """Open and close a TCP connection."""
        ...


class AwsRefusedError(Exception):
    """What AWS answers when the instance's role may not, or there is nothing."""


class Metadata(t.Protocol):
    """The instance metadata service, the console password channel, and AWS as the instance's role sees it."""

    instance_id: str
    region: str
    account: str
    image_id: str
    instance_type: str
    availability_zone: str
    local_ipv4: str
    public_ipv4: str
    user_data: bytes
    public_key: str  # OpenSSH form of the key pair's public key, empty without a key pair

    def post_password(self, encrypted: str) -> None:
        """Hand the base64 of the encrypted Administrator password to EC2."""
        ...

    def ssm_parameter(self, name: str, decrypt: bool) -> tuple[str, str]:
        """Give the type and value of a parameter of SSM, or raise AwsRefusedError."""
        ...


if t.TYPE_CHECKING:
    from lab.windows.shares import Shares


class Attachments(t.NamedTuple):
    """All of them, replaced together when a machine is started."""

    network: Network | None = None
    metadata: Metadata | None = None
    power: t.Callable[[str, float], None] | None = None  # ("reboot" | "shutdown", delay in seconds)
    background: t.Callable[[t.Callable[[], None]], None] | None = None
    log: t.Callable[[str], None] | None = None
    changed: t.Callable[[], None] | None = None  # called after each command: listeners may have changed
    shares: Shares | None = None  # files of other servers
    module: t.Callable[[str], None] | None = None  # told the full name of every Ansible module that runs
