# SPDX-License-Identifier: GPL-3.0-or-later
"""What the callback reports of a provisioning run."""

from __future__ import annotations

import json
import pathlib
import typing as t

from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build
from ansible_collections.golden.windows_ami.plugins.plugin_utils.run_report import RunReport

from tests.unit.running import output

from .conftest import Project

Values = dict[str, t.Any]


def write_role(project: Project, name: str, *tasks: Values, handlers: t.Sequence[Values] = ()) -> None:
    for kind, content in (("tasks", tasks), ("handlers", handlers)):
        directory = project.path / "roles" / name / kind
        directory.mkdir(parents=True)
        (directory / "main.yml").write_text(json.dumps(list(content)))


def include(role: str) -> Values:
    return {"ansible.builtin.include_role": {"name": role}}


def command(text: str, **keywords: t.Any) -> Values:
    return {"name": f"Run {text}", "ansible.builtin.command": text, **keywords}


def report(project: Project, *tasks: Values, rc: int = 0) -> Values:
    file = project.path / "run.json"
    result = project.play(*tasks, GOLDEN_RUN_FILE=str(file))
    assert result.returncode == rc, output(result)
    return t.cast(Values, json.loads(file.read_text()))


def test_the_time_and_the_changes_of_each_role_are_reported(project: Project) -> None:
    write_role(
        project,
        "slow",
        command("sleep 0.4"),
        command("true", loop=[1, 2, 3], changed_when="item == 2"),
        command("true", changed_when=False, notify="Restart"),
        command("true", when=False),
        handlers=[command("true") | {"name": "Restart"}],
    )
    write_role(project, "quick", {"ansible.builtin.debug": {"msg": "quick"}})
    values = report(project, include("slow"), command("sleep 0.2"), include("quick"))

    slow, quick = values["roles"]
    assert (slow["name"], slow["tasks"], slow["changed"]) == ("slow", 3, 2)
    assert 0.4 <= slow["seconds"] < values["seconds"]
    assert (quick["name"], quick["tasks"], quick["changed"]) == ("quick", 1, 0)
    assert quick["seconds"] < 0.4
    assert values["failure"] is None
    build = {"id": "20261122T160001Z-000001", "image": "x", "started": "2026-11-22T16:00:00Z", "roles": values["roles"]}
    assert [role.name for role in Build.from_dict(build).roles] == ["slow", "quick"]


def test_what_the_play_says_it_installed_is_reported(project: Project) -> None:
    values = report(
        project,
        {"ansible.builtin.set_fact": {"golden_contents": {"tentacle": "8.1"}}},
        {"ansible.builtin.set_fact": {"golden_contents": {"iis": {"release": 528040}}, "other": "not this"}},
        {"ansible.builtin.set_fact": {"golden_contents": {"secret": "s3cret"}}, "no_log": True},
    )
    assert values["contents"] == {"tentacle": "8.1", "iis": {"release": 528040}}


def test_the_task_that_ended_the_run_is_reported(project: Project) -> None:
    rescued = {"block": [{"ansible.builtin.fail": {"msg": "rescued"}}], "rescue": [{"ansible.builtin.debug": {}}]}
    ignored = {"ansible.builtin.fail": {"msg": "ignored"}, "ignore_errors": True}
    last = {"name": "Check the port", "ansible.builtin.fail": {"msg": "{{ item }} is closed"}, "loop": ["5985", "5986"]}
    write_role(project, "firewall", last)
    values = report(project, rescued, ignored, include("firewall"), rc=2)
    assert values["failure"] == {
        "role": "firewall",
        "task": "firewall : Check the port",
        "message": "5985 is closed\n5986 is closed",
    }


def test_a_rescued_failure_is_no_failure(project: Project) -> None:
    rescued = {"block": [{"ansible.builtin.fail": {"msg": "rescued"}}], "rescue": [{"ansible.builtin.debug": {}}]}
    assert report(project, rescued)["failure"] is None


def test_a_failure_that_no_log_hides_stays_hidden(project: Project) -> None:
    values = report(project, {"ansible.builtin.fail": {"msg": "s3cret"}, "no_log": True}, rc=2)
    assert values["failure"]["message"] == "hidden by no_log"
    assert "s3cret" not in json.dumps(values)


def test_a_provisioning_run_leaves_the_catalogue_and_the_spool_alone(project: Project) -> None:
    build = Build(id="20261122T160001Z-000001", image="x", started="2026-11-22T16:00:00Z", status="failed")
    report(project, {"golden.windows_ami.packer_build": {"answer": {"build": build.to_dict()}}})
    assert not project.catalogue_file.exists()
    assert not project.spool.exists()


def test_a_report_that_cannot_be_written_is_a_warning(project: Project) -> None:
    (project.path / "file").write_text("")
    result = project.play({"ansible.builtin.debug": {}}, GOLDEN_RUN_FILE=str(project.path / "file" / "run.json"))
    assert result.returncode == 0
    assert "Cannot write the report of this run to" in result.stderr


def test_the_report_is_there_while_the_run_goes_on(project: Project, tmp_path: pathlib.Path) -> None:
    write_role(project, "first", command("true"))
    copy = command(f"cp {project.path}/run.json {project.path}/copy.json")
    report(project, include("first"), copy)
    assert json.loads((tmp_path / "copy.json").read_text())["roles"][0]["name"] == "first"


def test_a_task_counts_once_whatever_number_of_hosts_it_ran_on() -> None:
    run = RunReport(100.0)
    run.begin("proxy", 101.0)
    for changed in (False, True, True):
        run.end("proxy", "task-1", changed, 102.0)
    run.begin(None, 104.0)
    run.begin("proxy", 110.0)
    run.end("proxy", "task-2", False, 111.5)
    assert run.to_dict() == {
        "roles": [{"name": "proxy", "seconds": 4.5, "tasks": 2, "changed": 1}],
        "contents": {},
        "seconds": 11.5,
        "failure": None,
    }
