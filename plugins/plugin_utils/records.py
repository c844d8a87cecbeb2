# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a build: plain values that the plan, the build, the catalogue and the inventory share."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import secrets
import typing as t

BUILDING = "building"
BUILT = "built"
VERIFIED = "verified"
FAILED = "failed"
DEPRECATED = "deprecated"
DISABLED = "disabled"
DEREGISTERED = "deregistered"
REVOKED = "revoked"

# A build may skip steps of its life, but never goes back: see `later`.
_AGE = {
    BUILDING: 0,
    BUILT: 1,
    VERIFIED: 2,
    FAILED: 3,
    DEPRECATED: 4,
    DISABLED: 5,
    REVOKED: 6,
    DEREGISTERED: 7,
}
STATUSES: tuple[str, ...] = tuple(_AGE)
# The AMI of a build in one of these may be started, and may be the parent of another image.
USABLE: tuple[str, ...] = (VERIFIED, BUILT)

_BUILD_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")


class RecordError(ValueError):
    """A record does not have the shape of a build."""


class RoleRun(t.NamedTuple):
    """What one role did during provisioning: wall time, and how many tasks ran and changed something."""

    name: str
    seconds: float
    tasks: int
    changed: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Build:
    """One attempt to build an image. Times are ISO-8601 in UTC, ``seconds`` is wall time."""

    id: str
    image: str
    status: str = BUILDING
    started: str
    finished: str | None = None
    seconds: float | None = None
    amis: dict[str, str] = dataclasses.field(default_factory=dict)
    snapshots: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    source_ami: str | None = None
    source_ami_name: str | None = None
    parent_build: str | None = None
    fingerprint: str | None = None
    inputs: dict[str, str] = dataclasses.field(default_factory=dict)
    commit: str | None = None
    dirty: bool = False
    author: str | None = None
    controller: str | None = None
    versions: dict[str, str] = dataclasses.field(default_factory=dict)
    roles: tuple[RoleRun, ...] = ()
    contents: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    ami_name: str | None = None
    error: str | None = None
    log: str | None = None

    def __post_init__(self) -> None:
        """Refuse what no catalogue could use later."""
        if not _BUILD_ID.fullmatch(self.id):
            raise RecordError(f"{self.id!r} is not a build id such as 20261122T164500Z-1a2b3c")
        if not self.image:
            raise RecordError(f"Build {self.id} names no image")
        if self.status not in _AGE:
            raise RecordError(f"Build {self.id} has the unknown status {self.status!r}, known: {', '.join(STATUSES)}")

    def to_dict(self) -> dict[str, t.Any]:
        """Return the record as JSON-safe values, keys in the order of the fields."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        values["roles"] = [role._asdict() for role in self.roles]
        for name in ("amis", "inputs", "versions", "contents"):
            values[name] = dict(values[name])
        values["snapshots"] = {region: list(ids) for region, ids in self.snapshots.items()}
        return values

    @classmethod
    def from_dict(cls, values: t.Mapping[str, t.Any]) -> Build:
        """Make a record from ``to_dict``'s values; raise RecordError for keys and types that a build does not have."""
        name = f"Build {values.get('id', '(without id)')}"
        unknown = sorted(str(key) for key in values if key not in _TYPES)
        if unknown:
            raise RecordError(f"{name} has unknown keys: {', '.join(unknown)}. Known: {', '.join(_TYPES)}")
        missing = [key for key in ("id", "image", "started") if not values.get(key)]
        if missing:
            raise RecordError(f"{name} lacks {', '.join(missing)}")
        for key, value in values.items():
            if not isinstance(value, _TYPES[key]):
                raise RecordError(f"{name}: {key} is {type(value).__name__}, not {_describe(_TYPES[key])}")
        roles = tuple(_role_run(name, role) for role in values.get("roles", ()))
        return cls(**{**values, "roles": roles})


def later(stored: Build, new: Build) -> Build:
    """Return the record to keep when two of the same build meet: the one that is further in its life, else the new.

    A record may arrive late, from the spool, so "built" must not undo "verified". A record that knows an AMI beats one
    that does not, whatever the order: a build may be given up as interrupted before the news of its AMI arrives, and an
    AMI that nobody knows of is the one thing that must not be lost. For the same reason the AMIs of both are kept.
    """
    loser, winner = (new, stored) if _rank(stored) > _rank(new) else (stored, new)
    return dataclasses.replace(
        winner, amis={**loser.amis, **winner.amis}, snapshots={**loser.snapshots, **winner.snapshots}
    )


def new_build_id(now: dt.datetime) -> str:
    """Return an id that sorts by time and is unique between controllers: ``20261122T164500Z-1a2b3c``."""
    return f"{now.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def timestamp(now: dt.datetime) -> str:
    """Return a moment the way records keep it, ``2026-11-22T16:45:00Z``; text order is time order."""
    return f"{now.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def parse_timestamp(text: str) -> dt.datetime:
    """Return the moment that `timestamp` wrote; raise ValueError for anything else."""
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC)


def _rank(build: Build) -> tuple[bool, int]:
    return bool(build.amis), _AGE[build.status]


def _role_run(name: str, value: t.Any) -> RoleRun:
    if isinstance(value, RoleRun):
        return value
    try:
        return RoleRun(str(value["name"]), float(value["seconds"]), int(value["tasks"]), int(value["changed"]))
    except (KeyError, TypeError, ValueError) as exc:
        raise RecordError(f"{name}: a role has name, seconds, tasks and changed, this has not: {value!r}") from exc


_NULL: type = type(None)


def _describe(types: tuple[type, ...]) -> str:
    return " or ".join("null" if kind is _NULL else kind.__name__ for kind in types)


_TEXT: tuple[type, ...] = (str, _NULL)
_TYPES: dict[str, tuple[type, ...]] = {
    "id": (str,),
    "image": (str,),
    "status": (str,),
    "started": (str,),
    "finished": _TEXT,
    "seconds": (int, float, type(None)),
    "amis": (dict,),
    "snapshots": (dict,),
    "source_ami": _TEXT,
    "source_ami_name": _TEXT,
    "parent_build": _TEXT,
    "fingerprint": _TEXT,
    "inputs": (dict,),
    "commit": _TEXT,
    "dirty": (bool,),
    "author": _TEXT,
    "controller": _TEXT,
    "versions": (dict,),
    "roles": (list, tuple),
    "contents": (dict,),
    "ami_name": _TEXT,
    "error": _TEXT,
    "log": _TEXT,
}
