# SPDX-License-Identifier: GPL-3.0-or-later
"""Local users and groups."""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t

from lab.windows.errors import WindowsError

SYSTEM_SID = "S-1-5-18"
WELL_KNOWN = {
    "system": SYSTEM_SID,
    "localsystem": SYSTEM_SID,
    "nt authority\\system": SYSTEM_SID,
    "nt authority\\localservice": "S-1-5-19",
    "nt authority\\networkservice": "S-1-5-20",
    "network service": "S-1-5-20",
    "nt authority\\network service": "S-1-5-20",
    "local service": "S-1-5-19",
    "nt authority\\local service": "S-1-5-19",
    "builtin\\administrators": "S-1-5-32-544",
    "administrators": "S-1-5-32-544",
    "everyone": "S-1-1-0",
}

# Why nobody logs on with the right password: Win32 codes, in the order in which Windows looks.
LOGON_FAILURE, DISABLED, EXPIRED, MUST_CHANGE, LOCKED = 1326, 1331, 1793, 1907, 1909


def utc_now() -> datetime.datetime:
    """Give the time of day, aware, in UTC."""
    return datetime.datetime.now(datetime.UTC)


@dataclasses.dataclass
class User:
    """A local account."""

    name: str
    rid: int
    password: str | None = None  # None: nobody can log on with one
    enabled: bool = True
    full_name: str = ""
    description: str = ""
    password_never_expires: bool = False
    user_cannot_change_password: bool = False
    password_expired: bool = False
    account_locked: bool = False
    expires: datetime.datetime | None = None  # None: never
    home_directory: str = ""
    login_script: str = ""
    profile: str = ""


@dataclasses.dataclass
class Group:
    """A local group; members are account names."""

    name: str
    sid: str
    description: str = ""
    members: list[str] = dataclasses.field(default_factory=list)


class Users:
    """The account database; ``machine_sid`` is the prefix of every account's SID."""

    def __init__(self, machine_sid: str, now: t.Callable[[], datetime.datetime] = utc_now) -> None:
        self.machine_sid = machine_sid
        self._now = now
        self._users: dict[str, User] = {}
        self._groups: dict[str, Group] = {}
        self._next_rid = 1000

    def find(self, name: str) -> User | None:
        """Give a user by name (``.\\name`` and ``COMPUTER\\name`` too) or SID, or None."""
        bare = name.rpartition("\\")[2]
        by_sid = next((user for user in self._users.values() if self.sid_of(user) == name), None)
        return by_sid or self._users.get(bare.lower())

    def get(self, name: str) -> User:
        """Give a user.

        :raises WindowsError: code 2221, there is none.
        """
        user = self.find(name)
        if user is None:
            raise WindowsError(2221, name)
        return user

    def all(self) -> list[User]:
        """Give every user, by name."""
        return sorted(self._users.values(), key=lambda user: user.name.lower())

    def add(self, name: str, password: str | None = None, *, rid: int = 0, **fields: object) -> User:
        """Make a user.

        :raises WindowsError: code 2224, the name is taken.
        """
        if name.lower() in self._users:
            raise WindowsError(2224, name)
        if not rid:
            self._next_rid += 1
            rid = self._next_rid
        user = User(name, rid, password, **fields)  # type: ignore[arg-type]
        self._users[name.lower()] = user
        return user

    def remove(self, name: str) -> None:
        """Delete a user and its memberships."""
        user = self.get(name)
        del self._users[user.name.lower()]
        for group in self._groups.values():
            group.members = [member for member in group.members if member.lower() != user.name.lower()]

    def rename(self, old: str, new: str) -> None:
        """Give a user another name."""
        user = self._users.pop(self.get(old).name.lower())
        user.name = new
        self._users[new.lower()] = user

    def set_password(self, name: str, password: str) -> None:
        """Set a password.

        :raises WindowsError: code 2245, it breaks the default policy (8 characters of 3 kinds).
        """
        if not meets_policy(password):
            raise WindowsError(2245)
        self.get(name).password = password

    def password_of(self, name: str) -> str | None:
        """Give the password that logs a user on over the network; None for an unknown user and one who may not."""
        user = self.find(name)
        return user.password if user is not None and not self._refusal(user) else None

    def authenticate(self, name: str, password: str) -> bool:
        """Say whether a password logs a user on."""
        return self.logon(name, password) == 0

    def logon(self, name: str, password: str) -> int:
        """Try a password; gives 0, or the Win32 code why the user may not log on over the network."""
        user = self.find(name)
        if user is None or user.password != password:
            return LOCKED if user is not None and user.account_locked else LOGON_FAILURE
        return self._refusal(user)

    def _refusal(self, user: User) -> int:
        if user.account_locked:
            return LOCKED
        if not user.enabled:
            return DISABLED
        if user.expires is not None and user.expires <= self._now():
            return EXPIRED
        return MUST_CHANGE if user.password_expired else 0

    def sid_of(self, user: User) -> str:
        """Give the SID of a user."""
        return f"{self.machine_sid}-{user.rid}"

    def sid(self, name: str) -> str:
        """Give the SID of a user, group or well-known account.

        :raises WindowsError: code 2221, no such account.
        """
        known = WELL_KNOWN.get(name.lower())
        if known:
            return known
        group = self.find_group(name)
        return group.sid if group else self.sid_of(self.get(name))

    def is_administrator(self, name: str) -> bool:
        """Say whether an account has administrator rights."""
        if WELL_KNOWN.get(name.lower()) == SYSTEM_SID:
            return True
        bare = name.rpartition("\\")[2].lower()
        return bare in (member.lower() for member in self.group("Administrators").members)

    def add_group(self, name: str, sid: str = "", description: str = "") -> Group:
        """Make a group."""
        if name.lower() in self._groups:
            raise WindowsError(1379, message="The specified local group already exists")
        if not sid:
            self._next_rid += 1
            sid = f"{self.machine_sid}-{self._next_rid}"
        self._groups[name.lower()] = group = Group(name, sid, description)
        return group

    def find_group(self, name: str) -> Group | None:
        """Give a group by name or SID, or None."""
        by_sid = next((group for group in self._groups.values() if group.sid == name), None)
        return by_sid or self._groups.get(name.rpartition("\\")[2].lower())

    def group(self, name: str) -> Group:
        """Give a group.

        :raises WindowsError: code 2220, there is none.
        """
        group = self.find_group(name)
        if group is None:
            raise WindowsError(2220, name)
        return group

    def groups(self) -> list[Group]:
        """Give every group, by name."""
        return sorted(self._groups.values(), key=lambda group: group.name.lower())

    def remove_group(self, name: str) -> None:
        """Delete a group."""
        del self._groups[self.group(name).name.lower()]

    def groups_of(self, name: str) -> list[Group]:
        """Give the groups a user is in."""
        bare = name.rpartition("\\")[2].lower()
        return [group for group in self.groups() if bare in (member.lower() for member in group.members)]


def meets_policy(password: str) -> bool:
    """Say whether a password satisfies the default policy of Windows Server on EC2."""
    kinds = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^A-Za-z0-9]")
    return len(password) >= 8 and sum(bool(re.search(kind, password)) for kind in kinds) >= 3
