# SPDX-License-Identifier: GPL-3.0-or-later
"""Static members of .NET types: ``[Type]::Member``. Only what is in the tables exists."""

from __future__ import annotations

import base64
import datetime
import typing as t
import uuid

from lab.powershell.convert import short_name, to_bool, to_int, to_string
from lab.powershell.errors import MethodError, UnsupportedPowerShell
from lab.powershell.values import ArrayList, PSObject, Value, listify
from lab.windows import paths
from lab.windows.errors import WindowsError

if t.TYPE_CHECKING:
    from lab.powershell.interpreter import Interpreter

Static = t.Callable[..., Value]


def get(shell: Interpreter, type_name: str, name: str) -> Value:
    """``[type]::name``.

    Raises:
        UnsupportedPowerShell: not in the table.
    """
    reader = _PROPERTIES.get((short_name(type_name), name.casefold()))
    if reader is None:
        raise UnsupportedPowerShell(f"[{type_name}]::{name}", shell.line)
    return reader(shell)


def set_property(shell: Interpreter, type_name: str, name: str, value: Value) -> None:
    """``[type]::name = value``: only switches that change nothing in the lab."""
    if (short_name(type_name), name.casefold()) not in _WRITABLE:
        raise UnsupportedPowerShell(f"an assignment to [{type_name}]::{name}", shell.line)


def call(shell: Interpreter, type_name: str, name: str, arguments: list[Value]) -> Value:
    """``[type]::name(arguments)``.

    Raises:
        MethodError: what .NET would throw.
        UnsupportedPowerShell: not in the table.
    """
    method = _METHODS.get((short_name(type_name), name.casefold()))
    if method is None:
        raise UnsupportedPowerShell(f"[{type_name}]::{name}()", shell.line)
    try:
        return method(shell, *arguments)
    except TypeError as exc:
        raise UnsupportedPowerShell(f"[{type_name}]::{name} with {len(arguments)} arguments", shell.line) from exc
    except WindowsError as exc:
        raise MethodError(f'Exception calling "{name}" with "{len(arguments)}" argument(s): "{exc}"', _IO) from exc


_IO = "System.Management.Automation.MethodInvocationException"


def _scope(target: Value) -> str:
    name = to_string(target).casefold().rpartition(".")[2]
    if name not in ("machine", "user", "process"):
        raise MethodError(f"Cannot convert '{to_string(target)}' to EnvironmentVariableTarget.")
    return name


def _set_environment(shell: Interpreter, name: Value, value: Value, target: Value = "Process") -> None:
    scope, key, text = _scope(target), to_string(name), to_string(value)
    if scope == "process":
        shell.set_variable(f"env:{key}", text)
        return
    sid = "" if scope == "machine" else shell.machine.user_sid(shell.user)
    if text:
        shell.machine.environment.set(key, text, sid)
    else:
        shell.machine.environment.delete(key, sid)


def _get_environment(shell: Interpreter, name: Value, target: Value = "Process") -> Value:
    scope, key = _scope(target), to_string(name)
    if scope == "process":
        return shell.environment.get(key)
    found = shell.machine.environment.get(key, "" if scope == "machine" else shell.machine.user_sid(shell.user))
    return None if found is None else shell.machine.expand(found, shell.user)


def _path(shell: Interpreter, path: Value) -> str:
    return paths.normalise(to_string(path), shell.location)


def _write_text(shell: Interpreter, path: Value, text: Value, encoding: Value = None) -> None:
    shell.machine.files.write(_path(shell, path), _encode(encoding, to_string(text)))


def _append_text(shell: Interpreter, path: Value, text: Value, encoding: Value = None) -> None:
    shell.machine.files.append(_path(shell, path), _encode(encoding, to_string(text)))


def _write_bytes(shell: Interpreter, path: Value, data: Value) -> None:
    shell.machine.files.write(_path(shell, path), data if isinstance(data, bytes) else bytes(listify(data)))


def _make_directory(shell: Interpreter, path: Value) -> None:
    shell.machine.files.mkdir(_path(shell, path))


def _encode(encoding: Value, text: str) -> bytes:
    return text.encode() if encoding is None else bytes(encoding.methods["GetBytes"](text))


def encoding(python_name: str) -> PSObject:
    """A System.Text.Encoding."""

    def decode(data: Value, *span: Value) -> str:
        raw = data if isinstance(data, bytes) else bytes(to_int(item) for item in listify(data))
        return raw.decode(python_name, errors="replace")

    def encode(text: Value) -> bytes:
        return to_string(text).encode(python_name)

    return PSObject("System.Text.Encoding", {"WebName": python_name}, {"GetBytes": encode, "GetString": decode})


def _from_base64(shell: Interpreter, text: Value) -> bytes:
    try:
        return base64.b64decode(to_string(text), validate=True)
    except ValueError as exc:
        message = 'Exception calling "FromBase64String" with "1" argument(s): "The input is not a valid Base-64 string"'
        raise MethodError(message, _IO) from exc


def _to_base64(shell: Interpreter, data: Value) -> str:
    return base64.b64encode(data if isinstance(data, bytes) else bytes(listify(data))).decode()


def _file_time(shell: Interpreter, ticks: Value) -> datetime.datetime:
    return datetime.datetime(1601, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(microseconds=to_int(ticks) // 10)


_METHODS: dict[tuple[str, str], Static] = {
    ("environment", "setenvironmentvariable"): _set_environment,
    ("environment", "getenvironmentvariable"): _get_environment,
    ("environment", "expandenvironmentvariables"): lambda shell, text: shell.machine.expand(
        to_string(text), shell.user
    ),
    ("io.file", "exists"): lambda shell, path: shell.machine.files.is_file(_path(shell, path)),
    ("io.file", "writealltext"): _write_text,
    ("io.file", "appendalltext"): _append_text,
    ("io.file", "writeallbytes"): _write_bytes,
    ("io.file", "readalltext"): lambda shell, path: shell.machine.files.read_text(_path(shell, path)),
    ("io.file", "readallbytes"): lambda shell, path: shell.machine.files.read(_path(shell, path)),
    ("io.file", "delete"): lambda shell, path: shell.machine.files.delete(_path(shell, path)),
    ("io.directory", "exists"): lambda shell, path: shell.machine.files.is_directory(_path(shell, path)),
    ("io.directory", "createdirectory"): _make_directory,
    ("io.path", "combine"): lambda shell, *parts: paths.join(*(to_string(part) for part in parts)),
    ("io.path", "getfilename"): lambda shell, path: paths.name(to_string(path)),
    ("io.path", "getdirectoryname"): lambda shell, path: paths.parent(to_string(path)),
    ("io.path", "gettemppath"): lambda shell: shell.environment.get("TEMP", "C:\\Windows\\Temp") + "\\",
    ("convert", "tobase64string"): _to_base64,
    ("convert", "frombase64string"): _from_base64,
    ("string", "isnullorempty"): lambda shell, text: not to_string(text),
    ("string", "isnullorwhitespace"): lambda shell, text: not to_string(text).strip(),
    ("string", "join"): lambda shell, mark, items: to_string(mark).join(to_string(i) for i in listify(items)),
    ("datetime", "fromfiletimeutc"): _file_time,
    ("guid", "newguid"): lambda shell: PSObject("System.Guid", {"Guid": (name := str(uuid.uuid4()))}, text=name),
    ("math", "max"): lambda shell, a, b: max(a, b),
    ("math", "min"): lambda shell, a, b: min(a, b),
    ("math", "round"): lambda shell, value, digits=0: round(value, digits) if digits else round(value),
    ("collections.arraylist", "new"): lambda shell: ArrayList(),
    ("collections.generic.list[string]", "new"): lambda shell: ArrayList(),
    ("collections.generic.list[object]", "new"): lambda shell: ArrayList(),
    ("text.utf8encoding", "new"): lambda shell, mark=False: encoding("utf-8-sig" if to_bool(mark) else "utf-8"),
}
_PROPERTIES: dict[tuple[str, str], Static] = {
    ("environment", "machinename"): lambda shell: shell.machine.name,
    ("environment", "username"): lambda shell: shell.environment.get("USERNAME"),
    ("environment", "newline"): lambda shell: "\r\n",
    ("text.encoding", "utf8"): lambda shell: encoding("utf-8"),
    ("text.encoding", "unicode"): lambda shell: encoding("utf-16-le"),
    ("text.encoding", "ascii"): lambda shell: encoding("ascii"),
    ("datetime", "now"): lambda shell: shell.machine.clock(),
    ("datetime", "utcnow"): lambda shell: shell.machine.clock(),
    ("net.servicepointmanager", "securityprotocol"): lambda shell: "Tls12",
    ("net.securityprotocoltype", "tls12"): lambda shell: "Tls12",
    ("int32", "maxvalue"): lambda shell: 2**31 - 1,
    ("int", "maxvalue"): lambda shell: 2**31 - 1,
    ("string", "empty"): lambda shell: "",
    ("environmentvariabletarget", "machine"): lambda shell: "Machine",
    ("environmentvariabletarget", "user"): lambda shell: "User",
    ("environmentvariabletarget", "process"): lambda shell: "Process",
}
# The lab's guests speak TLS 1.2 and up whatever .NET is told.
_WRITABLE = frozenset({("net.servicepointmanager", "securityprotocol"), ("console", "outputencoding")})
