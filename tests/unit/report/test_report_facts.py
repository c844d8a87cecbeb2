# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report says: tables, ages, the picture and the charts."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils import estate
from ansible_collections.golden.windows_ami.plugins.plugin_utils.estate import Gap
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import RoleRun
from ansible_collections.golden.windows_ami.plugins.plugin_utils.report import tables
from ansible_collections.golden.windows_ami.plugins.plugin_utils.report.ages import age_of, ages, released
from ansible_collections.golden.windows_ami.plugins.plugin_utils.report.charts import REST, charts
from ansible_collections.golden.windows_ami.plugins.plugin_utils.report.lineage import picture
from ansible_collections.golden.windows_ami.plugins.plugin_utils.report.model import Table, clean

from tests.unit.report.samples import FAMILY, HERE, NEW_BASE, OLD_BASE, build, facts, fleet, move, use


def texts(table: Table) -> list[tuple[str, ...]]:
    return [tuple(cell.text for cell in row) for row in table.rows]


def test_the_cells_of_every_table_stand_under_their_headings() -> None:
    found = fleet()
    gap = facts(gaps=[Gap(HERE, "instances", "denied")])
    every = [
        tables.findings(found), tables.channels(found), tables.history(found), tables.running(found),
        tables.builds(found), tables.missing(gap), ages(found),
    ]  # fmt: skip

    for table in every:
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.columns)}, table.id


def test_channels_say_what_their_build_is_worth() -> None:
    revoked = build(1, status="revoked")
    lost = move(revoked, "lost", build_id="20200101T000000Z-00000a")
    table = tables.channels(facts([revoked], [move(revoked), lost]))

    assert [(row[3].text, row[3].tone) for row in table.rows] == [
        ("revoked", "error"),
        ("not in the catalogue", "error"),
    ]


def test_instances_of_one_ami_are_one_row_and_groups_are_not() -> None:
    one = build(1)
    ami = one.amis[HERE.region]
    uses = [use(ami, f"i-{number}", estate.INSTANCE, running=number > 0) for number in range(3)]
    table = tables.running(facts([one], uses=[*uses, use(ami, "web"), use(ami, "jobs")]))

    assert [(row[0].text, row[1].text, row[1].more) for row in table.rows] == [
        ("autoscaling group", "jobs", ""),
        ("autoscaling group", "web", ""),
        ("instance", "i-0 and 2 more", "1 not running"),
    ]
    assert {row[3].text for row in table.rows} == {one.image}


def test_an_ami_of_nobodys_and_one_that_nobody_can_tell_are_said_to_be() -> None:
    table = tables.running(facts(uses=[use("ami-1", "a"), use(None, "b", problem="version 7 does not exist")]))

    assert [(row[3].text, row[4].more) for row in table.rows] == [
        ("not known", "nobody answered"),
        ("version 7 does not exist", ""),
    ]


def test_a_table_that_is_cut_says_so() -> None:
    uses = [use("ami-1", f"group-{number:05d}") for number in range(tables.MOST_ROWS + 2)]
    table = tables.running(facts(uses=uses))

    assert len(table.rows) == tables.MOST_ROWS
    assert table.note == "2 more rows left out."


def test_the_age_is_that_of_the_stock_ami_at_the_root() -> None:
    parent = build(1, hours=48)
    child = build(2, "iis_dotnet", parent_build=parent.id, source_ami=None, source_ami_name=None)
    age = age_of(facts([parent, child]), child)

    assert (age.base, age.newest, age.behind) == (OLD_BASE, NEW_BASE, 92)


def test_an_age_that_nobody_knows_is_not_zero() -> None:
    table = ages(facts([build(1, source_ami_name=None)]))

    assert [cell.text for cell in table.rows[0]][3:] == ["not known"] * 4


@pytest.mark.parametrize(
    ("name", "day"),
    [(NEW_BASE, "2026-11-12"), (FAMILY, None), (f"{FAMILY}-2026.13.41", None), (None, None), ("", None)],
)
def test_the_day_of_a_stock_ami_is_in_its_name(name: str | None, day: str | None) -> None:
    found = released(name)
    assert (found.isoformat() if found else None) == day


def test_the_picture_has_what_is_made_from_something_at_its_right() -> None:
    found = picture(fleet())
    places = {node.full: (node.x, node.y) for node in found.nodes}

    assert places[FAMILY][0] < places["octopus_tentacle"][0] < places["iis_dotnet"][0]
    assert len(found.edges) == 2
    assert all(node.x + found.box[0] <= found.width and node.y + found.box[1] <= found.height for node in found.nodes)
    assert "iis_dotnet is made from octopus_tentacle." in found.sentences


def test_boxes_never_lie_on_each_other() -> None:
    builds = [build(number, f"image{number}", hours=number) for number in range(1, 9)]
    builds += [build(10 + one, f"child{one}", parent_build=builds[one % 3].id) for one in range(6)]
    found = picture(facts(builds))

    assert len({(node.x, node.y) for node in found.nodes}) == len(found.nodes) == 15


def test_images_that_are_made_from_each_other_do_not_hang_it() -> None:
    one, two = build(1, "one"), build(2, "two", hours=1)
    circle = [
        build(1, "one", parent_build=two.id, source_ami_name=None),
        build(2, "two", hours=1, parent_build=one.id, source_ami_name=None),
    ]
    found = facts(circle)

    assert {node.full for node in picture(found).nodes} == {"one", "two"}
    assert len(ages(found).rows) == 2


def test_a_box_says_when_its_parent_is_an_older_build() -> None:
    old, new = build(1, hours=48), build(2, hours=24)
    child = build(3, "iis_dotnet", parent_build=old.id, source_ami_name=None)
    lines = {node.full: node.lines for node in picture(facts([old, new, child])).nodes}

    assert lines["iis_dotnet"][-1] == "used by 0 things, older parent"


def test_charts_have_minutes_by_role_and_what_is_of_no_role() -> None:
    one = build(1, seconds=600.0, roles=(RoleRun("a", 120.0, 1, 1), RoleRun("b", 60.0, 1, 1)))
    chart = charts(facts([one])).charts[0]

    assert chart.roles == ("a", "b", REST)
    assert chart.rows == ((one.id, ("2.0", "1.0", "7.0")),)
    assert chart.summary == f"1 build, 10.0 minutes the last one. Most of it: {REST}, 7.0 minutes."
    assert re.findall("<title>([^<]*)</title></rect>", chart.svg) == [
        f"a, build {one.id}", f"b, build {one.id}", f"{REST}, build {one.id}"
    ]  # fmt: skip


def test_a_chart_has_no_more_colours_than_people_can_tell_apart() -> None:
    roles = tuple(RoleRun(f"role{number}", 10.0 + number, 1, 1) for number in range(12))
    chart = charts(facts([build(1, roles=roles)])).charts[0]

    assert len(chart.roles) == 8
    assert "other roles" in chart.roles
    assert sum(map(float, chart.rows[0][1])) == pytest.approx(build(1).seconds / 60, abs=0.4)


def test_images_without_a_chart_are_counted() -> None:
    found = charts(facts([build(number, f"image{number}", hours=number) for number in range(1, 15)]))

    assert (len(found.charts), found.left_out) == (12, 2)
    assert charts(facts([build(1, roles=())])).charts == ()


def test_a_drawing_has_no_styles_scripts_or_dates_of_its_own() -> None:
    chart = charts(fleet()).charts[0]
    tags = {element.tag.rpartition("}")[2] for element in ET.fromstring(chart.svg).iter()}

    assert tags == {"svg", "g", "rect", "path", "text", "title"}
    assert not re.search(r"style=|<!--|href=|\bid=", chart.svg)
    assert chart == charts(fleet()).charts[0]


def test_what_cannot_be_shown_is_replaced() -> None:
    assert clean("a\x00b\u202ec\ud800\n\td é") == "a\ufffdb\ufffdc\ufffd\n\td é"
