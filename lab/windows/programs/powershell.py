# SPDX-License-Identifier: GPL-3.0-or-later
"""powershell.exe, started by a task, a service or another program."""

from __future__ import annotations

import base64
import binascii
import typing as t

from lab.types import Completed
from lab.windows import paths
from lab.windows.errors import UnsupportedError
from lab.windows.programs.base import Invocation, failed

# Its switches, and those that take a value.
_SWITCHES = ("noprofile", "noninteractive", "nologo", "sta", "mta", "noexit", "nop", "noni")
_VALUED = ("executionpolicy", "ep", "ex", "exec", "outputformat", "inputformat", "windowstyle", "version")
_ENCODED = ("encodedcommand", "encoded", "enc", "ec", "e")


class Request(t.NamedTuple):
    """What the command line asks for: a file with arguments, text, or the text that comes on standard input."""

    file: str = ""
    arguments: tuple[str, ...] = ()
    text: str = ""
    from_stdin: bool = False


def parse(words: t.Sequence[str]) -> Request:
    """Understand the arguments of powershell.exe.

    Raises:
        UnsupportedError: a switch that the lab does not know.
    """
    position = 0
    while position < len(words):
        word = words[position]
        switch = word[1:].lower() if word[:1] in "-/" else ""
        rest = words[position + 1 :]
        if switch in _SWITCHES:
            position += 1
        elif switch in _VALUED:
            position += 2
        elif switch in _ENCODED and rest:
            return Request(text=_decode(rest[0]))
        elif switch in ("file", "f") and rest:
            return Request(rest[0], tuple(rest[1:]))
        elif switch in ("command", "c") or not switch:
            text = rest if switch else words[position:]
            return Request(from_stdin=True) if list(text) == ["-"] else Request(text=" ".join(text))
        else:
            raise UnsupportedError(f"powershell.exe {word}")
    return Request(from_stdin=True)


def _decode(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-16-le")
    except (binascii.Error, UnicodeDecodeError) as exc:
        raise UnsupportedError("powershell.exe -EncodedCommand: not base64 of UTF-16 text") from exc


def main(call: Invocation) -> Completed:
    """Run a script file or text."""
    from lab.powershell import run_file, run_script
    from lab.powershell.arguments import Argument
    from lab.windows import programs

    request = parse(call.arguments)
    if request.from_stdin:
        raise UnsupportedError("powershell.exe with its script on standard input, started by another program")
    if not request.file:
        return run_script(call.machine, request.text, b"", call.user, environment=call.environment)
    path = paths.normalise(request.file, call.cwd)
    if not call.machine.files.is_file(path):
        return failed(
            f"The argument '{request.file}' to the -File parameter does not exist. Provide the path to an existing "
            "'.ps1' file as an argument to the -File parameter.",
            0xFFFD0000,
        )
    if programs.knows(path):
        found = call.machine.files.stat(path).path
        return programs.program_at(call.machine, found)(call._replace(path=found, arguments=list(request.arguments)))
    words = [_argument(Argument, word) for word in request.arguments]
    return run_file(call.machine, path, words, call.user, environment=call.environment)


def _argument(kind: t.Any, word: str) -> t.Any:
    """A word after -File: ``-Name``, ``-Name:value`` or a value. Values are text, whatever they look like."""
    if word.startswith("-") and word[1:2].isalpha():
        name, colon, value = word[1:].partition(":")
        return kind(name, value if colon else None, word, bool(colon))
    return kind(value=word, word=word)
