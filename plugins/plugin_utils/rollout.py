# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a roll-out knows: groups, what they launch from, a refresh that runs, and what is to be done. Plain records."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import typing as t

CHANNEL_TAG = "golden:channel"
SSM = "resolve:ssm:"
LATEST = "$Latest"
DEFAULT = "$Default"

# What a step is: nothing to do; make the version a number; replace instances of settings that are right already; roll
# to new settings; give a group that can launch nothing new settings at once; go on with a refresh; cannot be done.
UP_TO_DATE = "up to date"
PIN = "pin"
REFRESH = "refresh"
ROLL = "roll"
FORWARD = "forward"
ADOPT = "adopt"
BLOCKED = "blocked"

# The states of an instance refresh in which it still does something.
ACTIVE = frozenset({"Pending", "InProgress", "Baking", "Cancelling", "RollbackInProgress"})

Config = dict[str, t.Any]


class Spec(t.NamedTuple):
    """One way in which a group launches: its template, or an override with a template or an AMI of its own.

    ``slot`` is the number of the override, None for the group's own template. ``asked`` is the version as the group
    names it, ``version`` the number that it means now (None: there is no such version). ``image`` is the AMI as
    written there, which may be ``resolve:ssm:…``; ``ami`` is what that means now, None when nothing.
    """

    slot: int | None
    template_id: str
    template_name: str
    asked: str
    version: int | None
    image: str | None
    ami: str | None
    own_image: bool = False
    label: str = ""

    @property
    def floating(self) -> bool:
        """Whether the version may become another one without anybody touching the group."""
        return not self.own_image and self.asked in (LATEST, DEFAULT)


class Member(t.NamedTuple):
    """An instance of a group. ``ami`` is None when EC2 does not know the instance any more."""

    id: str
    ami: str | None


class Refresh(t.NamedTuple):
    """An instance refresh. ``amis`` are what its desired configuration launches; None: it has no such thing."""

    id: str
    status: str
    reason: str = ""
    percent: int = 0
    left: int | None = None
    amis: frozenset[str | None] | None = None
    started: dt.datetime | None = None

    @property
    def active(self) -> bool:
        return self.status in ACTIVE


@dataclasses.dataclass(frozen=True)
class Group:
    """An Auto Scaling Group. ``config`` is the part of it that a desired configuration can replace, as EC2 shows it."""

    account: str
    region: str
    name: str
    config: Config
    specs: tuple[Spec, ...] = ()
    configuration: str | None = None
    configuration_ami: str | None = None
    capacity: int = 0
    members: tuple[Member, ...] = ()
    suspended: tuple[str, ...] = ()
    tags: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    refresh: Refresh | None = None

    @property
    def amis(self) -> frozenset[str | None]:
        """Return what the group launches now; None among them stands for what nobody can tell."""
        return frozenset(spec.ami for spec in self.specs) or frozenset({self.configuration_ami})


@dataclasses.dataclass(frozen=True)
class Place:
    """One region of one account, as far as it matters for a roll-out of one image.

    ``target`` is the channel's AMI there, or None with ``problem``. ``ours`` are the AMIs of the image, ``usable``
    those that this account can launch now, of the ones that groups launch. ``parameter`` is the value of the published
    parameter.
    """

    account: str
    region: str
    target: str | None
    problem: str | None = None
    groups: tuple[Group, ...] = ()
    ours: frozenset[str] = frozenset()
    usable: frozenset[str] = frozenset()
    parameter: str | None = None


class Wanted(t.NamedTuple):
    """What is asked for. ``parameter`` is the published SSM parameter; ``groups`` empty: all that use the image."""

    image: str
    channel: str
    build: str
    prefix: str
    groups: tuple[str, ...] = ()
    auto_rollback: bool = True

    @property
    def tag(self) -> str:
        return f"{self.image}/{self.channel}"

    @property
    def parameter(self) -> str:
        return f"{self.prefix.rstrip('/')}/{self.tag}"


class Draft(t.NamedTuple):
    """A version of a launch template to make: the version ``source`` with another AMI."""

    template_id: str
    template_name: str
    source: int


@dataclasses.dataclass(frozen=True)
class Step:
    """What is to be done with one group. ``because`` says why it was chosen, ``way_back`` what happens on failure."""

    group: Group
    action: str
    target: str | None
    because: str
    problem: str | None = None
    drafts: tuple[Draft, ...] = ()
    moved: tuple[Spec, ...] = ()
    pins: bool = False
    outdated: int = 0
    follows: bool = False
    auto_rollback: bool = False
    way_back: str = ""
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        return self.action not in (UP_TO_DATE, BLOCKED)


def description(wanted: Wanted, draft: Draft) -> str:
    """Return the description of a version, by which the next run knows it again."""
    return f"golden {wanted.tag}: build {wanted.build}, from version {draft.source}"


def token(draft: Draft, target: str, text: str) -> str:
    """Return the client token of a version: the same for the same wish, whoever asks."""
    return hashlib.sha256("\n".join([*map(str, draft), target, text]).encode()).hexdigest()


def pinned(group: Group) -> Config:
    """Return a group's configuration with the versions in use as numbers; nothing else launches than before."""
    return _with(group, {spec.slot: {"Version": str(spec.version)} for spec in group.specs if spec.floating})


def pointed(step: Step, numbers: t.Mapping[Draft, int]) -> Config:
    """Return a group's configuration with the new AMI; ``numbers`` are the versions that were made for it."""
    changes: dict[int | None, dict[str, str]] = {}
    for spec in step.group.specs:
        if spec in step.moved and spec.own_image:
            changes[spec.slot] = {"ImageId": str(step.target)}
        elif spec in step.moved:
            changes[spec.slot] = {"Version": str(numbers[draft_of(spec)])}
        elif spec.floating:
            changes[spec.slot] = {"Version": str(spec.version)}
    return _with(step.group, changes)


def draft_of(spec: Spec) -> Draft:
    """Return the version to make for a spec."""
    return Draft(spec.template_id, spec.template_name, t.cast(int, spec.version))


def outline(config: Config | None) -> list[tuple[str, str, str]]:
    """Return which templates, versions and AMIs a configuration names: what tells two of them apart."""
    if not config:
        return []
    if "LaunchTemplate" in config:
        return [_line(config["LaunchTemplate"], "")]
    launch = config["MixedInstancesPolicy"]["LaunchTemplate"]
    lines = [_line(launch["LaunchTemplateSpecification"], "")]
    for override in launch.get("Overrides", ()):
        lines.append(_line(override.get("LaunchTemplateSpecification") or {}, override.get("ImageId", "")))
    return lines


def _line(template: t.Mapping[str, str], image: str) -> tuple[str, str, str]:
    return (
        template.get("LaunchTemplateId") or template.get("LaunchTemplateName", ""),
        template.get("Version", ""),
        image,
    )


def _with(group: Group, changes: t.Mapping[int | None, t.Mapping[str, str]]) -> Config:
    if "LaunchTemplate" in group.config:
        return {"LaunchTemplate": _specification(group.config["LaunchTemplate"], changes.get(None, {}))}
    policy = group.config["MixedInstancesPolicy"]
    launch = policy["LaunchTemplate"]
    overrides = []
    for slot, override in enumerate(launch.get("Overrides", ())):
        change = dict(changes.get(slot, {}))
        made = dict(override)
        if "ImageId" in change:
            made["ImageId"] = change.pop("ImageId")
        if override.get("LaunchTemplateSpecification"):
            made["LaunchTemplateSpecification"] = _specification(override["LaunchTemplateSpecification"], change)
        overrides.append(made)
    own = _specification(launch["LaunchTemplateSpecification"], changes.get(None, {}))
    return {
        "MixedInstancesPolicy": {
            **policy,
            "LaunchTemplate": {"LaunchTemplateSpecification": own, "Overrides": overrides},
        }
    }


def _specification(found: t.Mapping[str, str], change: t.Mapping[str, str]) -> dict[str, str]:
    """Return a reference to a template as Auto Scaling takes it: by id or by name, but not by both as it shows it."""
    key = "LaunchTemplateId" if found.get("LaunchTemplateId") else "LaunchTemplateName"
    version = {"Version": found["Version"]} if found.get("Version") else {}
    return {key: found[key], **version, **change}
