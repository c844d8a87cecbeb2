# SPDX-License-Identifier: GPL-3.0-or-later
"""msiexec.exe, and installers that are programs themselves."""

from __future__ import annotations

from lab.types import Completed
from lab.windows import artefacts, paths
from lab.windows.errors import UnsupportedError
from lab.windows.programs.base import Invocation, done

NO_PACKAGE, UNKNOWN_PRODUCT, BAD_USAGE = 1619, 1605, 1639
_QUIET = ("/quiet", "/qn", "/qb", "/passive", "/q", "/norestart", "/promptrestart")


def is_installer(content: bytes) -> bool:
    """Say whether a file is one of the lab's installers."""
    return content.startswith(artefacts.MAGIC)


def executable(call: Invocation) -> Completed:
    """Run an installer that is an .exe."""
    content = call.machine.files.read(call.path)
    return done(rc=artefacts.install(call.machine, content, call.arguments, path=call.path, elevated=call.elevated))


def msiexec(call: Invocation) -> Completed:
    """Install (/i) a package or uninstall (/x) a product."""
    verb, target, log, rest = "", "", "", []
    words = list(call.arguments)
    while words:
        word = words.pop(0)
        switch = word.lower().replace("-", "/", 1) if word[:1] in "-/" else ""
        if switch in ("/i", "/package", "/x", "/uninstall"):
            verb = "x" if switch in ("/x", "/uninstall") else "i"
            target = words.pop(0) if words else ""
        elif switch in ("/log",) or switch.startswith("/l"):
            log = words.pop(0) if words else ""
        elif switch in _QUIET or "=" in word:
            rest.append(word)
        elif switch[:2] in ("/i", "/x") and switch[2:3] == "{":
            verb, target = switch[1], word[2:]
        else:
            raise UnsupportedError(f"msiexec.exe {word}")
    if not target:
        return done(rc=BAD_USAGE)
    rc = _install(call, target, rest) if verb == "i" else _uninstall(call, target, rest)
    if log:
        _write_log(call, log, target, rc)
    return done(rc=rc)


def _install(call: Invocation, target: str, rest: list[str]) -> int:
    path = paths.normalise(target, call.cwd)
    if not call.machine.files.is_file(path):
        return NO_PACKAGE
    content = call.machine.files.read(path)
    if not is_installer(content) or artefacts.read_header(content).kind != "msi":
        return 1620  # the package could not be opened
    return artefacts.install(call.machine, content, rest, path=path, elevated=call.elevated)


def _uninstall(call: Invocation, target: str, rest: list[str]) -> int:
    code = target
    if not target.startswith("{"):
        path = paths.normalise(target, call.cwd)
        if not call.machine.files.is_file(path):
            return NO_PACKAGE
        code = artefacts.read_header(call.machine.files.read(path)).product_code
    return artefacts.uninstall(call.machine, code, elevated=call.elevated)


def _write_log(call: Invocation, log: str, target: str, rc: int) -> None:
    text = (
        f"=== Logging started ===\r\nMSI: {target}\r\nMainEngineThread is returning {rc}\r\n=== Logging stopped ===\r\n"
    )
    call.machine.files.write(paths.normalise(log, call.cwd), text.encode("utf-16"), parents=True)
