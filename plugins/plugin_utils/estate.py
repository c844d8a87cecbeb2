# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What accounts and regions hold that may launch something, and the AMIs it would launch. Plain records, no calls.

A thing that may launch is a `Use` for each AMI that it may launch; what nobody could find out is a `Gap`. Who deletes
must not delete while there is one: see `Estate.complete`.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import functools
import typing as t

# Kinds of things that launch, or that name what others launch.
GROUP = "autoscaling_group"
LAUNCH_CONFIGURATION = "launch_configuration"
LAUNCH_TEMPLATE = "launch_template"
SPOT_FLEET = "spot_fleet"
EC2_FLEET = "ec2_fleet"
INSTANCE = "instance"
PARAMETER = "ssm_parameter"
KINDS = (GROUP, LAUNCH_CONFIGURATION, LAUNCH_TEMPLATE, SPOT_FLEET, EC2_FLEET, INSTANCE, PARAMETER)

# `AmiState.state` as EC2 calls it, and for an AMI that EC2 does not know, or does not show to this account.
AVAILABLE = "available"
DISABLED = "disabled"
PENDING = "pending"
GONE = "gone"
# `SnapshotState.state` beside EC2's own: it belongs to this account and is not there; it belongs to somebody else who
# does not let us look at it, which does not hinder launches.
MISSING = "missing"
HIDDEN = "hidden"
# `SnapshotState.state` and ``kms_state`` where the question failed; a `Gap` says why.
UNKNOWN = "unknown"
# `SnapshotState.kms_state`, as KMS calls it.
KEY_ENABLED = "Enabled"


class Place(t.NamedTuple):
    """A region of an account. ``account`` is its id, or how the settings call it when nobody could ask for the id."""

    account: str
    region: str

    def __str__(self) -> str:
        return f"{self.account} {self.region}"


class Use(t.NamedTuple):
    """One AMI that one thing may launch.

    A mixed instances policy has one for each override with another AMI, a launch template one for each of its
    versions that matters: the default one, the latest one, and each that something names. ``via`` says how the thing
    comes to the AMI. ``ami`` is None when nobody can tell, and ``problem`` says why. ``certain``: EC2 could not tell
    either, and the launch would fail; without it an answer is missing, and a `Gap` says which.
    ``running``: an instance that is not stopped; a group, or fleet, that may still launch.
    """

    kind: str
    id: str
    name: str
    place: Place
    ami: str | None
    via: str = ""
    problem: str | None = None
    running: bool = True
    tags: t.Mapping[str, str] = {}
    certain: bool = True

    @property
    def label(self) -> str:
        """Return how messages call the thing."""
        shown = self.id if self.name in ("", self.id) else f"{self.name} ({self.id})"
        return f"{self.kind.replace('_', ' ')} {shown}"


class SnapshotState(t.NamedTuple):
    """A snapshot behind an AMI. ``kms_key`` is None when it is not encrypted; ``kms_state`` is KMS's word for it."""

    id: str
    state: str
    kms_key: str | None = None
    kms_state: str | None = None


class AmiState(t.NamedTuple):
    """An AMI as one account sees it in one region. Times are EC2's texts in UTC; ``state`` GONE: it sees none.

    ``alias`` is "amazon" for a stock AMI. ``allowed`` is False when the account's Allowed AMIs exclude it.
    ``last_launched`` is a day late, and never a reason to delete.
    """

    id: str
    place: Place
    owner: str = ""
    alias: str = ""
    name: str = ""
    state: str = GONE
    created: str = ""
    deprecated: str | None = None
    public: bool = False
    protected: bool = False
    allowed: bool = True
    last_launched: str | None = None
    source: str | None = None
    snapshots: tuple[SnapshotState, ...] = ()
    tags: t.Mapping[str, str] = {}
    reason: str = ""


class Gap(t.NamedTuple):
    """An answer that is missing. ``question`` is a stable word such as "instances"; ``reason`` a sentence."""

    place: Place
    question: str
    reason: str


@dataclasses.dataclass(frozen=True)
class Estate:
    """All that was found, when it was asked for, and what is missing.

    ``amis`` are all AMIs that the accounts own, and those of others that something uses. ``stock`` says which AMI
    Amazon publishes now, by region and name of the family. ``parameters`` are the SSM parameters that were looked for,
    None for the ones that do not exist.
    """

    places: tuple[Place, ...]
    uses: tuple[Use, ...]
    amis: tuple[AmiState, ...]
    gaps: tuple[Gap, ...]
    asked: dt.datetime
    stock: t.Mapping[tuple[str, str], str] = dataclasses.field(default_factory=dict)
    parameters: t.Mapping[tuple[Place, str], str | None] = dataclasses.field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every question was answered."""
        return bool(self.places) and not self.gaps

    def ami(self, place: Place, ami_id: str) -> AmiState | None:
        """Return an AMI as an account sees it; None when nobody asked for it, or nobody answered."""
        return self._by_place.get((place, ami_id))

    def uses_of(self, ami_ids: t.Iterable[str]) -> list[Use]:
        """Return everything, anywhere, that may launch one of these AMIs, instances included."""
        return [use for ami in dict.fromkeys(ami_ids) for use in self._by_ami.get(ami, ())]

    @functools.cached_property
    def _by_place(self) -> dict[tuple[Place, str], AmiState]:
        return {(ami.place, ami.id): ami for ami in self.amis}

    @functools.cached_property
    def _by_ami(self) -> dict[str, list[Use]]:
        found: dict[str, list[Use]] = collections.defaultdict(list)
        for use in self.uses:
            if use.ami:
                found[use.ami].append(use)
        return dict(found)


def is_stock(ami: AmiState) -> bool:
    """Whether Amazon publishes an AMI, and may withdraw it."""
    return ami.alias == "amazon"
