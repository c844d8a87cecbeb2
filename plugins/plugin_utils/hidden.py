# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep secrets out of what is recorded: which values are secret, and how to write without them. Calls nothing."""

from __future__ import annotations

import collections.abc as c
import re
import typing as t

from .packer_output import Mask

# A value is secret when its name says so, wherever it stands: a variable, an option, a key of a dictionary.
_NAMES = re.compile(
    r"pass(word|wd|phrase)|secret|token|credential|(api|access|private|account|encryption|sas)_?key|connection_?string"
    r"|(^|_)(pw|pwd)($|_)",
    re.IGNORECASE,
)
# They hold everything once more.
_WHOLE = frozenset({"hostvars", "vars", "groups"})
_IN_URL = re.compile(r"(?<=://)[^/\s@:]*:[^/\s@]+(?=@)")
_DEEPEST = 12


def secrets_in(values: c.Mapping[t.Any, t.Any], names: c.Container[str] = ()) -> set[str]:
    """Return the texts that have a secret's name in variables or options; ``names`` are more names of secrets."""
    found: set[str] = set()
    for key, value in values.items():
        if key in _WHOLE:
            continue
        if key in names or _NAMES.search(str(key)):
            found |= _texts(value, 0)
        else:
            found |= _below(value, 0)
    return found


class Hider:
    """Writes without these secrets, and without passwords in addresses. Its result can be written as JSON."""

    def __init__(self, secrets: c.Iterable[str]) -> None:
        self._mask = Mask(secrets)

    def text(self, text: str) -> str:
        """Return a text without secrets."""
        return _IN_URL.sub("********", self._mask(text))

    def value(self, value: t.Any) -> t.Any:
        """Return lists and dictionaries, keys too, without secrets."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, c.Mapping):
            return {self.text(str(key)): self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value


def hide_in_build(build: c.Mapping[str, t.Any], hider: Hider) -> dict[str, t.Any]:
    """Return a build's record (`Build.to_dict`) without secrets. What identifies the build stays as it is."""
    return {key: value if key in _IDENTITY else hider.value(value) for key, value in build.items()}


# No secret can get here, and a text that happens to be one must not make a build unfindable.
_IDENTITY = frozenset(
    {
        *("id", "image", "status", "started", "finished", "seconds", "amis", "snapshots", "source_ami"),
        *("parent_build", "fingerprint", "inputs", "commit", "dirty"),
    }
)


def _below(value: t.Any, depth: int) -> set[str]:
    """Return secrets further down in a value whose own name is none of a secret."""
    if depth > _DEEPEST:
        return set()
    if isinstance(value, c.Mapping):
        return set().union(
            *(_texts(item, 0) if _NAMES.search(str(key)) else _below(item, depth + 1) for key, item in value.items())
        )
    if isinstance(value, list | tuple):
        return set().union(*(_below(item, depth + 1) for item in value))
    return set()


def _texts(value: t.Any, depth: int) -> set[str]:
    """Return all texts in a secret."""
    if depth > _DEEPEST:
        return set()
    if isinstance(value, c.Mapping):
        return set().union(*(_texts(item, depth + 1) for item in value.values()))
    if isinstance(value, list | tuple | set):
        return set().union(*(_texts(item, depth + 1) for item in value))
    if isinstance(value, bool) or value is None:
        return set()
    # A text stays what it is: a copy would not be taken for a template any more.
    return {value if isinstance(value, str) else str(value)}
