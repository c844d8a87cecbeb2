# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's installers: a magic line, and JSON that says what installing does. The same bytes in every run."""

from __future__ import annotations

import dataclasses
import functools
import json
import typing as t

from lab.windows import paths
from lab.windows.errors import UnsupportedError, WindowsError
from lab.windows.stock_registry import UNINSTALL

if t.TYPE_CHECKING:
    from lab.windows.machine import Machine

MAGIC = b"GOLDEN-LAB-INSTALLER 1\n"
DOTNET_KEY = "HKLM\\SOFTWARE\\Microsoft\\NET Framework Setup\\NDP\\v4\\Full"
# Exit codes of Windows Installer and of the bundles that follow it.
SUCCESS, FAILURE, UNKNOWN_PRODUCT, REBOOT, NOT_SUPPORTED = 0, 1603, 1605, 3010, 5100
_RECORDS = "products"  # in Machine.extras: product code -> what was laid down
_IGNORED = ("/quiet", "/qn", "/qb", "/q", "/passive", "/norestart", "/install", "reboot=reallysuppress", "allusers=1")
_LOGS = ("/log", "/l*v", "-log")


@dataclasses.dataclass(frozen=True)
class Header:
    """What an installer does. Paths may contain ``{directory}`` (where the product goes) and ``{version}``."""

    kind: str  # msi | exe
    product: str
    version: str
    product_code: str = ""
    publisher: str = ""
    upgrade_code: str = ""  # products with the same one replace each other
    directory: str = ""
    files: dict[str, str] = dataclasses.field(default_factory=dict)  # path -> text
    with_iis: dict[str, str] = dataclasses.field(default_factory=dict)  # the same, only where IIS is
    registry: tuple[tuple[str, str, str, t.Any], ...] = ()  # key, name, kind, data
    path: tuple[str, ...] = ()  # directories for the machine's PATH
    dotnet_release: int = 0  # .NET Framework: the release it sets, with a restart to follow
    dotnet_version: str = ""
    properties: tuple[str, ...] = ()  # MSI properties and switches it accepts beside the usual ones
    listed: bool = True  # under Programs and Features

    def to_bytes(self) -> bytes:
        """The installer as a file."""
        return MAGIC + json.dumps(dataclasses.asdict(self), sort_keys=True, indent=1).encode() + b"\n"


def is_artefact(content: bytes) -> bool:
    """Say whether a file is one of the lab's installers."""
    return content.startswith(MAGIC)


def read_header(content: bytes) -> Header:
    """Understand an installer.

    Raises:
        UnsupportedError: the content is none of the lab's, or damaged.
    """
    if not is_artefact(content):
        raise UnsupportedError("an installer that is not the lab's own: the lab runs no real Windows programs")
    try:
        data = json.loads(content[len(MAGIC) :])
        data |= {"registry": tuple(tuple(entry) for entry in data["registry"])}
        return Header(**{**data, "path": tuple(data["path"]), "properties": tuple(data["properties"])})
    except (ValueError, TypeError, KeyError) as exc:
        raise UnsupportedError(f"a damaged installer of the lab: {exc}") from exc


def install(
    machine: Machine,
    content: bytes,
    arguments: str | t.Sequence[str] = (),
    *,
    path: str = "",
    elevated: bool = True,
) -> int:
    """Install a product; gives the exit code (0, 3010 restart wanted, 1603 failed, 5100 not for this Windows).

    Raises:
        UnsupportedError: an argument that the real installer may know and the lab does not.
    """
    header = read_header(content)
    words = paths.split_command(arguments) if isinstance(arguments, str) else list(arguments)
    if any(word.lower() in ("/uninstall", "-uninstall") for word in words):
        return uninstall(machine, header.product_code, elevated=elevated)
    options = _options(machine, header, words)
    if not elevated:
        return FAILURE
    if header.dotnet_release:
        return _install_dotnet(machine, header)
    newer = [other for other in _siblings(machine, header) if _numbers(other.version) > _numbers(header.version)]
    if newer:
        return FAILURE  # "a newer version is already installed"
    for other in _siblings(machine, header):
        uninstall(machine, other.product_code)
    _lay_down(machine, header, options.get("installlocation", header.directory), path)
    return SUCCESS


def _options(machine: Machine, header: Header, words: list[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    queue = list(words)
    while queue:
        word = queue.pop(0)
        name, sign, value = word.partition("=")
        if word.lower() in _LOGS:
            machine.files.write(queue.pop(0), f"{header.product} {header.version}: installed\r\n", parents=True)
        elif sign and name.lower() in header.properties:
            options[name.lower()] = value.strip('"')
        elif word.lower() not in (*_IGNORED, *header.properties):
            raise UnsupportedError(f"the argument {word} of the installer of {header.product}")
    return options


def _install_dotnet(machine: Machine, header: Header) -> int:
    if int(machine.registry.data(DOTNET_KEY, "Release", 0)) >= header.dotnet_release:
        return NOT_SUPPORTED  # the same or a later version is part of this Windows
    machine.registry.set(DOTNET_KEY, "Release", header.dotnet_release)
    machine.registry.set(DOTNET_KEY, "Version", header.dotnet_version)
    machine.pending_reboot.require_servicing()
    return REBOOT


def _lay_down(machine: Machine, header: Header, directory: str, source: str) -> None:
    def fill(text: str) -> str:
        return text.replace("{directory}", directory.rstrip("\\")).replace("{version}", header.version)

    files = header.files | (header.with_iis if machine.services.find("W3SVC") else {})
    for path, text in files.items():
        machine.files.write(fill(path), fill(text), parents=True)
    for key, name, kind, data in header.registry:
        machine.registry.set(fill(key), name, fill(data) if isinstance(data, str) else data, kind)
    for folder in header.path:
        _extend_path(machine, fill(folder))
    if header.listed:
        _list_product(machine, header, directory, source)
    records = machine.extras.setdefault(_RECORDS, {})
    records[header.product_code.upper()] = {
        "header": header,
        "files": [fill(path) for path in files],
        "registry": [(fill(key), name) for key, name, _, _ in header.registry],
        "directory": directory,
    }


def _extend_path(machine: Machine, folder: str) -> None:
    current = machine.environment.get("Path") or ""
    if folder.lower().rstrip("\\") not in (part.lower().rstrip("\\") for part in current.split(";")):
        machine.environment.set("Path", f"{current.rstrip(';')};{folder}".lstrip(";"), expand=True)


def _list_product(machine: Machine, header: Header, directory: str, source: str) -> None:
    key = f"{UNINSTALL}\\{header.product_code}"
    msi = header.kind == "msi"
    cached = f"C:\\ProgramData\\Package Cache\\{header.product_code}\\{paths.name(source) or 'installer.exe'}"
    command = f"MsiExec.exe /X{header.product_code}" if msi else f'"{cached}" /uninstall'
    if not msi:
        machine.files.write(cached, header.to_bytes(), parents=True)
    values = {
        "DisplayName": header.product,
        "DisplayVersion": header.version,
        "Publisher": header.publisher,
        "InstallLocation": directory,
        "UninstallString": command,
    }
    for name, text in values.items():
        machine.registry.set(key, name, text)
    if msi:
        machine.registry.set(key, "WindowsInstaller", 1)
    else:
        machine.registry.set(key, "QuietUninstallString", f"{command} /quiet")


def uninstall(machine: Machine, product_code: str, *, elevated: bool = True) -> int:
    """Remove a product with what was laid down for it; gives the exit code (1605 when it is not installed)."""
    records = machine.extras.get(_RECORDS, {})
    record = records.get(product_code.upper())
    if record is None:
        return UNKNOWN_PRODUCT
    if not elevated:
        return FAILURE
    for path in record["files"]:
        if machine.files.exists(path):
            machine.files.delete(path)
    _remove_empty(machine, record["directory"])
    for key, name in record["registry"]:
        machine.registry.delete_value(key, name)
    machine.registry.delete_key(f"{UNINSTALL}\\{record['header'].product_code}")
    del records[product_code.upper()]
    return SUCCESS


def _remove_empty(machine: Machine, directory: str) -> None:
    """Remove a product's directory and those above it while nothing is left in them."""
    directory = directory.rstrip("\\")
    while directory.count("\\") > 1 and machine.files.is_directory(directory):
        try:
            machine.files.delete(directory)
        except WindowsError:
            return
        directory = paths.parent(directory)


def _siblings(machine: Machine, header: Header) -> list[Header]:
    """Installed versions of the same product."""
    found = [record["header"] for record in machine.extras.get(_RECORDS, {}).values()]
    return [one for one in found if header.upgrade_code and one.upgrade_code == header.upgrade_code]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


@functools.cache
def catalogue() -> dict[str, bytes]:
    """Every artefact of the lab's store by file name."""
    from lab.windows.artefact_list import PRODUCTS

    return {name: header.to_bytes() for name, header in PRODUCTS.items()}
