# SPDX-License-Identifier: GPL-3.0-or-later
"""Which images would be rebuilt because of their bases."""

from __future__ import annotations

import datetime as dt
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.bases import Ami
from ansible_collections.golden.windows_ami.plugins.plugin_utils.images import Image
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build
from ansible_collections.golden.windows_ami.plugins.plugin_utils.watch import (
    CURRENT,
    NEVER,
    NEWER,
    PARENT,
    STALE_PARENT,
    UNKNOWN,
    Base,
    Facts,
    family,
    lines,
    summary,
    to_rebuild,
    watch,
)

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
IMAGES = {
    "tentacle": Image("tentacle", base="2022"),
    "iis": Image("iis", parent="tentacle"),
    "shop": Image("shop", parent="iis"),
    "sql": Image("sql", base="2019"),
}
NAMES = ("tentacle", "sql", "iis", "shop")


def ami(ami_id: str, created: str = "2026-11-11T08:00:00.000Z") -> Ami:
    return Ami(ami_id, f"name-of-{ami_id}", "available", "amazon", created, "windows", "x86_64", None, 30, {})


def build(number: int, image: str, source: str | None, parent: Build | None = None) -> Build:
    return Build(
        id=f"20261101T000000Z-{number:06x}",
        image=image,
        status="verified",
        started="2026-11-01T00:00:00Z",
        amis={"eu-west-1": f"ami-{number}"},
        source_ami=source,
        source_ami_name=f"name-of-{source}",
        parent_build=parent.id if parent else None,
    )


TENTACLE = build(1, "tentacle", "ami-old")
IIS = build(2, "iis", "ami-1", TENTACLE)
SHOP = build(3, "shop", "ami-2", IIS)
SQL = build(4, "sql", "ami-sql")
ALL = {"tentacle": TENTACLE, "iis": IIS, "shop": SHOP, "sql": SQL}
ROOTS = {TENTACLE.id: TENTACLE, IIS.id: TENTACLE, SHOP.id: TENTACLE, SQL.id: SQL}
OLD = {"2022": Base(ami("ami-old")), "2019": Base(ami("ami-sql"))}
NEW = {**OLD, "2022": Base(ami("ami-new"))}


def statuses(
    builds: dict[str, Build] = ALL, bases: dict[str, Base] = OLD, roots: dict[str, Build] = ROOTS
) -> dict[str, str]:
    return {one.image: one.status for one in watch(Facts(IMAGES, builds, roots, bases), NAMES, NOW)}


def test_nothing_is_news_while_the_bases_are_what_they_were() -> None:
    assert statuses() == dict.fromkeys(NAMES, CURRENT)


def test_a_newer_base_is_news_for_the_image_and_all_that_is_based_on_it() -> None:
    findings = watch(Facts(IMAGES, ALL, ROOTS, NEW), NAMES, NOW)
    assert {one.image: one.status for one in findings} == {
        "tentacle": NEWER, "sql": CURRENT, "iis": PARENT, "shop": PARENT,
    }  # fmt: skip
    assert to_rebuild(findings) == ["tentacle", "iis", "shop"], "parents first"
    iis = next(one for one in findings if one.image == "iis").to_dict()
    assert (iis["from_ami"], iis["to_ami"], iis["age_days"]) == ("ami-old", "ami-new", 11)
    assert summary(findings) == "To rebuild: tentacle, iis, shop"


CASES: list[tuple[str, dict[str, t.Any], dict[str, str]]] = [
    ("never built", {"builds": {**ALL, "tentacle": None}}, {"tentacle": NEVER, "iis": PARENT, "shop": PARENT}),
    (
        "the parent was built anew",
        {"builds": {**ALL, "tentacle": build(9, "tentacle", "ami-old")}},
        {"tentacle": CURRENT, "iis": STALE_PARENT, "shop": PARENT},
    ),
    (
        "no base",
        {"bases": {**OLD, "2022": Base(None, "it is gone")}},
        {"tentacle": UNKNOWN, "iis": UNKNOWN, "shop": UNKNOWN, "sql": CURRENT},
    ),
    ("no source", {"builds": {**ALL, "sql": build(4, "sql", None)}}, {"sql": UNKNOWN, "tentacle": CURRENT}),
]


@pytest.mark.parametrize(("changes", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_is_known_decides(changes: dict[str, t.Any], expected: dict[str, str]) -> None:
    builds = {name: one for name, one in changes.get("builds", ALL).items() if one}
    roots = {one.id: one if one.parent_build is None else TENTACLE for one in builds.values()}
    found = statuses(builds, changes.get("bases", OLD), roots)
    assert {name: found[name] for name in expected} == expected


def test_an_unknown_base_is_not_news_and_says_why() -> None:
    [one] = watch(Facts(IMAGES, ALL, ROOTS, {**OLD, "2019": Base(None, "it is gone")}), ("sql",), NOW)
    assert (one.news, one.problem) == (False, "it is gone")
    assert summary([one]).endswith("Unknown: sql")


def test_a_pinned_base_is_not_news_and_its_warning_is_kept() -> None:
    [one] = watch(
        Facts(IMAGES, ALL, ROOTS, {**OLD, "2019": Base(ami("ami-sql"), "there is a newer one")}), ("sql",), NOW
    )
    assert (one.status, one.problem) == (CURRENT, "there is a newer one")


@pytest.mark.parametrize(
    ("selected", "expected"),
    [
        (["iis"], ("tentacle", "iis", "shop")),
        (["tentacle"], ("tentacle", "iis", "shop")),
        (["sql"], ("sql",)),
    ],
    ids=["the middle", "the foot", "another base"],
)
def test_a_selection_brings_its_parents_and_its_children(selected: list[str], expected: tuple[str, ...]) -> None:
    assert family(IMAGES, selected) == expected


def test_the_table_shows_from_and_to_only_where_they_differ() -> None:
    heading, *rows = lines(watch(Facts(IMAGES, ALL, ROOTS, NEW), ("tentacle", "sql"), NOW))
    assert heading.split() == ["IMAGE", "BASE", "BUILD", "ID", "FROM", "TO", "DAYS", "STATUS"]
    assert "name-of-ami-new (ami-new)" in rows[0]
    assert rows[1].count("ami-sql") == 2, "name and id of what it came from, and nothing else"
