# SPDX-License-Identifier: GPL-3.0-or-later
"""The content of files: reading, writing, copying, hashing."""

from __future__ import annotations

import hashlib
import typing as t

from lab.powershell import commands
from lab.powershell.convert import to_string
from lab.powershell.errors import CmdletError, UnsupportedPowerShell
from lab.powershell.providers.files import FileProvider
from lab.powershell.registry import SWITCH, Call, P, cmdlet
from lab.powershell.values import PSObject, Value, listify
from lab.windows import paths

# Windows PowerShell's names; its UTF8 has a mark, its Default is the ANSI code page.
_ENCODINGS: dict[str, tuple[str, bytes]] = {
    "default": ("cp1252", b""),
    "string": ("cp1252", b""),
    "ascii": ("ascii", b""),
    "oem": ("cp437", b""),
    "utf8": ("utf-8", b"\xef\xbb\xbf"),
    "unicode": ("utf-16-le", b"\xff\xfe"),
}
_PATH = P("Path", "string[]", 0, aliases=("LiteralPath", "PSPath", "FullName"), required=True)


def write_text(call: Call, path: str, text: str, *, append: bool, encoding: str = "Default") -> None:
    """Write text with Windows line ends in an encoding of Windows PowerShell.

    Raises:
        WindowsError: the directory is not there, or the file is read-only.
    """
    full = commands.shell_path(call.shell, path)
    files = call.machine.files
    if encoding.casefold() not in _ENCODINGS:
        raise UnsupportedPowerShell(f"the encoding {encoding}", call.shell.line)
    codec, mark = _ENCODINGS[encoding.casefold()]
    before = files.read(full) if append and files.exists(full) else b""
    if before.startswith(b"\xff\xfe"):
        codec, mark = _ENCODINGS["unicode"]
    data = text.replace("\r\n", "\n").replace("\n", "\r\n").encode(codec, errors="replace")
    if not files.is_directory(paths.parent(full)):
        raise CmdletError(
            f"Could not find a part of the path '{full}'.", "ObjectNotFound", "GetContentWriterDirectoryNotFoundError"
        )
    files.write(full, (before or mark) + data)


def _writer(name: str, append: bool) -> None:
    @cmdlet(
        name,
        _PATH,
        P("Value", "object", 1, pipeline=True),
        P("Encoding"),
        P("Force", SWITCH),
        P("NoNewline", SWITCH),
    )
    def write(call: Call) -> None:
        end = "" if call.flag("NoNewline") else "\n"
        value = call.get("Value")
        if call.text("Encoding").casefold() == "byte" or isinstance(value, bytes):
            raise UnsupportedPowerShell(f"bytes for {name}", call.shell.line)
        text = "".join(to_string(item) + end for item in listify(value))
        for path in call.texts("Path"):
            write_text(call, path, text, append=append, encoding=call.text("Encoding", "Default"))


_writer("Set-Content", append=False)
_writer("Add-Content", append=True)


@cmdlet("Clear-Content", _PATH, P("Force", SWITCH))
def clear_content(call: Call) -> None:
    """Make files empty."""
    for path in call.texts("Path"):
        full = commands.shell_path(call.shell, path)
        call.machine.files.stat(full)
        call.machine.files.write(full, b"")


@cmdlet(
    "Get-Content",
    P("Path", "string[]", 0, pipeline=True, aliases=("LiteralPath", "PSPath", "FullName"), required=True),
    P("Raw", SWITCH),
    P("Encoding"),
    P("TotalCount", "int", aliases=("First", "Head")),
    P("Tail", "int", aliases=("Last",)),
)
def get_content(call: Call) -> t.Iterable[Value]:
    """Lines of files, or their whole text."""
    if call.text("Encoding").casefold() == "byte":
        raise UnsupportedPowerShell("Get-Content -Encoding Byte", call.shell.line)
    for path in call.texts("Path"):
        provider = FileProvider(call.shell)
        found = provider.find(path, literal=False)
        if not found:
            call.error(provider.missing(provider.full(path)))
        for item in found:
            text = call.machine.files.read_text(to_string(item.properties["FullName"]))
            if call.flag("Raw"):
                yield text
                continue
            lines = text.replace("\r\n", "\n").splitlines()
            lines = lines[: call["TotalCount"]] if "TotalCount" in call else lines
            yield from lines[-call["Tail"] :] if call.get("Tail") else lines


@cmdlet("Copy-Item", _PATH, P("Destination", "string", 1), P("Recurse", SWITCH), P("Force", SWITCH))
def copy_item(call: Call) -> None:
    """Copy files, or a directory with -Recurse."""
    for path in call.texts("Path"):
        for source, target in _transfers(call, path):
            if call.machine.files.is_directory(source) and not call.flag("Recurse"):
                call.machine.files.mkdir(target)  # Windows makes the directory, and copies nothing into it
            else:
                call.machine.files.copy(source, target)


@cmdlet("Move-Item", _PATH, P("Destination", "string", 1), P("Force", SWITCH))
def move_item(call: Call) -> None:
    """Move files or directories."""
    for path in call.texts("Path"):
        for source, target in _transfers(call, path):
            if call.machine.files.exists(target) and not call.flag("Force"):
                raise CmdletError(
                    "Cannot create a file when that file already exists.", "WriteError", "MoveFileInfoItemIOError"
                )
            call.machine.files.move(source, target)


@cmdlet(
    "Rename-Item", P("Path", "string", 0, required=True), P("NewName", "string", 1, required=True), P("Force", SWITCH)
)
def rename_item(call: Call) -> None:
    """Give a file or directory another name."""
    source = commands.shell_path(call.shell, call.text("Path"))
    call.machine.files.move(source, paths.join(paths.parent(source), call.text("NewName")))


def _transfers(call: Call, path: str) -> t.Iterator[tuple[str, str]]:
    """Pairs of source and target; into the destination when that is a directory."""
    provider = FileProvider(call.shell)
    found = provider.find(path, literal=False)
    if not found:
        raise provider.missing(provider.full(path))
    destination = commands.shell_path(call.shell, call.text("Destination", call.shell.location))
    for item in found:
        source = to_string(item.properties["FullName"])
        inside = call.machine.files.is_directory(destination)
        yield source, paths.join(destination, paths.name(source)) if inside else destination


@cmdlet("Get-FileHash", _PATH, P("Algorithm", choices=("SHA1", "SHA256", "SHA384", "SHA512", "MD5")))
def get_file_hash(call: Call) -> t.Iterable[Value]:
    """The checksum of files."""
    name = call.text("Algorithm", "SHA256")
    for path in call.texts("Path"):
        full = commands.shell_path(call.shell, path)
        digest = hashlib.new(name.lower(), call.machine.files.read(full)).hexdigest().upper()
        yield PSObject("Microsoft.PowerShell.Commands.FileHashInfo", {"Algorithm": name, "Hash": digest, "Path": full})
