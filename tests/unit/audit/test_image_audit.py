# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with what, and how bad it is."""

from __future__ import annotations

import time
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils import estate
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import ChannelMove
from ansible_collections.golden.windows_ami.plugins.plugin_utils.estate import AmiState, Estate, Gap, SnapshotState, Use
from ansible_collections.golden.windows_ami.plugins.plugin_utils.image_audit import Acceptance, Records, audit
from ansible_collections.golden.windows_ami.plugins.plugin_utils.image_audit_ami import Policy
from ansible_collections.golden.windows_ami.plugins.plugin_utils.image_audit_rules import RULES

from .estates import HERE, NOW, STOCK, THERE, day, group, instance, judged, known, ours, records, rules, stock

KEY = "arn:aws:kms:eu-west-1:123456789012:key/k"


def encrypted(state: str) -> tuple[SnapshotState, ...]:
    return (SnapshotState("snap-1", "completed", KEY, state),)


def test_what_can_launch_is_not_mentioned() -> None:
    found = judged([group(), instance()], [ours()])
    assert found.findings == ()
    assert [thing.name for thing in found.things] == ["web", "server 1"]


@pytest.mark.parametrize(
    ("ami", "expected"),
    [
        (AmiState("ami-1", HERE), ("error", "ami-gone")),
        (ours(state="disabled"), ("error", "ami-disabled")),
        (ours(state="pending"), ("error", "ami-unavailable")),
        (ours(state="failed", reason="Server.InternalError"), ("error", "ami-unavailable")),
        (ours(allowed=False), ("warning", "ami-not-allowed")),
        (ours(deprecated="2026-11-21T00:00:00.000Z"), ("warning", "ami-deprecated")),
        (ours(owner="999999999999"), ("warning", "not-ours")),
        (ours(tags={"golden:build": "20261101T120000Z-abcdef"}), ("note", "not-recorded")),
        (ours(snapshots=(SnapshotState("snap-1", "missing"),)), ("error", "snapshot-unusable")),
        (ours(snapshots=(SnapshotState("snap-1", "recoverable"),)), ("error", "snapshot-unusable")),
        (ours(snapshots=(SnapshotState("snap-1", "error"),)), ("error", "snapshot-unusable")),
        (ours(snapshots=encrypted("Disabled")), ("error", "kms-key-unusable")),
        (ours(snapshots=encrypted("PendingDeletion")), ("error", "kms-key-unusable")),
        (ours(snapshots=encrypted("PendingImport")), ("error", "kms-key-unusable")),
        (ours(snapshots=encrypted("Unavailable")), ("error", "kms-key-unusable")),
        (ours(snapshots=encrypted("missing")), ("error", "kms-key-unusable")),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)
def test_an_ami_that_cannot_be_launched(ami: AmiState, expected: tuple[str, str]) -> None:
    assert rules(judged([group()], [ami])) == [expected]


@pytest.mark.parametrize(
    "ami",
    [
        ours(snapshots=encrypted("Enabled")),
        ours(snapshots=(SnapshotState("snap-1", "hidden"),)),
        ours(deprecated="2026-11-23T00:00:00.000Z"),
        ours(deprecated="once upon a time"),
    ],
    ids=["key enabled", "snapshot of somebody else", "deprecated tomorrow", "not a date"],
)
def test_an_ami_that_can(ami: AmiState) -> None:
    assert rules(judged([group()], [ami])) == []


@pytest.mark.parametrize(
    ("days_ago", "severity", "rule", "left"),
    [
        (1, "note", "not-ours", 89),
        (44, "note", "not-ours", 46),
        (45, "warning", "ami-withdrawn-soon", 45),
        (79, "warning", "ami-withdrawn-soon", 11),
        (80, "error", "ami-withdrawn-soon", 10),
        (90, "error", "ami-withdrawn-soon", 0),
        (400, "error", "ami-withdrawn-soon", -310),
    ],
)
def test_the_days_until_amazon_withdraws_a_stock_ami(days_ago: int, severity: str, rule: str, left: int) -> None:
    found = judged([group("ami-a")], [stock(days_ago=days_ago)], policy=Policy(old_days=1000))
    assert rules(found) == [(severity, rule)]
    assert found.findings[0].days == left
    assert f"in about {left} days" in found.findings[0].message or left <= 0


def test_the_successor_of_a_stock_ami_is_named() -> None:
    newest = {(HERE.region, STOCK): "ami-b"}
    found = judged([group("ami-a")], [stock(days_ago=60)], policy=Policy(old_days=1000), stock=newest)
    assert found.findings[0].message.endswith("its successor is ami-b")


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        ("/aws/service/ami-windows-latest/x", []),
        ("/aws/service/ami-windows-latest/x:3", [("error", "ami-withdrawn-soon")]),
        ("/golden/base", [("error", "ami-withdrawn-soon")]),
    ],
    ids=["Amazon's newest", "one version of it", "a parameter of one's own"],
)
def test_who_follows_amazons_newest_ami_loses_none(parameter: str, expected: list[tuple[str, str]]) -> None:
    use = group("ami-a", via=f"launch template web version 1, resolve:ssm:{parameter}")
    assert rules(judged([use], [stock(days_ago=85)], policy=Policy(old_days=1000))) == expected


def test_a_stock_ami_without_a_date_is_somebody_elses() -> None:
    found = judged([group("ami-a")], [stock()._replace(name="EC2", created="")])
    assert rules(found) == [("warning", "not-ours")]


def test_an_owner_may_be_trusted() -> None:
    policy = Policy(owners=("999999999999",))
    assert rules(judged([group()], [ours(owner="999999999999")], policy=policy)) == []


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("verified", []),
        ("deprecated", []),
        ("built", [("note", "not-verified")]),
        ("revoked", [("error", "ami-revoked")]),
    ],
)
def test_what_the_catalogue_says_of_the_build(status: str, expected: list[tuple[str, str]]) -> None:
    assert rules(judged([group()], [ours()], records(known(status=status)))) == expected


def test_an_ami_of_ours_that_is_gone_is_called_by_its_build() -> None:
    found = judged([group()], [AmiState("ami-1", HERE)], records(known(status="deregistered")))
    assert "the AMI of build 20261101T120000Z-000001 of web (deregistered)" in found.findings[0].message


@pytest.mark.parametrize(("days_ago", "expected"), [(44, []), (45, ["note"]), (74, ["note"]), (75, ["warning"])])
def test_updates_are_as_old_as_the_stock_ami_at_the_root(days_ago: int, expected: list[str]) -> None:
    base = known("ami-0", 1, source_name=f"{STOCK}-{day(days_ago):%Y.%m.%d}")
    child = known("ami-1", 2, parent=base.id, source="ami-0", source_name="golden-base")
    found = judged([group()], [ours(days_ago=0)], records(base, child))
    assert [one.severity for one in found.findings] == expected
    assert {one.days for one in found.findings} <= {days_ago}


def test_updates_are_as_old_as_the_ami_when_its_root_is_not_known() -> None:
    lost = known(parent="20200101T000000Z-000000", source_name="golden-base")
    found = judged([group()], [ours(days_ago=50)], records(lost))
    assert [(one.rule, one.days) for one in found.findings] == [("updates-old", 50)]


def test_builds_that_descend_from_each_other_do_not_hang_it() -> None:
    first, second = known("ami-1", 1), known("ami-2", 2)
    circle = records(first._replace(parent=second.id), second._replace(parent=first.id))
    assert rules(judged([group()], [ours()], circle)) == []


@pytest.mark.parametrize(
    ("use", "severity"),
    [
        (group(), "error"),
        (group(running=False), "warning"),
        (instance(), "warning"),
        (Use(estate.LAUNCH_TEMPLATE, "lt-1", "web", HERE, "ami-1", "version 1 (default)"), "error"),
        (Use(estate.PARAMETER, "/golden/ami/web/stable", "", HERE, "ami-1"), "error"),
        (Use(estate.SPOT_FLEET, "sfr-1", "", HERE, "ami-1"), "error"),
    ],
    ids=["group", "group that may not grow", "instance", "template", "parameter", "spot fleet"],
)
def test_what_launches_nothing_by_itself_loses_less(use: Use, severity: str) -> None:
    assert rules(judged([use], [AmiState("ami-1", HERE)])) == [(severity, "ami-gone")]


def test_a_mixed_group_is_named_once_for_each_ami_that_is_bad() -> None:
    uses = [group("ami-1"), group("ami-2", via="override m5.xlarge"), group("ami-2", via="override m5.large")]
    found = judged(uses, [ours(), AmiState("ami-2", HERE)])
    assert [(one.rule, one.ami, one.via) for one in found.findings] == [("ami-gone", "ami-2", "override m5.xlarge")]


def test_instances_of_one_ami_are_one_finding() -> None:
    found = judged([instance(1), instance(2), instance(3)], [AmiState("ami-1", HERE)])
    assert [(one.name, one.affected) for one in found.findings] == [("server 1 and 2 more", ("i-1", "i-2", "i-3"))]


@pytest.mark.parametrize(
    ("use", "rule"),
    [
        (group(None, problem="SSM parameter /x does not exist"), "parameter-missing"),
        (group(None, problem="launch template web version 3 does not exist"), "template-broken"),
        (group(None, problem="launch template web version 3 could not be read", certain=False), "answer-missing"),
        (group("ami-9"), "answer-missing"),
    ],
    ids=["no parameter", "no version", "no answer", "nobody looked at the AMI"],
)
def test_an_ami_that_nobody_knows(use: Use, rule: str) -> None:
    assert rules(judged([use])) == [("error", rule)]


def test_a_missing_answer_is_never_silent() -> None:
    found = judged([], gaps=[Gap(HERE, "instances", "Cannot list instances in eu-west-1: denied.")])
    assert rules(found) == [("error", "answer-missing"), ("note", "nothing-found")]
    assert found.fails("error")


def test_nothing_at_all_is_said() -> None:
    assert rules(judged([])) == [("note", "nothing-found")]
    nowhere = audit(Estate((), (), (), (), NOW), Records(), Policy())
    assert "in no place" in nowhere.findings[0].message


MOVE = ChannelMove("web", "stable", known().id, None, "2026-11-20T10:00:00Z", "alice", None, 1)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ami-1", []),
        ("ami-0", [("warning", "parameter-stale")]),
        (None, [("warning", "parameter-missing")]),
    ],
)
def test_a_channel_and_its_parameter(value: str | None, expected: list[tuple[str, str]]) -> None:
    values = {(HERE, "/golden/ami/web/stable"): value} if value else {}
    builds = records(known(), channels=(MOVE,), prefix="/golden/ami")
    assert rules(judged([group()], [ours()], builds, parameters=values)) == expected


def test_a_parameter_that_nobody_could_read_is_not_called_missing() -> None:
    builds = records(known(), channels=(MOVE,), prefix="/golden/ami")
    gaps = [Gap(HERE, "SSM parameters under /golden/ami", "denied")]
    assert rules(judged([group()], [ours()], builds, gaps=gaps)) == [("error", "answer-missing")]


def test_a_channel_is_not_looked_for_where_nobody_looks() -> None:
    build = known()._replace(amis={THERE.region: "ami-1"})
    builds = records(build, channels=(MOVE,), prefix="/golden/ami")
    assert rules(judged([group()], [ours()], builds)) == []


@pytest.mark.parametrize(
    ("accepted", "counts"),
    [
        (Acceptance("ami-gone", "web", "ticket 1"), False),
        (Acceptance("ami-gone", "w*", "ticket 1"), False),
        (Acceptance("ami-gone", "ami-1", "ticket 1"), False),
        (Acceptance("ami-gone", "web", "ticket 1", "2026-11-22"), False),
        (Acceptance("ami-gone", "web", "ticket 1", "2026-11-21"), True),
        (Acceptance("ami-disabled", "web", "ticket 1"), True),
        (Acceptance("ami-gone", "database", "ticket 1"), True),
    ],
    ids=["name", "pattern", "AMI", "last day", "over", "another rule", "another thing"],
)
def test_what_is_accepted_does_not_count(accepted: Acceptance, counts: bool) -> None:
    found = judged([group()], [AmiState("ami-1", HERE)], accepted=[accepted])
    assert found.fails("error") is counts
    assert len(found.findings) == 1


@pytest.mark.parametrize(
    ("ami", "failing"),
    [
        (AmiState("ami-1", HERE), {"error", "warning"}),
        (ours(owner="999999999999"), {"warning"}),
        (ours(tags={"golden:build": "x"}), set()),
    ],
    ids=["error", "warning", "note"],
)
def test_at_which_severity_it_fails(ami: AmiState, failing: set[str]) -> None:
    found = judged([group()], [ami])
    assert {limit for limit in ("error", "warning", "never") if found.fails(limit)} == failing


def test_the_worst_comes_first_and_what_is_accepted_last() -> None:
    uses: list[t.Any] = [group("ami-2"), instance(1, "ami-3"), Use(estate.GROUP, "db", "db", HERE, "ami-1")]
    amis = [ours("ami-2", owner="9"), ours("ami-3", days_ago=50), AmiState("ami-1", HERE)]
    gaps = [Gap(HERE, "spot fleets", "denied")]
    found = judged(uses, amis, gaps=gaps, accepted=[Acceptance("not-ours", "*", "known")])
    assert [one.rule for one in found.findings] == ["answer-missing", "ami-gone", "updates-old", "not-ours"]


def test_every_rule_says_what_to_do() -> None:
    assert all(rule.title and rule.advice.endswith((".", "?")) for rule in RULES.values())


def test_thousands_of_groups_and_instances_take_less_than_a_second() -> None:
    uses = [instance(number, f"ami-{number % 10_000}") for number in range(20_000)]
    uses += [Use(estate.GROUP, f"g{n}", f"g{n}", HERE, f"ami-{n}") for n in range(2_000)]
    uses += [Use(estate.LAUNCH_TEMPLATE, f"lt-{n}", f"t{n}", HERE, f"ami-{n}") for n in range(2_000)]
    amis = [ours(f"ami-{number}", days_ago=number % 100) for number in range(10_000)]
    builds = records(*(known(f"ami-{n}")._replace(id=f"20261101T120000Z-{n:06x}") for n in range(10_000)))
    found = Estate((HERE,), tuple(uses), tuple(amis), (), NOW)
    began = time.process_time()
    done = audit(found, builds, Policy())
    assert time.process_time() - began < 1
    assert len(done.things) == 14_000
