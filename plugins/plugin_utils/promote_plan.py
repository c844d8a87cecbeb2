# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left to do, region by region, so that a channel points at a build everywhere. Decides; calls nothing.

The catalogue says where a channel should point. AMIs, permissions and parameters are brought to that: whatever an
earlier run left undone is a difference that the next one sees.
"""

from __future__ import annotations

import collections.abc as c
import datetime as dt
import re
import typing as t

from .copies import AVAILABLE, Key
from .promotion import PromotionError
from .records import Build

DATA_TYPE = "aws:ec2:image"
_PREFIX = re.compile(r"(/[A-Za-z0-9_.-]+)+")
_IMAGE = re.compile(r"[A-Za-z0-9_.-]+")
_ACCOUNT = re.compile(r"\d{12}")


class Publishing(t.NamedTuple):
    """Where a channel is published. Without a ``prefix`` there are no parameters."""

    prefix: str | None
    accounts: tuple[str, ...] = ()

    def name(self, image: str, channel: str) -> str:
        """Return the name of the SSM parameter of a channel."""
        return f"{self.prefix}/{image}/{channel}"


class Parameter(t.NamedTuple):
    """An SSM parameter that is there: ``kind`` is String, StringList or SecureString."""

    name: str
    value: str
    kind: str
    data_type: str


class Found(t.NamedTuple):
    """An AMI of ours that is there. ``accounts`` may launch it and read its snapshots; ``ends``: its deprecation."""

    ami_id: str
    state: str
    ends: str | None
    protected: bool
    snapshots: tuple[str, ...] = ()
    accounts: frozenset[str] = frozenset()
    keys: tuple[Key, ...] = ()


class View(t.NamedTuple):
    """What one region has: AMIs by id, parameters by name."""

    region: str
    amis: c.Mapping[str, Found]
    parameters: c.Mapping[str, Parameter]


class Wanted(t.NamedTuple):
    """A channel is to point at a build. ``points_at`` is the id of the one that it points at, ``previous`` its record.

    ``channels`` says where every channel of the image points then, by name; ``former`` are builds that some channel
    has pointed at and none does any more, whose AMIs need no protection. ``may_leave_regions``: those that the build is
    not in may stay as they are; ``may_skip_regions``: those that do not answer, too.
    """

    image: str
    channel: str
    build: Build
    points_at: str | None
    previous: Build | None
    channels: c.Mapping[str, Build]
    former: c.Sequence[Build]
    reason: str | None
    may_leave_regions: bool
    may_skip_regions: bool = False

    @property
    def moves(self) -> bool:
        """Whether the catalogue has to change."""
        return self.points_at != self.build.id


class Step(t.NamedTuple):
    """What is to be done in one region; ``before`` is the value of its parameter now."""

    region: str
    ami_id: str
    parameter: str | None
    before: str | None
    protect: bool
    share: tuple[str, ...]
    publish: bool
    lift: tuple[str, ...]
    snapshots: tuple[str, ...]
    shared: frozenset[str]

    @property
    def changes(self) -> bool:
        """Whether anything is left to do here."""
        return self.protect or bool(self.share) or self.publish or bool(self.lift)


class Promotion(t.NamedTuple):
    """The plan for one channel of one image. ``notes`` are for people; nothing is done about them."""

    wanted: Wanted
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether anything is left to do."""
        return self.wanted.moves or any(step.changes for step in self.steps)


def read_publishing(prefix: str | None, accounts: c.Iterable[t.Any]) -> Publishing:
    """Return where to publish; raise PromotionError with everything that AWS would refuse."""
    problems = []
    if prefix and (not _PREFIX.fullmatch(prefix) or re.match(r"/(aws|ssm)", prefix, re.IGNORECASE)):
        problems.append(
            f"golden_publish.prefix is {prefix!r}: write /golden/ami, or a path like it. /aws and /ssm are Amazon's"
        )
    texts = [str(account).strip() for account in accounts]
    # YAML reads 012345678901 without quotes as another number, so a number that is too short is one that lost a zero.
    problems += [f"{text!r} is no account id: 12 digits, in quotes" for text in texts if not _ACCOUNT.fullmatch(text)]
    if problems:
        raise PromotionError("\n".join(problems))
    return Publishing(prefix or None, tuple(dict.fromkeys(texts)))


def regions_of(wanted: Wanted) -> list[str]:
    """Return the regions to look at: those of the build, and those that the channel is in so far."""
    return sorted({*wanted.build.amis, *(wanted.previous.amis if wanted.previous else ())})


def amis_to_look_at(wanted: Wanted, region: str) -> list[str]:
    """Return the AMIs of a region that a plan needs to know."""
    builds = [wanted.build, *wanted.former, *wanted.channels.values()]
    return sorted({build.amis[region] for build in builds if region in build.amis})


def names_to_look_at(wanted: Wanted, publishing: Publishing) -> list[str]:
    """Return the names of the parameters that a plan needs to know."""
    channels = sorted({wanted.channel, *wanted.channels})
    return [publishing.name(wanted.image, channel) for channel in channels] if publishing.prefix else []


def plan(wanted: Wanted, publishing: Publishing, views: c.Mapping[str, View], now: dt.datetime) -> Promotion:
    """Return what is to be done; raise PromotionError with all that is in the way.

    ``views`` are by region. One that is missing is left as it is.
    """
    problems = [] if _IMAGE.fullmatch(wanted.image) else [f"{wanted.image!r} cannot be part of a parameter's name"]
    notes: list[str] = []
    steps: list[Step] = []
    if not wanted.build.amis:
        problems.append(f"Build {wanted.build.id} of {wanted.image} has no AMI")
    for region, ami_id in sorted(wanted.build.amis.items()):
        if region not in views:
            continue
        found = _problems(wanted, publishing, ami_id, views[region], now)
        problems += [f"{region}: {problem}" for problem in found]
        if not found:
            steps.append(_step(wanted, publishing, ami_id, views[region]))
            notes += _notes(wanted, publishing, ami_id, views[region])
    left = _left(wanted, publishing, views)
    (notes if wanted.may_leave_regions else problems).extend(left)
    if problems:
        raise PromotionError("\n".join(problems))
    return Promotion(wanted, tuple(steps), tuple(notes))


def difference(promotion: Promotion) -> dict[str, t.Any]:
    """Return Ansible's diff of a promotion: channel, parameters, protection and permissions before and after."""
    wanted = promotion.wanted
    before: dict[str, str] = {"channel": wanted.points_at or "-"}
    after = {"channel": wanted.build.id}
    for step in promotion.steps:
        for name, old, new in _facts(step):
            before[name], after[name] = old, new
    header = f"{wanted.image} {wanted.channel}"
    return {"before": _text(before), "after": _text(after), "before_header": header, "after_header": header}


def _problems(wanted: Wanted, publishing: Publishing, ami_id: str, view: View, now: dt.datetime) -> list[str]:
    """Return why an AMI cannot be published in its region."""
    ami = view.amis.get(ami_id)
    if ami is None:
        return [f"{ami_id}, the AMI of build {wanted.build.id}, is gone, or not this account's"]
    problems = []
    if ami.state != AVAILABLE:
        problems.append(f"{ami_id} is {ami.state}, not available")
    if ami.ends and dt.datetime.fromisoformat(ami.ends) <= now:
        problems.append(f"{ami_id} is deprecated, since {ami.ends}")
    missing = [account for account in publishing.accounts if account not in ami.accounts]
    if missing and any(key.manager == "AWS" for key in ami.keys):
        problems.append(
            f"{ami_id} is encrypted with the account's own default key, which no other account can use, so it cannot "
            f"be shared with {', '.join(missing)}. Build and copy with a kms_key_id of yours, or leave the accounts out"
        )
    parameter = view.parameters.get(publishing.name(wanted.image, wanted.channel)) if publishing.prefix else None
    if parameter and (parameter.kind != "String" or parameter.data_type != DATA_TYPE):
        problems.append(
            f"The parameter {parameter.name} is a {parameter.kind} of type {parameter.data_type}, and AWS changes "
            f"none into one of type {DATA_TYPE}. See that nothing uses it, and delete it"
        )
    return problems


def _step(wanted: Wanted, publishing: Publishing, ami_id: str, view: View) -> Step:
    name = publishing.name(wanted.image, wanted.channel) if publishing.prefix else None
    parameter = view.parameters.get(name) if name else None
    ami = view.amis[ami_id]
    # What another channel still publishes, rightly or not, is in use; this channel's parameter will change first.
    published = {one.value for one in view.parameters.values() if one.name != name}
    kept = published | {build.amis.get(view.region, "") for build in (wanted.build, *wanted.channels.values())}
    former = [build.amis[view.region] for build in wanted.former if view.region in build.amis]
    return Step(
        region=view.region,
        ami_id=ami_id,
        parameter=name,
        before=parameter.value if parameter else None,
        protect=not ami.protected,
        share=tuple(account for account in publishing.accounts if account not in ami.accounts),
        publish=name is not None and (parameter is None or parameter.value != ami_id),
        lift=tuple(dict.fromkeys(one for one in former if one not in kept and _protected(view, one))),
        snapshots=ami.snapshots,
        shared=ami.accounts,
    )


def _protected(view: View, ami_id: str) -> bool:
    ami = view.amis.get(ami_id)
    return ami is not None and ami.protected


def _notes(wanted: Wanted, publishing: Publishing, ami_id: str, view: View) -> list[str]:
    """Return what is not as it should be, and is another run's to repair."""
    notes = []
    if ends := view.amis[ami_id].ends:
        notes.append(f"{view.region}: {ami_id} will be deprecated at {ends}")
    for channel, build in wanted.channels.items():
        expected = build.amis.get(view.region)
        if channel == wanted.channel or expected is None or not publishing.prefix:
            continue
        parameter = view.parameters.get(publishing.name(wanted.image, channel))
        if parameter is None or parameter.value != expected:
            notes.append(
                f"{view.region}: {channel} should be {expected}, and its parameter "
                f"{f'says {parameter.value}' if parameter else 'is not there'}. "
                f"Repair it: promote.yml -e image={wanted.image} -e channel={channel} -e repair=true"
            )
    return notes


def _left(wanted: Wanted, publishing: Publishing, views: c.Mapping[str, View]) -> list[str]:
    """Return a line for each region where the channel would stay with the build before."""
    lines = []
    for region in sorted(set(views) - set(wanted.build.amis)):
        name = publishing.name(wanted.image, wanted.channel)
        parameter = views[region].parameters.get(name)
        if parameter:
            lines.append(
                f"{region}: build {wanted.build.id} has no AMI here, and {name} would stay at {parameter.value}. Copy "
                f"it first: copy.yml -e build={wanted.build.id} -e copy_regions={region}. Or leave it so: "
                "-e leave_regions=true"
            )
    return lines


def _facts(step: Step) -> t.Iterator[tuple[str, str, str]]:
    """Yield what a step deals with, as name, value before and value after."""
    if step.parameter:
        yield f"{step.region} {step.parameter}", step.before or "-", step.ami_id
    yield f"{step.region} {step.ami_id} protected", "no" if step.protect else "yes", "yes"
    shared = {*step.shared, *step.share}
    if shared:
        before, after = (", ".join(sorted(accounts)) or "-" for accounts in (step.shared, shared))
        yield f"{step.region} {step.ami_id} shared with", before, after
    for ami_id in step.lift:
        yield f"{step.region} {ami_id} protected", "yes", "no"


def _text(facts: c.Mapping[str, str]) -> str:
    return "".join(f"{name}: {value}\n" for name, value in facts.items())
