# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a Tentacle keeps its instances: an index file for each, and a configuration file with settings in XML."""

from __future__ import annotations

import datetime
import json
import secrets
import string
import typing as t
import xml.etree.ElementTree as ET

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from lab.windows import paths

if t.TYPE_CHECKING:
    from lab.windows.machine import Machine

INDEX = "C:\\ProgramData\\Octopus\\Tentacle\\Instances"
DEFAULT = "Tentacle"
TRUSTED = "Tentacle.Communication.TrustedOctopusServers"
# How Octopus writes its communication styles.
PASSIVE, ACTIVE = 1, 2


class TentacleError(Exception):
    """What Tentacle.exe refuses, in its own words."""


class Instance:
    """One instance: a name and a configuration file."""

    def __init__(self, machine: Machine, name: str, config: str) -> None:
        self._machine = machine
        self.name = name
        self.config = config

    @property
    def service_name(self) -> str:
        """The name of its Windows service."""
        return "OctopusDeploy Tentacle" + ("" if self.name == DEFAULT else f": {self.name}")

    def settings(self) -> dict[str, str]:
        """Every setting by name."""
        root = ET.fromstring(self._machine.files.read_text(self.config))  # noqa: S314 - written by this module
        return {node.attrib["key"]: node.text or "" for node in root.findall("set")}

    def get(self, name: str) -> str:
        """One setting; empty when it is not there."""
        return self.settings().get(name, "")

    def set(self, name: str, value: str) -> None:
        """Change a setting."""
        write_settings(self._machine, self.config, {**self.settings(), name: value})

    @property
    def trusted(self) -> list[dict[str, t.Any]]:
        """The servers it lets in or polls."""
        return t.cast("list[dict[str, t.Any]]", json.loads(self.get(TRUSTED) or "[]"))

    @trusted.setter
    def trusted(self, servers: list[dict[str, t.Any]]) -> None:
        self.set(TRUSTED, json.dumps(servers))

    def trust(self, added: dict[str, t.Any]) -> None:
        """Trust a server; one it knows at that address keeps its subscription."""
        key = ("Thumbprint", "CommunicationStyle", "Address")
        if not any(all(known[name] == added[name] for name in key) for known in self.trusted):
            self.trusted = [*self.trusted, added]


def server(thumbprint: str, address: str | None = None) -> dict[str, t.Any]:
    """A trusted server as Tentacle.config has it: one that connects here, or with an address one that is polled."""
    subscription = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(20))
    return {
        "Thumbprint": thumbprint,
        "CommunicationStyle": ACTIVE if address else PASSIVE,
        "Address": address,
        "Squid": None,
        "SubscriptionId": f"poll://{subscription}/" if address else None,
    }


def write_settings(machine: Machine, config: str, settings: t.Mapping[str, str]) -> None:
    """Write a configuration file."""
    root = ET.Element("octopus-settings")
    for name, value in sorted(settings.items()):
        ET.SubElement(root, "set", {"key": name}).text = value
    machine.files.write(config, ET.tostring(root, xml_declaration=True, encoding="utf-8"), parents=True)


def instances(machine: Machine) -> list[Instance]:
    """Every instance, by its index file."""
    if not machine.files.is_directory(INDEX):
        return []
    found = []
    for node in machine.files.list(INDEX):
        data = json.loads(machine.files.read_text(node.path))
        found.append(Instance(machine, data["Name"], data["ConfigurationFilePath"]))
    return found


def find(machine: Machine, name: str) -> Instance:
    """An instance by name; without one the only or the default one.

    Raises:
        TentacleError: there is none.
    """
    known = instances(machine)
    wanted = (name or DEFAULT).casefold()
    found = next((one for one in known if one.name.casefold() == wanted), None)
    if found is None:
        names = ", ".join(one.name for one in known)
        more = (
            f"Available instances: {names}."
            if names
            else "There are no instances of Tentacle configured on this machine."
        )
        raise TentacleError(f"Instance {name or DEFAULT} of Tentacle has not been configured on this machine. {more}")
    return found


def create(machine: Machine, name: str, config: str) -> Instance:
    """Make an instance.

    Raises:
        TentacleError: the name is taken.
    """
    if any(one.name.casefold() == name.casefold() for one in instances(machine)):
        raise TentacleError(f"Instance {name} of Tentacle already exists on this machine.")
    entry = json.dumps({"Name": name, "ConfigurationFilePath": config})
    machine.files.write(paths.join(INDEX, f"{name.lower().replace(' ', '-')}.config"), entry, parents=True)
    if not machine.files.exists(config):
        write_settings(machine, config, {"Tentacle.Services.PortNumber": "10933", "Octopus.Home": paths.parent(config)})
    return Instance(machine, name, config)


def delete(machine: Machine, instance: Instance) -> None:
    """Forget an instance; its configuration file stays, as the real program leaves it."""
    machine.files.delete(paths.join(INDEX, f"{instance.name.lower().replace(' ', '-')}.config"))


def new_certificate(machine: Machine, instance: Instance) -> str:
    """Make the instance's certificate (self-signed, 2048 bits, 100 years); gives its thumbprint."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Octopus Tentacle")])
    now = machine.clock()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=36500))
        .sign(key, hashes.SHA256())
    )
    thumbprint = made.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - that is what a thumbprint is
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    instance.set("Tentacle.Certificate", (made.public_bytes(serialization.Encoding.PEM) + private).decode())
    instance.set("Tentacle.CertificateThumbprint", thumbprint)
    return thumbprint
