# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest on which there is what the documented examples speak of, and what one example needs beyond that."""

from __future__ import annotations

import datetime
import functools
import hashlib
import typing as t

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12

from lab.windows.artefacts import Header
from lab.windows.certificates import Certificate
from tests.lab.contract.documents import Example
from tests.lab.modules.calls import Guest, make_guest
from tests.lab.modules.fetching import Web

PICTURE = b"an earth rising"
_MICROSOFT = "https://download.microsoft.com/download"
_OTHER_MICROSOFT = "http://download.microsoft.com/download"
_VISUAL_C = f"{_OTHER_MICROSOFT}/1/6/B/16B06F60-3B20-4FF2-B699-5E9B7962F9AE/VSU_4/vcredist_x64.exe"
_MSBUILD = "https://download.visualstudio.microsoft.com/download/pr/9665567e-f580-4acd-85f2-bc94a1db745f"
RDCMAN_URL = f"{_MICROSOFT}/A/F/0/AF0071F3-B198-4A35-AA90-C68D103BDCCF/rdcman.msi"
_DOTNET = f"{_MICROSOFT}/1/6/7/167F0D79-9317-48AE-AEDB-17120579F8E2/NDP451-KB2858728-x86-x64-AllOS-ENU.exe"


def _installer(kind: str, product: str, code: str = "", *switches: str, **more: t.Any) -> bytes:
    return Header(kind, product, "1.0.0", product_code=code, properties=switches, **more).to_bytes()


REMOTE_DESKTOPS = _installer("msi", "Remote Desktop Connection Manager", "{0240359E-6A4C-4884-9E94-B397A02D893C}")
SEVEN_ZIP = _installer("exe", "7-Zip", "7-Zip", "/s", files={"C:\\Program Files\\7-Zip\\7z.exe": "MZ"})
PAGES = {
    "http://www.example.com/earthrise.jpg": PICTURE,
    "http://www.example.com/sha256sum.txt": hashlib.sha256(PICTURE).hexdigest().encode() + b"  earthrise.jpg\n",
    _VISUAL_C: _installer("exe", "Visual C++", "{CF2BEA3C-26EA-32F8-AA9B-331F7E34BA97}"),
    f"{_MSBUILD}/vs_BuildTools.exe": _installer(
        "exe",
        "Build Tools",
        "{D1437F51-786A-4F57-A99C-F8E94FBA1BD8}",
        *("--norestart", "--passive", "--wait", "--add"),
        *("microsoft.net.component.4.6.1.targetingpack", "microsoft.net.component.4.6.targetingpack"),
    ),
    RDCMAN_URL: REMOTE_DESKTOPS,
    _DOTNET: _installer("exe", ".NET Framework 4.5.1", "{7DEBE4EB-6B40-3766-BB35-5CBBC385DA37}"),
}
FILES = {
    "C:\\foo.ini": b"[a]",
    "C:\\Program Files\\Program\\program.ini": b"[a]",
    "C:\\temp\\test.exe": b"MZ",
    "C:\\Temp\\foo.txt": b"foo",
    "C:\\temp\\log.txt": b"started\r\nprocess complete\r\n",
    "C:\\Program Files\\My Application\\run.exe": _installer("exe", "run", "", "argument 1", "-force", listed=False),
    "C:\\someprog.exe": _installer("exe", "someprog", "", listed=False),
    "C:\\temp\\rdcman.msi": REMOTE_DESKTOPS,
    "C:\\temp\\7z.exe": SEVEN_ZIP,
    "C:\\temp\\Application.msi": _installer(
        *("msi", "Application", "{11111111-6A4C-4884-9E94-B397A02D893C}"),
        *("service", "dbname", "dbserver", "installdir"),
    ),
    "C:\\temp\\SQLEXPR_x64_ENU\\SETUP.EXE": _installer(
        *("exe", "SQL Server", "Microsoft SQL Server SQL2019"),
        *("sapwd", "/configurationfile"),
    ),
    "C:\\apache-tomcat\\webapps\\myapp\\WEB-INF\\web.xml": b"<web-app><display-name>a</display-name></web-app>",
    "C:\\Tomcat\\conf\\server.xml": b'<Server><Service name="Catalina"><Connector port="9443"/></Service></Server>',
    "C:\\IISApplication\\nlog.conf": b'<nlog><rules><logger name="debug"><a/></logger></rules></nlog>',
    "C:\\Patches\\Product.msp": b"a patch",
    "C:\\Installers\\Calculator.msix": b"PK",
    "C:\\Data\\Books.xml": b'<books><book lang="en"/></books>',
}
FOLDERS = (
    *("C:\\Temp", "D:\\Temp", "D:\\logs", "C:\\bar", "C:\\backup", "C:\\ansible", "C:\\CustomFacts"),
    *("C:\\Users\\RandomUser", "C:\\inetpub\\wwwroot", "C:\\wwwroot\\websites\\my-website"),
)
PASSWORD = "Aa1!aaaa-bbbb"
SERVED = ("192.168.1.10", 8080)
BINDING = {"ip": "127.0.0.1", "port": 8081, "hostname": "my-website.com"}


def make() -> Guest:
    """Give a guest with the files, accounts, services and servers that the examples speak of."""
    guest = make_guest()
    machine = guest.machine
    machine.files.add_drive("D")
    for folder in FOLDERS:
        machine.files.mkdir(folder)
    for path, content in FILES.items():
        machine.files.write(path, content, parents=True)
    for user in ("LocalUser1", "LocalUser2", "NewLocalAdmin", "bob"):
        machine.users.add(user, PASSWORD)
    for service in ("service name", "service1", "service2"):
        machine.services.create(service, "C:\\temp\\test.exe")
    for name in ("TaskName2", "TaskToDisable"):
        task = {"name": name, "actions": [{"path": "cmd.exe"}], "username": "SYSTEM"}
        guest.ok("community.windows.win_scheduled_task", **task)
    for group in ("deploy", "MyGroup"):
        machine.users.add_group(group, description="old")
    machine.attach(network=Web(PAGES, proxy="http://10.0.0.1:8080", direct=True, open_ports={SERVED}))
    return guest


def arrange(guest: Guest, example: Example) -> None:
    """Do what an example presumes of the tasks before it."""
    step = ARRANGED.get(example.key) or ARRANGED.get((example.key[0], 0))
    if step is not None:
        step(guest)


@functools.cache
def certificate() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """Give a self-signed certificate with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "example")])
    now = datetime.datetime.now(datetime.UTC)
    blank = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    dated = blank.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=9))
    return dated.sign(key, hashes.SHA256()), key


def pem() -> bytes:
    """Give the certificate as PEM."""
    return certificate()[0].public_bytes(serialization.Encoding.PEM)


def thumbprint() -> str:
    """Give the certificate's name in Windows."""
    return Certificate(pem()).thumbprint


def _pem_file(guest: Guest) -> None:
    guest.machine.files.write("C:\\Temp\\cert.pem", pem())


def _pfx_file(password: str = "") -> t.Callable[[Guest], None]:
    def write(guest: Guest) -> None:
        made, key = certificate()
        protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if password:
            protection = serialization.BestAvailableEncryption(password.encode())
        content = pkcs12.serialize_key_and_certificates(b"", key, made, None, protection)
        guest.machine.files.write("C:\\Temp\\cert.pfx", content)

    return write


def _in_store(guest: Guest) -> None:
    key = certificate()[1].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    guest.machine.certificates.add(Certificate(pem(), key))


def _installed(path: str) -> t.Callable[[Guest], None]:
    def install(guest: Guest) -> None:
        switches = {"arguments": "/S"} if path.endswith(".exe") else {}
        product = {"product_id": "7-Zip"} if path.endswith(".exe") else {}
        guest.ok("win_package", path=path, **switches, **product)

    return install


def _uninstaller(guest: Guest) -> None:
    _installed("C:\\temp\\7z.exe")(guest)
    guest.machine.files.write("C:\\Program Files\\7-Zip\\Uninstall.exe", SEVEN_ZIP)


def _administrator(guest: Guest) -> None:
    guest.ok("win_group_membership", name="Administrators", members=["bob"], state="present")


def _iis(guest: Guest) -> None:
    guest.ok("win_feature", name=["Web-Server", "Web-Scripting-Tools"])


def _site(guest: Guest) -> None:
    _iis(guest)
    options = {"name": "WebSite", "physical_path": "C:\\inetpub\\wwwroot", "bindings": {"set": [BINDING]}}
    guest.ok("microsoft.iis.website", **options)


def _port_8000(guest: Guest) -> None:
    """Let Remote Desktop listen there."""
    key = "HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server"
    guest.ok("win_regedit", path=key, name="fDenyTSConnections", data=0, type="dword")
    guest.ok("win_regedit", path=key + "\\WinStations\\RDP-Tcp", name="PortNumber", data=8000, type="dword")
    guest.ok("win_service", name="TermService", state="started")


def _local_service(guest: Guest) -> None:
    guest.machine.services.create("LocalService", "C:\\temp\\test.exe")


def _no_log(guest: Guest) -> None:
    guest.machine.files.delete("C:\\temp\\log.txt")


# By example; 0 is every other one of the module.
ARRANGED: dict[tuple[str, int], t.Callable[[Guest], None]] = {
    ("win_certificate_info", 4): _in_store,
    ("win_certificate_store", 1): _pem_file,
    ("win_certificate_store", 2): _pfx_file("VeryStrongPasswordHere!"),
    ("win_certificate_store", 3): _pfx_file(),
    ("win_certificate_store", 4): _pem_file,
    ("win_certificate_store", 7): _in_store,
    ("win_certificate_store", 8): _in_store,
    ("win_certificate_store", 9): _pfx_file("StrongPassword!"),
    ("win_package", 6): _administrator,
    ("win_package", 7): _installed("C:\\temp\\rdcman.msi"),
    ("win_package", 9): _installed("C:\\temp\\rdcman.msi"),
    ("win_package", 12): _uninstaller,
    ("win_package", 13): _installed("C:\\temp\\7z.exe"),
    ("win_service", 19): _local_service,  # NT SERVICE\\LocalService is the account of a service with that name
    ("win_service", 20): _local_service,
    ("win_wait_for", 1): _port_8000,
    ("win_wait_for", 6): _no_log,
    ("website", 1): _iis,
    ("website", 0): _site,
}
