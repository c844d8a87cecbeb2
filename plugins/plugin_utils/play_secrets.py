# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which texts are secret where a task ran: by name, by vault, and by the role's own specification."""

from __future__ import annotations

import collections.abc as c
import os
import pathlib
import typing as t

from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultHelper
from ansible.template import Templar

from .hidden import Hider, secrets_in
from .roles import RoleError, read_role

# The shell's current directories, not passwords.
_DIRECTORIES = frozenset({"PWD", "OLDPWD"})


def hider_for(play: t.Any, host: t.Any, task: t.Any, result: c.Mapping[str, t.Any]) -> Hider:
    """Return what writes without the secrets that a task could see. It looks at all variables: call it rarely."""
    manager, loader = play.get_variable_manager(), play.get_loader()
    variables = manager.get_vars(play=play, host=host, task=task)
    templar = Templar(loader=loader, variables=variables)
    names = _names_in_role(task, loader)
    environment = {name: value for name, value in os.environ.items() if name not in _DIRECTORIES}
    found = secrets_in(environment) | secrets_in(variables, names) | _vaulted(variables)
    for place in (task.args, result.get("invocation"), {"environment": task.environment}, *_items(result)):
        if isinstance(place, c.Mapping):
            found |= secrets_in(place, names)
            found |= _vaulted(place)
    return Hider(found | {text for secret in found if "{{" in secret for text in _resolved(templar, secret)})


def _items(result: c.Mapping[str, t.Any]) -> c.Iterator[t.Any]:
    """Yield what a task was given for each round of a loop."""
    for one in (result, *(one for one in result.get("results") or () if isinstance(one, c.Mapping))):
        yield {"item": one.get(one.get("ansible_loop_var", "item"))}
        yield one.get("invocation")


def _names_in_role(task: t.Any, loader: t.Any) -> set[str]:
    """Return the variables that a role says not to show."""
    if task._role is None:
        return set()
    try:
        role = read_role(task._role.get_name(), pathlib.Path(task._role._role_path), loader)
    except (RoleError, AnsibleError):
        return set()
    return {name for name in role.specification or () if role.is_secret(name)}


def _vaulted(value: t.Any, depth: int = 0) -> set[str]:
    """Return the texts that came from a vault, wherever they are now."""
    if depth > 12:
        return set()
    if VaultHelper.get_ciphertext(value, with_tags=True) is not None:
        try:
            return {str(value)}
        except AnsibleError:
            # Without the vault's password nobody could have used it.
            return set()
    if isinstance(value, c.Mapping):
        parts = (item for key, item in value.items() if key not in ("hostvars", "vars", "groups"))
        return set().union(*(_vaulted(item, depth + 1) for item in parts))
    if isinstance(value, list | tuple):
        return set().union(*(_vaulted(item, depth + 1) for item in value))
    return set()


def _resolved(templar: Templar, secret: str) -> c.Iterator[str]:
    """Yield what a secret that is a template stands for, as far as that can be said here."""
    try:
        value = templar.template(secret)
    except AnsibleError:
        return
    if isinstance(value, str):
        yield value
