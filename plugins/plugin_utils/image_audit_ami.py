# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with one AMI, as the account sees it that would launch it. Pure, calls nothing."""

from __future__ import annotations

import datetime as dt
import re
import typing as t

from . import estate
from .estate import AmiState, SnapshotState, is_stock
from .estate_answers import family_of
from .fleet_registry import BUILD_TAG
from .image_audit_rules import ERROR, NOTE, WARNING
from .records import BUILT, REVOKED

_DATE = re.compile(r"-(\d{4})\.(\d{2})\.(\d{2})$")
_BROKEN_SNAPSHOTS = {
    estate.MISSING: "does not exist",
    "error": "is in error",
    "recoverable": "is in the Recycle Bin",
}


class Policy(t.NamedTuple):
    """From when on it matters. All numbers are days.

    Amazon keeps a stock Windows AMI public for about ``stock_days`` after its release. ``soon_days`` before that it is
    a warning, ``last_days`` before that an error: Amazon gives no more notice than ten days. ``owners`` are accounts
    whose AMIs are as good as own ones.
    """

    stock_days: int = 90
    soon_days: int = 45
    last_days: int = 10
    old_days: int = 45
    very_old_days: int = 75
    owners: tuple[str, ...] = ()


class Known(t.NamedTuple):
    """What the audit needs of a build in the catalogue."""

    id: str
    image: str
    status: str
    amis: t.Mapping[str, str]
    parent: str | None
    source: str | None
    source_name: str | None


class Fault(t.NamedTuple):
    """Something wrong with an AMI, or on the way to it, whoever launches it."""

    rule: str
    severity: str
    message: str
    days: int | None = None


class View(t.NamedTuple):
    """What an AMI is compared with: the catalogue's builds by AMI and by id, and the own accounts.

    ``newest`` is what Amazon publishes now, by region and family.
    """

    by_ami: t.Mapping[str, Known]
    by_id: t.Mapping[str, Known]
    newest: t.Mapping[tuple[str, str], str]
    accounts: t.Collection[str]


def faults_of(ami: AmiState, view: View, policy: Policy, now: dt.datetime) -> list[Fault]:
    """Return all that is wrong with an AMI; one that is not there is nothing else."""
    build = view.by_ami.get(ami.id)
    if ami.state == estate.GONE:
        return [Fault("ami-gone", ERROR, _gone(ami, build))]
    found = [*_state(ami), *_snapshots(ami.snapshots), *_record(ami, build)]
    if is_stock(ami):
        found += _stock(ami, view.newest, policy, now)
    elif ami.owner not in view.accounts and ami.owner not in policy.owners:
        found.append(Fault("not-ours", WARNING, f"AMI {ami.id} belongs to account {ami.owner}"))
    return found + _updates(ami, build, view.by_id, policy, now)


def _gone(ami: AmiState, build: Known | None) -> str:
    was = f", the AMI of build {build.id} of {build.image} ({build.status})," if build else ""
    return f"AMI {ami.id}{was} does not exist in {ami.place.region}, or is not shown to account {ami.place.account}"


def _state(ami: AmiState) -> t.Iterator[Fault]:
    if ami.state == estate.DISABLED:
        yield Fault("ami-disabled", ERROR, f"AMI {_called(ami)} is disabled")
    elif ami.state != estate.AVAILABLE:
        why = f": {ami.reason}" if ami.reason else ""
        yield Fault("ami-unavailable", ERROR, f"AMI {_called(ami)} is {ami.state}{why}")
    if not ami.allowed:
        yield Fault("ami-not-allowed", WARNING, f"AMI {_called(ami)} does not meet the criteria of Allowed AMIs")


def _snapshots(snapshots: t.Iterable[SnapshotState]) -> t.Iterator[Fault]:
    for one in snapshots:
        if one.state in _BROKEN_SNAPSHOTS:
            yield Fault("snapshot-unusable", ERROR, f"Its snapshot {one.id} {_BROKEN_SNAPSHOTS[one.state]}")
        if one.kms_state not in (None, estate.KEY_ENABLED, estate.UNKNOWN):
            what = "does not exist" if one.kms_state == estate.MISSING else f"is {one.kms_state}"
            yield Fault("kms-key-unusable", ERROR, f"KMS key {one.kms_key} of snapshot {one.id} {what}")


def _record(ami: AmiState, build: Known | None) -> t.Iterator[Fault]:
    if build is None:
        if BUILD_TAG in ami.tags:
            yield Fault(
                "not-recorded", NOTE, f"AMI {_called(ami)} says build {ami.tags[BUILD_TAG]}, which is not recorded"
            )
    elif build.status == REVOKED:
        yield Fault("ami-revoked", ERROR, f"Build {build.id} of {build.image} was revoked; its AMI is {ami.id}")
    elif build.status == BUILT:
        yield Fault("not-verified", NOTE, f"Build {build.id} of {build.image} was built, and never proved")


def _stock(
    ami: AmiState, newest: t.Mapping[tuple[str, str], str], policy: Policy, now: dt.datetime
) -> t.Iterator[Fault]:
    released = _released(ami)
    if released is None:
        yield Fault("not-ours", WARNING, f"AMI {_called(ami)} is Amazon's, and its age is not known")
        return
    age = (now.date() - released).days
    left = policy.stock_days - age
    replaced = newest.get((ami.place.region, family_of(ami.name) or ""))
    successor = f"; its successor is {replaced}" if replaced and replaced != ami.id else ""
    when = f"in about {left} days" if left > 0 else "any day"
    message = f"Amazon may withdraw {_called(ami)}, released {age} days ago, {when}{successor}"
    if left <= policy.soon_days:
        yield Fault("ami-withdrawn-soon", ERROR if left <= policy.last_days else WARNING, message, left)
    else:
        yield Fault("not-ours", NOTE, message, left)


def _updates(
    ami: AmiState, build: Known | None, by_id: t.Mapping[str, Known], policy: Policy, now: dt.datetime
) -> list[Fault]:
    faults = []
    deprecated = _day(ami.deprecated or "")
    if deprecated and deprecated <= now.date():
        faults.append(Fault("ami-deprecated", WARNING, f"AMI {_called(ami)} is deprecated since {deprecated}"))
    base, day = _base(ami, build, by_id)
    if day is None:
        return faults
    age = (now.date() - day).days
    if age >= policy.old_days:
        severity = WARNING if age >= policy.very_old_days else NOTE
        faults.append(Fault("updates-old", severity, f"The updates in {_called(ami)} are {age} days old ({base})", age))
    return faults


def _base(ami: AmiState, build: Known | None, by_id: t.Mapping[str, Known]) -> tuple[str, dt.date | None]:
    """Return what the updates come from, and their day: the stock AMI at the root of a build, else the AMI itself."""
    seen: set[str] = set()
    while build and build.parent and build.parent in by_id and build.id not in seen:
        seen.add(build.id)
        build = by_id[build.parent]
    day = _day_in(build.source_name) if build else None
    if build and day:
        return f"from {build.source_name}", day
    return "since it was made", _released(ami)


def _released(ami: AmiState) -> dt.date | None:
    """Return the day an AMI was released, or made: by its name or by EC2, whichever is earlier."""
    days = [day for day in (_day_in(ami.name) if is_stock(ami) else None, _day(ami.created)) if day]
    return min(days) if days else None


def _day_in(name: str | None) -> dt.date | None:
    match = _DATE.search(name or "")
    try:
        return dt.date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def _day(text: str) -> dt.date | None:
    try:
        return dt.datetime.fromisoformat(text).astimezone(dt.UTC).date()
    except ValueError:
        return None


def _called(ami: AmiState) -> str:
    return f"{ami.id} ({ami.name})" if ami.name else ami.id
