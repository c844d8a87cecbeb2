# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read what ``packer -machine-readable`` says: lines for people, the ids it made, and why it failed.

A row is ``time,target,type,data...``. Rows of the type ``ui`` carry a kind (say, message, error) and text for people;
``error`` rows carry the final error of a build.
"""

from __future__ import annotations

import collections.abc as c
import re
import typing as t

_COMMA = "%!(PACKER_COMMA)"
_SOURCE = r"(?:==> |    |--> )?amazon-ebs\.windows: ?"
_PREFIX = re.compile(f"^{_SOURCE}")
# Packer writes a line break as backslash and n, and leaves backslashes alone: C:\new looks the same. Of a build's own
# text each line starts with the prefix, so only a break before one is a break.
_BREAK = re.compile(rf"\\n(?={_SOURCE})")
# Said again at the end of every failed build, three times over.
_REPEATS = re.compile(
    r"Build '.*' errored after |(==> )?Some builds didn't complete successfully|--> amazon-ebs\.windows: "
    r"|(==> )?Builds finished but no artifacts|(==> )?Wait completed after "
)
_ANSIBLE_ERROR = re.compile(r"^(?:\[ERROR\]|ERROR!):? (.*)$")
_FACTS = {
    "instance": re.compile(r"Instance ID: (i-[0-9a-f]+)"),
    "security_group": re.compile(r"Creating temporary security group for this instance: (\S+)"),
}
NEVER_ANSWERED = re.compile(r"Timeout waiting for (WinRM|password)", re.IGNORECASE)
_HINTS = (
    (
        re.compile(r"Timeout waiting for WinRM", re.IGNORECASE),
        "{error}. WinRM on TCP 5986 never answered. The user data has not run to its end, or a security group, a "
        "network ACL or a route keeps this machine away from the builder",
    ),
    (
        re.compile(r"exceeded wait attempts|timeout while waiting for state", re.IGNORECASE),
        "{error}. EC2 took longer than poll_seconds x poll_attempts. After the last role this means that sysprep did "
        "not shut Windows down",
    ),
    (
        re.compile(r"Timeout waiting for password", re.IGNORECASE),
        "{error}. EC2 never gave an Administrator password. The base AMI was not sealed by its launch agent, or its "
        "agent does not set a random password",
    ),
)


class Row(t.NamedTuple):
    """One row of machine-readable output."""

    target: str
    type: str
    data: tuple[str, ...]


class Line(t.NamedTuple):
    """One line for people. ``repeat`` is True for what Packer has said before."""

    text: str
    error: bool = False
    repeat: bool = False


def parse_row(text: str) -> Row:
    """Return the row in a line of output; a line that is no row (a crash, a warning of Go's) becomes a message."""
    fields = text.rstrip("\r\n").split(",")
    if len(fields) < 3 or not fields[0].isdigit():
        return Row("", "ui", ("message", text.rstrip("\r\n")))
    return Row(fields[1], fields[2], tuple(_unescape(field) for field in fields[3:]))


def lines_of(row: Row) -> list[Line]:
    """Return what a row says to people, without the prefix that names Packer's source."""
    if row.type != "ui" or len(row.data) < 2:
        return []
    kind, text = row.data[0], row.data[1]
    repeat = _REPEATS.match(text.lstrip("\n")) is not None
    plain = [_PREFIX.sub("", line).rstrip() for line in text.strip("\n").split("\n")]
    return [Line(line.removeprefix("==> "), kind == "error", repeat) for line in plain]


# A line of the log: moment, kind, text.
_STAMP = len("2026-11-22T16:45:00Z ")


def to_log(moment: str, line: Line) -> str:
    """Return a line as the log has it."""
    kind = "~" if line.repeat else "!" if line.error else " "
    return f"{moment} {kind} {line.text}\n"


def from_log(text: str) -> Line:
    """Return a line of the log. One that `to_log` did not write (a crash of the supervisor) is an error."""
    if len(text) < _STAMP + 2 or text[_STAMP - 2 : _STAMP] != "Z ":
        return Line(text, error=True)
    return Line(text[_STAMP + 2 :], text[_STAMP] == "!", text[_STAMP] == "~")


class Mask:
    """Replaces secrets in text that other people may read."""

    def __init__(self, secrets: c.Iterable[str]) -> None:
        """Take the secrets; each line of a long one counts, and what is shorter than four characters does not."""
        parts = {line.strip() for secret in secrets for line in secret.splitlines()}
        words = sorted((part for part in parts if len(part) >= 4), key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, words))) if words else None

    def __call__(self, text: str) -> str:
        """Return the text without the secrets."""
        return self._pattern.sub("********", text) if self._pattern else text


class Story:
    """Listens to the rows of one run and remembers what matters afterwards.

    ``facts`` has ``instance`` and ``security_group`` when Packer named them.
    """

    def __init__(self) -> None:
        self.facts: dict[str, str] = {}
        self._final: str | None = None
        self._first_error: str | None = None
        self._ansible_error: str | None = None

    def hear(self, row: Row) -> None:
        """Take one row into account."""
        if row.type == "error" and row.data:
            self._final = row.data[0].strip()
        for line in lines_of(row):
            if not line.repeat:
                self.hear_line(line)

    def hear_line(self, line: Line) -> None:
        """Take one line into account."""
        for name, pattern in _FACTS.items():
            if found := pattern.search(line.text):
                self.facts[name] = found[1]
        if found := _ANSIBLE_ERROR.match(line.text):
            self._ansible_error = found[1]
        elif line.error and self._first_error is None:
            self._first_error = line.text

    def explain(self) -> str | None:
        """Return why the run failed, None when Packer did not say.

        When its playbook failed Packer only knows the exit status; what Ansible said is better.
        """
        error = self._final or self._first_error
        if error and "Ansible" in error and self._ansible_error:
            return f"{self._ansible_error} ({error})"
        for pattern, hint in _HINTS:
            if error and pattern.search(error):
                return hint.format(error=error.rstrip("."))
        return error


def _unescape(field: str) -> str:
    text = field.replace(_COMMA, ",")
    if _PREFIX.match(text):
        return _BREAK.sub("\n", text)
    return text.replace("\\n", "\n").replace("\\r", "")
