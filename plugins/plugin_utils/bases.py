# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which AMI a base is today, whether an AMI can be used, and what to say when it cannot."""

from __future__ import annotations

import datetime as dt
import re
import typing as t

from .images import Base

_RELEASE_DATE = re.compile(r"-\d{4}\.\d{2}\.\d{2}$")
_WINDOWS_YEAR = re.compile(r"20(16|19|22|25)")


class BaseError(Exception):
    """A base cannot be used; the text says what was looked for, what was found and what to do."""


class Ami(t.NamedTuple):
    """An AMI as EC2 describes it. Times are ISO-8601 as EC2 gives them, sizes in GiB, ``owner`` an alias or account."""

    id: str
    name: str
    state: str
    owner: str
    created: str
    platform: str
    architecture: str
    deprecated: str | None
    root_gib: int | None
    tags: dict[str, str]


class AmiLookup(t.Protocol):
    """Where AMIs are looked up: one region of AWS."""

    region: str

    def parameter(self, name: str) -> str | None:
        """Return the value of an SSM parameter, None when there is none."""

    def image(self, ami_id: str) -> Ami | None:
        """Return an AMI, None when there is none or this account may not see it."""

    def images_named(self, pattern: str, owner: str) -> list[Ami]:
        """Return available AMIs, oldest first."""


def find_base(base: Base, lookup: AmiLookup, last_name: str | None = None) -> Ami:
    """Return the AMI that a base is today; raise BaseError when there is none that can be built on.

    ``last_name`` is the name of the AMI that was last built on: it tells the family when the base itself does not.
    """
    if base.kind == "name":
        found = lookup.images_named(base.value, base.owner)
        if not found:
            raise BaseError(
                f"Base {base.name}: no available AMI of {base.owner} in {lookup.region} is named {base.value!r}. "
                f"Check golden_bases.{base.name}.name and owner."
            )
        return _checked(base, found[-1])
    ami_id = base.value if base.kind == "ami_id" else _from_parameter(base, lookup, last_name)
    ami = lookup.image(ami_id)
    if ami is None:
        source = f" (SSM parameter {base.value})" if base.kind == "ssm_parameter" else ""
        raise BaseError(
            f"Base {base.name}: AMI {ami_id}{source} cannot be seen in {lookup.region}. {base.owner.capitalize()} has "
            f"withdrawn it or made it private, or it is of another region. {_newest(base, lookup, last_name)}"
        )
    return _checked(base, ami)


def ami_problem(ami: Ami | None, ami_id: str, now: dt.datetime) -> str | None:
    """Say why an AMI of ours cannot be the result of a build any more; None when it can."""
    if ami is None:
        return f"{ami_id} is gone"
    if ami.state != "available":
        return f"{ami_id} is {ami.state or 'in an unknown state'}, not available"
    if is_deprecated(ami, now):
        return f"{ami_id} is deprecated since {ami.deprecated}"
    return None


def is_deprecated(ami: Ami, now: dt.datetime) -> bool:
    """Whether the owner's date of deprecation has passed."""
    return ami.deprecated is not None and dt.datetime.fromisoformat(ami.deprecated) <= now


def family_of(base: Base, last_name: str | None = None) -> str | None:
    """Return the name pattern of the AMIs that could take a base's place, None when nothing tells it."""
    if base.family or base.kind == "name":
        return base.family or base.value
    if base.kind == "ssm_parameter":
        return f"{base.value.rpartition('/')[2]}-*"
    if last_name and _RELEASE_DATE.search(last_name):
        return _RELEASE_DATE.sub("-*", last_name)
    year = _WINDOWS_YEAR.search(base.name)
    return f"Windows_Server-{year.group()}-English-Full-Base-*" if year else None


def _from_parameter(base: Base, lookup: AmiLookup, last_name: str | None) -> str:
    value = lookup.parameter(base.value)
    if value is None:
        raise BaseError(
            f"Base {base.name}: SSM parameter {base.value} does not exist in {lookup.region}. "
            f"Check golden_bases.{base.name}.ssm_parameter. {_newest(base, lookup, last_name)}"
        )
    return value


def _newest(base: Base, lookup: AmiLookup, last_name: str | None) -> str:
    """Say which AMI of the family could be used instead."""
    family = family_of(base, last_name)
    if family is None:
        return f"Choose another AMI for golden_bases.{base.name}."
    found = lookup.images_named(family, base.owner)
    if not found:
        return f"There is no other AMI of {base.owner} named {family} either."
    newest = f"The newest of its family is {found[-1].name} ({found[-1].id})"
    if base.kind == "ami_id":
        return (
            f"{newest}: put that into golden_bases.{base.name}.ami_id, or follow the newest with ssm_parameter or name."
        )
    return (
        f"{newest}: set ami_id to that in golden_bases.{base.name} instead of {base.kind}, until {base.kind} is right."
    )


def _checked(base: Base, ami: Ami) -> Ami:
    what = f"Base {base.name}: {ami.name} ({ami.id})"
    if ami.state != "available":
        raise BaseError(f"{what} is {ami.state or 'in an unknown state'}, not available. Choose another AMI.")
    if ami.platform.lower() != "windows":
        raise BaseError(f"{what} is not a Windows AMI. Check golden_bases.{base.name}.")
    if ami.architecture and ami.architecture != "x86_64":
        raise BaseError(f"{what} is for {ami.architecture}; Windows on EC2 is built for x86_64.")
    return ami
