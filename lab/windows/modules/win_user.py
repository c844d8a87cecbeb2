# SPDX-License-Identifier: GPL-3.0-or-later
"""Local users."""

from __future__ import annotations

import datetime
import typing as t

from lab.windows.errors import WindowsError
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result
from lab.windows.users import LOGON_FAILURE, User, meets_policy

NAMES = ("ansible.windows.win_user",)

# Option -> (field of the user, whether the field holds the opposite).
_FIELDS: dict[str, tuple[str, bool]] = {
    "account_disabled": ("enabled", True),
    "account_locked": ("account_locked", False),
    "description": ("description", False),
    "fullname": ("full_name", False),
    "home_directory": ("home_directory", False),
    "login_script": ("login_script", False),
    "password_expired": ("password_expired", False),
    "password_never_expires": ("password_never_expires", False),
    "profile": ("profile", False),
    "user_cannot_change_password": ("user_cannot_change_password", False),
}
# PowerShell's -ne compares them, which does not look at case.
_CASELESS = ("home_directory", "login_script", "profile")


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Bring a user to a state."""
    if params["account_locked"]:
        raise ModuleError("account_locked must be set to 'no' if provided")
    expires = _expiry(params["account_expires"])
    name, state = params["name"], params["state"]
    user = machine.users.find(name)
    before = _shown(machine, user)
    if state == "query":
        found = {"msg": f"Querying user '{name}'", "state": "present" if user else "absent"}
        return found | _result(machine, name) | {"diff": {"before": before, "after": before}}
    if state == "absent":
        return _absent(machine, name, user, before, context)
    changed = user is None
    if user is None:
        user = _create(machine, params, context)
    if user is None:
        return {"changed": True, "name": name, "state": "present", "diff": {"before": "", "after": {"name": name}}}
    after = dict(_shown(machine, user) or {})
    changed = _password(machine, user, params, context, after, created=changed) or changed
    changed = _fields(user, params, context, after) or changed
    changed = _expires(user, expires, context, after) or changed
    changed = _groups(machine, user, params, context, after) or changed
    diff = {"before": before, "after": after}
    return {"changed": changed, "state": "present", "diff": diff} | _result(machine, name)


def _create(machine: Machine, params: Params, context: ModuleContext) -> User | None:
    if context.check_mode:
        return None  # the password is not looked at before the user is made
    if params["password"] is None or not meets_policy(params["password"]):
        text = (
            "The password does not meet the password policy requirements. Check the minimum password length, password "
            "complexity and password history requirements."
        )
        raise ModuleError(
            f'Unhandled exception while executing module: Exception calling "SetInfo" with "0" argument(s): "{text}"'
        )
    return machine.users.add(params["name"], params["password"])


def _absent(machine: Machine, name: str, user: User | None, before: t.Any, context: ModuleContext) -> Result:
    known: Result = {"name": name, "state": "absent", "diff": {"before": before, "after": ""}}
    if user is None:
        return known | {"msg": f"User '{name}' was not found"}
    if not context.check_mode:
        machine.users.remove(user.name)
    return known | {"changed": True, "msg": f"User '{user.name}' deleted successfully"}


def _password(
    machine: Machine, user: User, params: Params, context: ModuleContext, after: Result, created: bool
) -> bool:
    wanted = params["password"]
    if wanted is None or created or params["update_password"] == "on_create":  # noqa: S105 - no password
        return False
    if user.enabled and not user.password_expired:
        code = machine.users.logon(user.name, wanted)
        if code not in (0, LOGON_FAILURE):
            raise ModuleError(
                f"Failed to validate the user's credentials: Failed to logon .\\{user.name} "
                f"({WindowsError(code)}, Win32ErrorCode {code} - 0x{code:08X})"
            )
        if not code:
            return False
    if not context.check_mode:
        try:
            machine.users.set_password(user.name, wanted)
        except WindowsError as exc:
            text = f'Exception calling "SetPassword" with "1" argument(s): "{exc}"'
            raise ModuleError(f"Unhandled exception while executing module: {text}") from exc
    after["password"] = "CHANGED REDACTED"  # noqa: S105 - what the module shows
    return True


def _fields(user: User, params: Params, context: ModuleContext, after: Result) -> bool:
    changed = False
    for option, (field, opposite) in _FIELDS.items():
        wanted = params[option]
        current = getattr(user, field) ^ opposite if opposite else getattr(user, field)
        if wanted is None or wanted == current or (option in _CASELESS and wanted.lower() == current.lower()):
            continue
        changed = True
        after[option] = wanted
        if not context.check_mode:
            setattr(user, field, not wanted if opposite else wanted)
    return changed


def _expiry(text: str | None) -> datetime.datetime | str | None:
    """Give the moment that was asked for, in UTC, or ``never``."""
    if not text or text == "never":
        return text
    try:
        given = datetime.datetime.fromisoformat(text)
    except ValueError as exc:
        raise ModuleError(
            "Failed to parse account_expires as datetime string. Expecting datetime in yyyy-MM-dd or "
            "yyyy-MM-ddTHH:mm:ss.FFFFFFFK format."
        ) from exc
    return given.replace(tzinfo=given.tzinfo or datetime.UTC).astimezone(datetime.UTC)


def _expires(user: User, wanted: datetime.datetime | str | None, context: ModuleContext, after: Result) -> bool:
    if not wanted or wanted == (user.expires or "never"):
        return False
    after["account_expires"] = wanted if isinstance(wanted, str) else wanted.isoformat()
    if not context.check_mode:
        user.expires = None if isinstance(wanted, str) else wanted
    return True


def _groups(machine: Machine, user: User, params: Params, context: ModuleContext, after: Result) -> bool:
    if params["groups"] is None:
        return False
    wanted = []
    for name in filter(None, params["groups"]):
        group = machine.users.find_group(name)
        if group is None:
            raise ModuleError(f"group '{name}' not found")
        wanted.append(group)
    current = machine.users.groups_of(user.name)
    action = params["groups_action"]
    add = [group for group in wanted if group not in current] if action != "remove" else []
    remove = {
        "add": [],
        "remove": [group for group in wanted if group in current],
        "replace": [group for group in current if group not in wanted],
    }[action]
    for group in add if not context.check_mode else ():
        group.members.append(user.name)
    for group in remove if not context.check_mode else ():
        group.members = [member for member in group.members if member.lower() != user.name.lower()]
    names = [group.name for group in current if group not in remove] + [group.name for group in add]
    after["groups"] = names
    return bool(add or remove)


def _shown(machine: Machine, user: User | None) -> t.Any:
    if user is None:
        return ""
    fields = {option: getattr(user, field) for option, (field, opposite) in _FIELDS.items() if not opposite}
    return fields | {
        "account_disabled": not user.enabled,
        "account_expires": user.expires.isoformat() if user.expires else "never",
        "groups": [group.name for group in machine.users.groups_of(user.name)],
        "name": user.name,
        "password": "REDACTED",
    }


def _result(machine: Machine, name: str) -> Result:
    user = machine.users.find(name)
    if user is None:
        return {"name": name}
    where = f"WinNT://WORKGROUP/{machine.name}"
    return {
        "name": name,
        "fullname": user.full_name,
        "path": f"{where}/{user.name}",
        "description": user.description,
        "password_expired": user.password_expired,
        "password_never_expires": user.password_never_expires,
        "user_cannot_change_password": user.user_cannot_change_password,
        "account_disabled": not user.enabled,
        "account_locked": user.account_locked,
        "sid": machine.users.sid_of(user),
        "groups": [{"name": g.name, "path": f"{where}/{g.name}"} for g in machine.users.groups_of(user.name)],
    }
