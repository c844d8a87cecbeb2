# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest whose commands are Python functions, served over real sockets by an event loop in a thread."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import dataclasses
import datetime
import hashlib
import json
import re
import socket
import threading
import time
import typing as t

import winrm
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pypsrp.wsman import WSMan

from lab.wsman import CommandRequest, Completed, Listener, WinRMEndpoint

PASSWORD = "Pa55:wörd!"


def make_certificate(name: str) -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.public_bytes(pem).decode(), private.decode()


@dataclasses.dataclass
class Guest:
    """A Host whose programs are in a table: the first word of the command line says which one."""

    computer_name: str = "EC2AMAZ-ABC1234"
    passwords: dict[str, str] = dataclasses.field(default_factory=lambda: {"administrator": PASSWORD})
    listeners: dict[int, Listener] = dataclasses.field(default_factory=dict)
    blocked: set[int] = dataclasses.field(default_factory=set)
    seen: list[CommandRequest] = dataclasses.field(default_factory=list)
    release: threading.Event = dataclasses.field(default_factory=threading.Event)

    def password_of(self, user: str) -> str | None:
        return self.passwords.get(user.casefold())

    def accepts(self, peer_ip: str, port: int) -> bool:
        return port not in self.blocked

    def listener(self, port: int) -> Listener | None:
        return self.listeners.get(port)

    def run(self, request: CommandRequest) -> Completed:
        self.seen.append(request)
        word, _, rest = request.command_line.partition(" ")
        return getattr(self, f"do_{word.casefold().removesuffix('.exe')}")(rest, request)

    def do_echo(self, rest: str, request: CommandRequest) -> Completed:
        return Completed(0, f"{rest}\r\n".encode())

    def powershell(self, user: str) -> t.NoReturn:
        raise AssertionError("the guests of tests/lab/psrp have PowerShell, this one has programs only")

    def do_cat(self, rest: str, request: CommandRequest) -> Completed:
        return Completed(0, request.stdin)

    def do_fail(self, rest: str, request: CommandRequest) -> Completed:
        return Completed(int(rest), b"some output", b"some error")

    def do_flood(self, rest: str, request: CommandRequest) -> Completed:
        size = int(rest)
        return Completed(0, flood(size), flood(size // 3))

    def do_sleep(self, rest: str, request: CommandRequest) -> Completed:
        time.sleep(float(rest))
        return Completed(0, b"awake")

    def do_hold(self, rest: str, request: CommandRequest) -> Completed:
        assert self.release.wait(30)
        return Completed(0, b"released")

    def do_powershell(self, rest: str, request: CommandRequest) -> Completed:
        """Packer's check, a raw task, or the script with which Ansible copies a file to a guest."""
        script = base64.b64decode(rest.rpartition(" ")[2]).decode("utf-16-le")
        if words := re.search(r"\becho \"(.*?)\"", script):
            return Completed(0, f"{words[1]}\r\n".encode())
        lines = request.stdin.split(b"\x00\x00\x00\x00")[-1].split()
        copied = b"".join(base64.b64decode(line) for line in lines)
        digest = hashlib.sha1(copied, usedforsecurity=False).hexdigest()
        return Completed(0, json.dumps({"sha1": digest}).encode())


def flood(size: int) -> bytes:
    """Bytes of every value, that a wrong order or a lost piece would change."""
    return b"".join(index.to_bytes(4, "big") for index in range(size // 4))


class Service(t.NamedTuple):
    """A running endpoint, and clients for it."""

    guest: Guest
    endpoint: WinRMEndpoint
    address: str
    http: int
    https: int
    loop: asyncio.AbstractEventLoop

    def call(self, coroutine: t.Coroutine[t.Any, t.Any, t.Any]) -> t.Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    def url(self, scheme: str) -> str:
        return f"{scheme}://{self.address}:{self.https if scheme == 'https' else self.http}/wsman"

    def pywinrm(self, scheme: str = "https", password: str = PASSWORD, **options: t.Any) -> winrm.Protocol:
        settings = {
            "transport": "ntlm",
            "username": "Administrator",
            "server_cert_validation": "ignore",
            "operation_timeout_sec": 5,
            "read_timeout_sec": 15,
            "proxy": None,
        }
        return winrm.Protocol(self.url(scheme), password=password, **{**settings, **options})

    def pypsrp(self, scheme: str = "https", password: str = PASSWORD, **options: t.Any) -> WSMan:
        settings = {
            "username": "Administrator",
            "ssl": scheme == "https",
            "port": self.https if scheme == "https" else self.http,
            "auth": "negotiate",
            "cert_validation": False,
            "operation_timeout": 5,
            "no_proxy": True,
        }
        return WSMan(self.address, password=password, **{**settings, **options})


def free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serve(
    loop: asyncio.AbstractEventLoop, certificate: tuple[str, str], address: str = "127.0.0.1", **guest: t.Any
) -> t.Iterator[Service]:
    http, https = free_port(address), free_port(address)
    listeners = {http: Listener("HTTP"), https: Listener("HTTPS", *certificate)}
    service = Service(Guest(listeners=listeners, **guest), WinRMEndpoint(), address, http, https, loop)
    service.call(service.endpoint.start(service.guest, address, (http, https)))
    try:
        yield service
    finally:
        service.guest.release.set()
        service.call(service.endpoint.stop())
