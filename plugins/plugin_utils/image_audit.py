# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Can everything that may launch still launch? The decision, over an `estate` and what the catalogue knows. Pure."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import fnmatch
import re
import typing as t

from . import estate
from .catalogue import ChannelMove
from .estate import Estate, Place, Use
from .image_audit_ami import Fault, Known, Policy, View, faults_of
from .image_audit_rules import ERROR, NOTE, RULES, SEVERITIES, WARNING

# What leads to Amazon's newest AMI, whichever it is, and what is then of no interest: that one goes when another comes.
_AMAZONS = re.compile(r"resolve:ssm:/aws/service/[^:]*$")
_OF_ONE_AMI = frozenset({"ami-withdrawn-soon", "not-ours"})
# Things that already run: that their AMI cannot be launched harms only whoever wants another one.
_RUNS_ALREADY = frozenset({estate.INSTANCE})


class Finding(t.NamedTuple):
    """One thing that is not well.

    ``affected`` are ids of instances, ``days`` is how many are left, or how old the updates are, ``accepted`` why the
    finding does not count.
    """

    rule: str
    severity: str
    place: Place
    kind: str
    id: str
    name: str
    message: str
    ami: str | None = None
    via: str = ""
    days: int | None = None
    affected: tuple[str, ...] = ()
    accepted: str | None = None

    @property
    def advice(self) -> str:
        """Return what to do."""
        return RULES[self.rule].advice

    @property
    def label(self) -> str:
        """Return how people call the thing."""
        return f"{self.kind.replace('_', ' ')} {self.name or self.id}".strip()

    def to_dict(self) -> dict[str, t.Any]:
        """Return the finding as JSON-safe values."""
        values = {**self._asdict(), "account": self.place.account, "region": self.place.region, "advice": self.advice}
        del values["place"]
        return {**values, "affected": list(self.affected)}


class Thing(t.NamedTuple):
    """Something that was looked at: it may launch, or its AMI is all that is known of so many instances."""

    place: Place
    kind: str
    id: str
    name: str


class Acceptance(t.NamedTuple):
    """A finding that somebody accepts: a rule, and a pattern for the thing's id or name; until a day, if given."""

    rule: str
    thing: str
    reason: str
    until: str | None = None


@dataclasses.dataclass(frozen=True)
class Audit:
    """What was looked at, and what was found, worst first. ``asked`` is when."""

    things: tuple[Thing, ...]
    findings: tuple[Finding, ...]
    places: tuple[Place, ...]
    asked: dt.datetime

    @property
    def counts(self) -> dict[str, int]:
        """Return the number of findings of each severity, without the accepted ones."""
        found = collections.Counter(one.severity for one in self.findings if one.accepted is None)
        return {severity: found[severity] for severity in SEVERITIES}

    def fails(self, fail_on: str) -> bool:
        """Whether something is as bad as ``fail_on`` or worse; "never" is never reached."""
        limit = SEVERITIES.index(fail_on) if fail_on in SEVERITIES else -1
        return any(self.counts[severity] for severity in SEVERITIES[: limit + 1])


@dataclasses.dataclass(frozen=True)
class Records:
    """What the catalogue knows: builds by AMI and by id, channels, and the path under which they are published."""

    by_ami: t.Mapping[str, Known] = dataclasses.field(default_factory=dict)
    by_id: t.Mapping[str, Known] = dataclasses.field(default_factory=dict)
    channels: tuple[ChannelMove, ...] = ()
    prefix: str | None = None


def audit(found: Estate, records: Records, policy: Policy, accepted: t.Sequence[Acceptance] = ()) -> Audit:
    """Judge everything that may launch. What could not be read is a finding; so is it that there is nothing at all."""
    judge = _Judge(found, records, policy)
    findings = [*judge.missing(), *judge.published()]
    things: list[Thing] = []
    for thing, uses in _things(found.uses):
        things.append(thing)
        findings += judge.thing(thing, uses)
    if not things:
        findings.append(_nothing(found))
    today = found.asked.date()
    findings = [_accepted(one, accepted, today) for one in findings]
    findings.sort(key=_order)
    return Audit(tuple(things), tuple(findings), found.places, found.asked)


def _things(uses: t.Iterable[Use]) -> t.Iterator[tuple[Thing, list[Use]]]:
    """Yield each thing with its uses; instances of one AMI in one place are one thing."""
    grouped: dict[tuple[t.Any, ...], list[Use]] = {}
    for use in uses:
        key = use.ami if use.kind == estate.INSTANCE else use.id
        grouped.setdefault((use.place, use.kind, key), []).append(use)
    for (place, kind, key), some in grouped.items():
        yield Thing(place, kind, str(key), _name(some)), some


def _name(uses: t.Sequence[Use]) -> str:
    if uses[0].kind != estate.INSTANCE:
        return uses[0].name
    if len(uses) == 1:
        return uses[0].name or uses[0].id
    return f"{uses[0].name or uses[0].id} and {len(uses) - 1} more"


class _Judge:
    """Judges things by their AMIs, and each AMI once."""

    def __init__(self, found: Estate, records: Records, policy: Policy) -> None:
        self._estate = found
        self._records = records
        self._policy = policy
        self._accounts = frozenset(place.account for place in found.places)
        self._known: dict[tuple[Place, str], list[Fault]] = {}

    def thing(self, thing: Thing, uses: t.Sequence[Use]) -> t.Iterator[Finding]:
        """Yield what is wrong with a thing, once for each rule and AMI."""
        seen: set[tuple[str, str | None]] = set()
        instances = tuple(use.id for use in uses) if thing.kind == estate.INSTANCE else ()
        alive = any(use.running for use in uses)
        for use in uses:
            for fault in self._faults(use):
                if (fault.rule, use.ami) not in seen:
                    seen.add((fault.rule, use.ami))
                    severity = _severity(fault, thing.kind, alive)
                    yield Finding(fault.rule, severity, *thing, fault.message, use.ami, use.via, fault.days, instances)

    def _faults(self, use: Use) -> list[Fault]:
        if use.ami is None:
            if not use.certain:
                return [Fault("answer-missing", ERROR, f"{use.problem}, so nobody knows what it launches")]
            rule = "parameter-missing" if "SSM parameter" in str(use.problem) else "template-broken"
            return [Fault(rule, ERROR, str(use.problem))]
        key = use.place, use.ami
        if key not in self._known:
            self._known[key] = self._judged(*key)
        follows = bool(_AMAZONS.search(use.via))
        return [fault for fault in self._known[key] if not (follows and fault.rule in _OF_ONE_AMI)]

    def _judged(self, place: Place, ami_id: str) -> list[Fault]:
        state = self._estate.ami(place, ami_id)
        if state is None:
            return [Fault("answer-missing", ERROR, f"AMI {ami_id} could not be looked at")]
        view = View(self._records.by_ami, self._records.by_id, self._estate.stock, self._accounts)
        return faults_of(state, view, self._policy, self._estate.asked)

    def missing(self) -> t.Iterator[Finding]:
        """Yield a finding for each answer that is missing."""
        for gap in self._estate.gaps:
            yield Finding("answer-missing", ERROR, gap.place, "question", gap.question, "", gap.reason)

    def published(self) -> t.Iterator[Finding]:
        """Yield channels that SSM parameters do not say, in the account of the credentials."""
        prefix, places = self._records.prefix, self._estate.places
        if not prefix or not places:
            return
        unanswered = {gap.place for gap in self._estate.gaps if gap.question.startswith("SSM parameters under")}
        for move in self._records.channels:
            build = self._records.by_id.get(move.build_id)
            name = f"{prefix}/{move.image}/{move.channel}"
            for region, ami in sorted(build.amis.items()) if build else ():
                place = Place(places[0].account, region)
                if place in places and place not in unanswered:
                    yield from self._parameter(place, name, ami, move)

    def _parameter(self, place: Place, name: str, ami: str, move: ChannelMove) -> t.Iterator[Finding]:
        value = self._estate.parameters.get((place, name))
        thing = place, estate.PARAMETER, name, name
        if value is None:
            message = f"Channel {move.channel} of {move.image} is {ami} here, and no SSM parameter says so"
            yield Finding("parameter-missing", WARNING, *thing, message, ami)
        elif value != ami:
            message = f"It says {value}, and channel {move.channel} of {move.image} is {ami} since {move.at}"
            yield Finding("parameter-stale", WARNING, *thing, message, value)


def _severity(fault: Fault, kind: str, alive: bool) -> str:
    """Return how bad a fault of an AMI is for a thing: what launches nothing by itself loses less."""
    if fault.severity == ERROR and fault.rule != "answer-missing" and (kind in _RUNS_ALREADY or not alive):
        return WARNING
    return fault.severity


def _nothing(found: Estate) -> Finding:
    place = found.places[0] if found.places else Place("-", "-")
    message = f"There is nothing that could launch an instance in {', '.join(map(str, found.places)) or 'no place'}"
    return Finding("nothing-found", NOTE, place, "estate", "estate", "", message)


def _accepted(finding: Finding, acceptances: t.Sequence[Acceptance], today: dt.date) -> Finding:
    for one in acceptances:
        matches = one.rule == finding.rule and any(
            fnmatch.fnmatchcase(text, one.thing) for text in (finding.id, finding.name, finding.ami or "")
        )
        if matches and (one.until is None or today <= dt.date.fromisoformat(one.until)):
            return finding._replace(accepted=one.reason)
    return finding


def _order(finding: Finding) -> tuple[t.Any, ...]:
    days = 0 if finding.days is None else finding.days
    return (
        finding.accepted is not None, SEVERITIES.index(finding.severity), finding.rule != "answer-missing",
        finding.rule, finding.place, days, finding.kind, finding.name, finding.id,
    )  # fmt: skip
