# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables that a task sees, with their templates resolved one at a time, and which of them are secret."""

from __future__ import annotations

import collections.abc as c
import typing as t

from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultHelper


class VariableError(Exception):
    """A variable cannot be resolved; the text names it and says why."""


class TaskVariables:
    """Reads an action's ``task_vars`` lazily: most of them are never needed, and may not resolve."""

    def __init__(self, templar: t.Any, task_vars: c.Mapping[str, t.Any], extra: c.Container[str]) -> None:
        """``extra`` has the names that were given on the command line."""
        self._templar = templar
        self._variables = task_vars
        self._extra = extra

    def names(self) -> c.Iterable[str]:
        """Return the names of all variables."""
        return self._variables.keys()

    def value(self, name: str) -> t.Any:
        """Return the value of a variable; raise VariableError when its template fails."""
        try:
            return self._templar.template(self._variables[name])
        except AnsibleError as exc:
            raise VariableError(f"Variable {name} cannot be resolved: {exc}") from exc

    def is_encrypted(self, name: str) -> bool:
        """Whether a variable, or a part of it, came from a vault."""
        return _holds_secret(self._variables[name]) or _holds_secret(self.value(name))

    def overlaid(self, values: c.Mapping[str, t.Any]) -> TaskVariables:
        """Return the same variables with some values in front of them, which templates see too."""
        variables = {**self._variables, **values}
        templar = self._templar.copy_with_new_env(available_variables=variables)
        return TaskVariables(templar, variables, self._extra)

    def is_extra(self, name: str) -> bool:
        """Whether a variable was given on the command line."""
        return name in self._extra

    def resolved(self, templates: c.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Return those of some more variables that can be resolved; others need facts of the machine, say."""
        templar = self._templar.copy_with_new_env(available_variables={**self._variables, **templates})
        found = {}
        for name, value in templates.items():
            try:
                found[name] = templar.template(value)
            except AnsibleError:
                continue
        return found


def _holds_secret(value: t.Any) -> bool:
    if VaultHelper.get_ciphertext(value, with_tags=False) is not None:
        return True
    if isinstance(value, c.Mapping):
        return any(map(_holds_secret, value.values()))
    if isinstance(value, c.Sequence) and not isinstance(value, str | bytes):
        return any(map(_holds_secret, value))
    return False
