# SPDX-License-Identifier: GPL-3.0-or-later
"""configure.yml and audit_servers.yml on servers that run."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from tests.e2e.conftest import Finished

from .conftest import Row, Site, table


class Story(t.NamedTuple):
    """What the plays said, one after the other, on servers that nobody had configured."""

    predicted: Finished  # of the first server
    done: Finished


@pytest.fixture(scope="module")
def story(site: Site) -> Story:
    return Story(site.configure("--check", "--diff", "--limit", site.servers[0]), site.configure())


def test_check_mode_says_what_the_run_then_does_and_changes_nothing(site: Site, story: Story) -> None:
    assert story.predicted.status == 0, story.predicted.output
    assert story.done.status == 0, story.done.output
    predicted, done = table(story.predicted), table(story.done)
    assert {row.server for row in done} == set(site.servers)
    assert {row.status for row in predicted} == {"would change"}
    # Had check mode changed anything, the run would not find all of it left to do.
    first = [row for row in done if row.server == site.servers[0]]
    assert first == [row._replace(status="changed") for row in predicted]
    assert "1 of 1 would change." in story.predicted.output
    assert "3 of 3 changed." in story.done.output


def test_diff_shows_the_new_settings(story: Story) -> None:
    assert "+        HTTP_PROXY: http://127." in story.predicted.output
    assert "+[Metrics]" in story.predicted.output


def test_the_roles_and_variables_are_those_of_the_image_and_its_parents(site: Site, story: Story) -> None:
    first = [row for row in table(story.done) if row.server == site.servers[0]]
    assert list(dict.fromkeys(row.role for row in first)) == ["proxy", "firewall"]
    rules = next(row.what for row in first if row.what.startswith("Set the rules"))
    assert "Web" in rules
    assert "Metrics" in rules
    assert "Of the parent" not in rules
    assert "*.corp.example.com" in story.predicted.output


def test_an_audit_names_the_server_that_drifted_and_goes_on(site: Site, story: Story, tmp_path: pathlib.Path) -> None:
    drifted, report = site.servers[1], tmp_path / "audit.json"
    site.drop_rule(drifted, "Web")
    try:
        # The role that finds it comes first, the other one is looked at all the same. One server does not answer.
        roles = ["golden.windows_ami.firewall", "golden.windows_ami.proxy"]
        gone = {site.servers[2]: UNREACHABLE}
        found = site.audit("-e", f"golden_audit_report={report}", hosts=gone, golden_configure_roles=roles)
    finally:
        repaired = site.configure("--limit", drifted)
    assert found.status != 0
    rows = {(row.server, row.role): row for row in table(found)}
    assert {key: row.status for key, row in rows.items()} == {
        (site.servers[0], "firewall"): "clean",
        (site.servers[0], "proxy"): "clean",
        (drifted, "firewall"): "drift",
        (drifted, "proxy"): "clean",
        (site.servers[2], "connection"): "unreachable",
    }
    assert "Web" in rows[drifted, "firewall"].what
    said = f"1 of 3 servers without drift; drift: {drifted}; unreachable: {site.servers[2]}."
    assert said in " ".join(found.output.split())
    said = json.loads(report.read_text())
    assert said["clean"] is False
    assert {role: found["status"] for role, found in said["servers"][drifted].items()} == {
        "golden.windows_ami.firewall": "drift",
        "golden.windows_ami.proxy": "clean",
    }
    # The audit has repaired nothing: that was left to do. What is as it should be is not changed again.
    [row] = [row for row in table(repaired) if row.status != "unchanged"]
    assert row[:3] == (drifted, "firewall", "changed")
    assert row.what.startswith("Set the rules (Web")


UNREACHABLE = {"ansible_host": "127.0.0.1", "ansible_port": 1}


@pytest.mark.parametrize(
    ("bad", "batch", "status", "what"),
    [
        ({"proxy_url": "ftp://proxy.example.com"}, 1, "failed", "proxy_url must be"),
        (UNREACHABLE, 1, "unreachable", ""),
        (UNREACHABLE, 2, "unreachable", ""),
    ],
    ids=["failed", "all unreachable", "one unreachable"],
)
def test_the_first_bad_batch_stops_the_rest(
    site: Site, story: Story, bad: dict[str, t.Any], batch: int, status: str, what: str
) -> None:
    first = site.servers[0]
    well, waiting = site.servers[1:batch], site.servers[batch:]
    before = site.commands()
    found = site.configure(batch=batch, hosts={first: bad})
    assert found.status != 0
    rows = table(found)
    last = [row for row in rows if row.server == first][-1]
    assert (last.role, last.status) == ("proxy", status)
    assert what in last.what
    # The others of the batch get all of their roles when one cannot be reached. They have them: nothing changes.
    assert [row for row in rows if row.server in well] == [
        Row(server, role, "unchanged", "") for server in well for role in ("proxy", "firewall")
    ]
    assert [(row.server, row.status) for row in rows if row.server in waiting] == [
        (server, "not begun") for server in waiting
    ]
    after = site.commands()
    assert {server: after[server] for server in waiting} == {server: before[server] for server in waiting}


@pytest.mark.parametrize("roles", ["golden.windows_ami.sysprep", ["golden.windows_ami.proxy", "sysprep"]], ids=str)
def test_no_live_server_is_sealed(site: Site, roles: t.Any) -> None:
    before = site.commands()
    # One server wants it, in a later batch than the first.
    found = site.configure(
        "-e", "sysprep_confirm=true", batch=1, hosts={site.servers[2]: {"golden_configure_roles": roles}}
    )
    assert found.status != 0
    assert "It never runs on a live server" in found.output
    assert site.commands() == before


def test_no_servers_are_no_success(site: Site) -> None:
    for playbook in ("configure", "audit_servers"):
        found = site.play(f"playbooks/{playbook}.yml", "-e", "golden_servers=image_of_nobody")
        assert found.status != 0
        assert "The inventory has no servers in image_of_nobody" in found.output
