# SPDX-License-Identifier: GPL-3.0-or-later
"""Return values of the modules for settings of Windows: registry, services, features, firewall, certificates."""

from __future__ import annotations

import datetime
import typing as t

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab.windows.certificates import Certificate
from lab.windows.services import ROOT
from tests.lab.contract.returned import Result, returns
from tests.lab.modules.calls import Guest

KEY = "HKLM:\\SOFTWARE\\Lab"


@returns("ansible.windows.win_environment")
def win_environment(guest: Guest) -> t.Iterator[Result]:
    """Set, changed and removed."""
    for value in ("one", "two"):
        yield guest.ok("win_environment", name="LAB", value=value, level="machine", state="present")
    yield guest.ok("win_environment", name="LAB", level="machine", state="absent")


@returns("ansible.windows.win_path")
def win_path(guest: Guest) -> t.Iterator[Result]:
    """Nothing is documented."""
    yield guest.ok("win_path", elements=["C:\\lab"])


@returns("ansible.windows.win_regedit")
def win_regedit(guest: Guest) -> t.Iterator[Result]:
    """Made, changed and removed."""
    yield guest.ok("win_regedit", path=KEY, name="a", data="one")
    yield guest.ok("win_regedit", path=KEY, name="a", data=2, type="dword")
    yield guest.ok("win_regedit", path=KEY, name="a", state="absent")


@returns("ansible.windows.win_reg_stat")
def win_reg_stat(guest: Guest) -> t.Iterator[Result]:
    """A key, a value of each type, and nothing."""
    kinds = {
        "string": "x",
        "expandstring": "%X%",
        "dword": 1,
        "qword": 2,
        "multistring": ["a", "b"],
        "binary": "hex:01",
    }
    for kind, data in kinds.items():
        guest.ok("win_regedit", path=KEY, name=kind, data=data, type=kind)
        yield guest.ok("win_reg_stat", path=KEY, name=kind)
    yield guest.ok("win_reg_stat", path=KEY)
    yield guest.ok("win_reg_stat", path=KEY, name="nothing")


@returns("ansible.windows.win_feature")
def win_feature(guest: Guest) -> t.Iterator[Result]:
    """One that needs no restart, and one that does."""
    yield guest.ok("win_feature", name="Telnet-Client")
    yield guest.ok("win_feature", name="Telnet-Client", state="absent")
    yield guest.ok("win_feature", name="RDS-RD-Server")
    yield guest.ok("win_feature", name="RDS-RD-Server")


@returns("ansible.windows.win_feature_info")
def win_feature_info(guest: Guest) -> t.Iterator[Result]:
    """All."""
    yield guest.ok("win_feature_info")
    yield guest.ok("win_feature_info", name="nothing")


@returns("ansible.windows.win_firewall")
def win_firewall(guest: Guest) -> t.Iterator[Result]:
    """Off and on."""
    yield guest.ok("win_firewall", state="disabled")
    yield guest.ok("win_firewall", state="enabled", profiles=["Public"])


@returns("community.windows.win_firewall_rule")
def win_firewall_rule(guest: Guest) -> t.Iterator[Result]:
    """Nothing is documented."""
    yield guest.ok("community.windows.win_firewall_rule", name="lab", direction="in", action="allow")


@returns("ansible.windows.win_hostname")
def win_hostname(guest: Guest) -> t.Iterator[Result]:
    """Another name, twice."""
    yield guest.ok("win_hostname", name="other")
    yield guest.ok("win_hostname", name="other")


@returns("ansible.windows.win_http_proxy")
def win_http_proxy(guest: Guest) -> t.Iterator[Result]:
    """Nothing is documented."""
    yield guest.ok("win_http_proxy", proxy="host:8080")


@returns("ansible.windows.win_inet_proxy")
def win_inet_proxy(guest: Guest) -> t.Iterator[Result]:
    """Nothing is documented."""
    yield guest.ok("win_inet_proxy", proxy="host:8080")


@returns("ansible.windows.win_listen_ports_facts")
def win_listen_ports_facts(guest: Guest) -> t.Iterator[Result]:
    """What it documents as values are facts."""
    yield guest.ok("win_listen_ports_facts")


@returns("ansible.windows.win_product_facts")
def win_product_facts(guest: Guest) -> t.Iterator[Result]:
    """The licence."""
    yield guest.ok("win_product_facts")


@returns("microsoft.iis.website")
def website(guest: Guest) -> t.Iterator[Result]:
    """Nothing is documented."""
    guest.ok("win_feature", name=["Web-Server", "Web-Scripting-Tools"])
    yield guest.ok("microsoft.iis.website", name="Default Web Site", state="absent")


@returns("ansible.windows.win_service")
def win_service(guest: Guest) -> t.Iterator[Result]:
    """One that runs, one that is made and removed, and one that is not there."""
    guest.ok("win_service", name="WinRM", description="Windows Remote Management")
    yield guest.ok("win_service", name="WinRM", state="started")
    guest.machine.files.write("C:\\lab.exe", b"MZ")
    yield guest.ok("win_service", name="lab", path="C:\\lab.exe", description="lab", dependencies=["RpcSs"])
    yield guest.ok("win_service", name="lab", state="absent")
    yield guest.ok("win_service", name="lab")


@returns("ansible.windows.win_service_info")
def win_service_info(guest: Guest) -> t.Iterator[Result]:
    """All of them; one with everything that a service can have, triggers included."""
    guest.machine.files.write("C:\\lab.exe", b"MZ")
    failure = {
        "failure_actions": [{"type": "restart", "delay_ms": 5000}, {"type": "run_command"}],
        "failure_command": "cmd.exe",
        "failure_reboot_msg": "bye",
        "failure_actions_on_non_crash_failure": True,
    }
    guest.ok("win_service", name="lab", path="C:\\lab.exe", description="lab", dependencies=["RpcSs"], **failure)
    _trigger(guest, "lab")
    yield guest.ok("win_service_info")
    yield guest.ok("win_service_info", name="nothing")


def _trigger(guest: Guest, service: str) -> None:
    """Start a service when somebody may connect to UDP port 137: the form that lmhosts has in the registry."""
    key = f"{ROOT}\\{service}\\TriggerInfo\\0"
    values: dict[str, t.Any] = {
        "Type": 4,
        "Action": 1,
        "GUID": bytes.fromhex("079e56b72184e04ead1086915afdad09"),
        "DataType0": 2,
        "Data0": "137\0UDP\0System\0\0".encode("utf-16-le"),
    }
    for name, data in values.items():
        guest.machine.registry.set(key, name, data)


def authority() -> Certificate:
    """Make a certificate with every extension that the module shows."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lab.example")])
    usage = dict.fromkeys(
        ("content_commitment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
    )
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 0xABC)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("lab.example"), x509.DNSName("b.example")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=1), True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, key_encipherment=True, **usage),
            True,
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .sign(key, hashes.SHA256())
    )
    return Certificate(made.public_bytes(serialization.Encoding.PEM), friendly_name="lab")


@returns("ansible.windows.win_certificate_info")
def win_certificate_info(guest: Guest) -> t.Iterator[Result]:
    """A certificate with everything, and none."""
    guest.machine.certificates.add(authority(), "Root")
    yield guest.ok("win_certificate_info", store_name="Root")
    yield guest.ok("win_certificate_info", thumbprint="00")


@returns("ansible.windows.win_certificate_store")
def win_certificate_store(guest: Guest) -> t.Iterator[Result]:
    """Imported, exported and removed."""
    guest.machine.files.write("C:\\lab.pem", authority().pem)
    done = guest.ok("win_certificate_store", path="C:\\lab.pem")
    yield done
    thumbprint = done["thumbprints"][0]
    yield guest.ok("win_certificate_store", path="C:\\out.der", thumbprint=thumbprint, state="exported")
    yield guest.ok("win_certificate_store", thumbprint=thumbprint, state="absent")
