# SPDX-License-Identifier: GPL-3.0-or-later
"""WinRM's configuration, kept in the registry as Windows keeps it."""

from __future__ import annotations

import typing as t

from lab.windows.certificates import Certificates
from lab.windows.errors import WindowsError
from lab.windows.registry import Registry
from lab.windows.services import Services

ROOT = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WSMAN"
DEFAULT_PORTS = {"HTTP": 5985, "HTTPS": 5986}
# Setting of winrm/config/service -> (registry value, default on Windows Server).
SERVICE_FLAGS: dict[str, tuple[str, bool]] = {
    "AllowUnencrypted": ("allow_unencrypted", False),
    "Auth/Basic": ("auth_basic", False),
    "Auth/Kerberos": ("auth_kerberos", True),
    "Auth/Negotiate": ("auth_negotiate", True),
    "Auth/Certificate": ("auth_certificate", False),
    "Auth/CredSSP": ("auth_credssp", False),
    "EnableCompatibilityHttpListener": ("enable_compat_http_listener", False),
    "EnableCompatibilityHttpsListener": ("enable_compat_https_listener", False),
    "AllowRemoteAccess": ("allow_remote_requests", True),
}


class Listener(t.NamedTuple):
    """One listener; ``thumbprint`` names a certificate in LocalMachine\\My for HTTPS."""

    address: str
    transport: str
    port: int
    hostname: str = ""
    enabled: bool = True
    url_prefix: str = "wsman"
    thumbprint: str = ""

    @property
    def key(self) -> str:
        """Give the registry key of the listener."""
        return f"{ROOT}\\Listener\\{self.address}+{self.transport}"


class WinRM:
    """Listeners and service settings."""

    def __init__(self, registry: Registry, services: Services, certificates: Certificates) -> None:
        self._registry = registry
        self._services = services
        self._certificates = certificates

    def listeners(self) -> list[Listener]:
        """Give the configured listeners, running or not."""
        return [self._read(name) for name in self._registry.subkeys(ROOT + "\\Listener")]

    def find(self, transport: str, address: str = "*") -> Listener | None:
        """Give a listener, or None."""
        wanted = (transport.upper(), address)
        return next((one for one in self.listeners() if (one.transport, one.address) == wanted), None)

    def add_listener(
        self, transport: str, *, address: str = "*", port: int = 0, hostname: str = "", thumbprint: str = ""
    ) -> Listener:
        """Configure a listener.

        :raises WindowsError: there is one already for address and transport, or the certificate of an HTTPS one is
            missing from LocalMachine\\My.
        """
        transport = transport.upper()
        if self.find(transport, address):
            raise WindowsError(
                0x80338028 & 0xFFFF,
                message="The WS-Management service cannot create the resource because it already exists.",
            )
        if transport == "HTTPS":
            certificate = self._certificates.find(thumbprint)
            if certificate is None or not certificate.key_pem:
                raise WindowsError(
                    1312,
                    message="The WinRM client cannot process the request. The certificate thumbprint was not found "
                    "in the certificate store or has no private key.",
                )
        made = Listener(address, transport, port or DEFAULT_PORTS[transport], hostname, thumbprint=thumbprint.upper())
        self._write(made)
        return made

    def remove_listener(self, transport: str, address: str = "*") -> bool:
        """Remove a listener; says whether it was there."""
        return self._registry.delete_key(f"{ROOT}\\Listener\\{address}+{transport.upper()}")

    def flag(self, name: str) -> bool:
        """Give a service setting such as ``Auth/Basic``.

        :raises KeyError: unknown setting.
        """
        value, default = SERVICE_FLAGS[name]
        return bool(self._registry.data(ROOT + "\\Service", value, int(default)))

    def set_flag(self, name: str, on: bool) -> None:
        """Change a service setting."""
        self._registry.set(ROOT + "\\Service", SERVICE_FLAGS[name][0], int(on))

    @property
    def running(self) -> bool:
        """Say whether the service runs."""
        service = self._services.find("WinRM")
        return service is not None and service.state == "Running"

    def listening(self, port: int) -> Listener | None:
        """Give the listener that answers on a port now: enabled, the service runs, the certificate is there."""
        for listener in self.listeners() if self.running else ():
            usable = listener.transport == "HTTP" or self._certificates.find(listener.thumbprint) is not None
            if listener.port == port and listener.enabled and usable:
                return listener
        return None

    def reset(self) -> None:
        """Put the configuration back to what a stock server has: one HTTP listener, defaults."""
        self._registry.delete_key(ROOT + "\\Listener")
        self._registry.delete_key(ROOT + "\\Service")
        self._registry.create_key(ROOT + "\\Service")
        self.add_listener("HTTP")

    def _read(self, name: str) -> Listener:
        key = f"{ROOT}\\Listener\\{name}"
        address, _, transport = name.rpartition("+")
        return Listener(
            address,
            transport,
            int(self._registry.data(key, "Port", DEFAULT_PORTS[transport])),
            str(self._registry.data(key, "hostname", "")),
            bool(self._registry.data(key, "enabled", 1)),
            str(self._registry.data(key, "uriprefix", "wsman")),
            str(self._registry.data(key, "certThumbprint", "")),
        )

    def _write(self, listener: Listener) -> None:
        key = self._registry.create_key(listener.key)
        self._registry.set(key, "Port", listener.port)
        self._registry.set(key, "uriprefix", listener.url_prefix)
        if listener.hostname:
            self._registry.set(key, "hostname", listener.hostname)
        if listener.thumbprint:
            self._registry.set(key, "certThumbprint", listener.thumbprint)
