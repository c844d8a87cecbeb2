# SPDX-License-Identifier: GPL-3.0-or-later
"""What a PowerShell process writes: standard output and standard error, with Windows line ends."""

from __future__ import annotations

import typing as t

from lab.powershell import render
from lab.powershell.values import Value


class Record(t.NamedTuple):
    """What went to the warning, verbose, debug or information stream."""

    stream: str
    data: Value
    source: str = ""
    tags: tuple[str, ...] = ()


class Console:
    """The two output streams of the process, and the records of PowerShell's other streams."""

    def __init__(self) -> None:
        self._stdout: list[str] = []
        self._stderr: list[str] = []
        self.records: list[Record] = []
        self.transcript: t.Callable[[str], None] | None = None

    def write(self, text: str) -> None:
        """Text for standard output."""
        self._stdout.append(text)
        if self.transcript:
            self.transcript(text)

    def error(self, text: str) -> None:
        """Text for standard error."""
        self._stderr.append(text)
        if self.transcript:
            self.transcript(text)

    def host(self, text: str) -> None:
        """Text for the person at the console (Write-Host), which a process can only write to standard output."""
        self.write(text)

    def message(self, stream: str, text: str, shown: bool = True) -> None:
        """A record of the warning, verbose, debug or information stream; ``shown`` is what the preference says."""
        if shown and stream != "Information":
            self.records.append(Record(stream, text, f"Write-{stream}"))
        if shown:
            prefix = "" if stream == "Information" else f"{stream.upper()}: "
            self.write(f"{prefix}{text}\n")

    def stdout(self) -> bytes:
        """All of standard output so far."""
        return _encode(self._stdout)

    def stderr(self) -> bytes:
        """All of standard error so far."""
        return _encode(self._stderr)


class Output(list[Value]):
    """The end of the outermost pipeline: what arrives is shown at once, so nothing is lost when the script stops."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def append(self, value: Value) -> None:
        """Show one value."""
        super().append(value)
        self._console.write(render.lines(value))

    def extend(self, values: t.Iterable[Value]) -> None:
        """Show several."""
        for value in values:
            self.append(value)


def _encode(parts: list[str]) -> bytes:
    return "".join(parts).replace("\r\n", "\n").replace("\n", "\r\n").encode()
