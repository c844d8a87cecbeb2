# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback golden.windows_ami.ami_recorder, in real runs of ansible-playbook."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.callback.ami_recorder import CallbackModule
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

from tests.unit.running import ansible, output

from .conftest import Project

Values = dict[str, t.Any]


def a_build(number: int = 1, **values: t.Any) -> Build:
    base: Values = {
        "id": f"20261122T16000{number}Z-00000{number}",
        "image": "iis_dotnet",
        "started": "2026-11-22T16:00:00Z",
        "finished": "2026-11-22T16:10:00Z",
        "status": "built",
        "amis": {"eu-west-1": f"ami-{number}"},
    }
    return Build(**{**base, **values})


def packer_build(build: Build, keywords: Values | None = None, **answer: t.Any) -> Values:
    return {
        "name": "Build the image",
        "golden.windows_ami.packer_build": {"answer": {"changed": True, "build": build.to_dict(), **answer}},
        **(keywords or {}),
    }


def test_a_build_is_recorded_in_the_catalogue_of_the_inventory(project: Project) -> None:
    build = a_build(contents={"iis_dotnet": {"release": 528040}}, versions={"packer": "1.6.6"})
    result = project.play(packer_build(build), golden_catalogue="sqlite:{{ playbook_dir }}/catalogue/catalogue.sqlite")
    assert result.returncode == 0, output(result)
    assert result.stderr == ""
    assert project.catalogue.builds() == [build]
    assert project.waiting() == []


def test_the_catalogue_that_the_result_names_comes_first(project: Project) -> None:
    task = packer_build(a_build(), catalogue=f"sqlite:{project.catalogue_file}")
    assert project.play(task, golden_catalogue="sqlite:/proc/no/catalogue.sqlite").returncode == 0
    assert project.catalogue.builds() == [a_build()]


def test_a_failed_build_is_recorded_and_the_run_fails(project: Project) -> None:
    build = a_build(status="failed", amis={}, error="winrm never answered")
    result = project.play(packer_build(build, failed=True, msg="winrm never answered"))
    assert result.returncode == 2
    assert project.catalogue.builds() == [build]


def test_every_item_of_a_loop_is_recorded_even_when_one_fails(project: Project) -> None:
    good, bad = a_build(1), a_build(2, status="failed", amis={}, error="no")
    answers = [{"changed": True, "build": good.to_dict()}, {"failed": True, "msg": "no", "build": bad.to_dict()}]
    result = project.play(
        {"golden.windows_ami.packer_build": {"answer": "{{ item }}"}, "loop": answers, "ignore_errors": True}
    )
    assert result.returncode == 0, output(result)
    assert project.catalogue.builds() == [bad, good]


def test_what_the_catalogue_does_not_take_is_delivered_once_by_the_next_run(project: Project) -> None:
    project.catalogue_file.parent.write_text("in the way")
    result = project.play(packer_build(a_build(1)), packer_build(a_build(2)))
    assert result.returncode == 0, "a callback only watches"
    assert result.stderr.count("WARNING") == 1, "of one catalogue that is down a run warns once"
    assert f"Build {a_build(1).id} is not in the catalogue yet. Cannot" in result.stderr
    assert "2 records wait for the next run." in result.stdout
    assert len(project.waiting()) == 2
    assert str(project.waiting()[0]) in result.stderr
    assert project.waiting()[0].stat().st_mode & 0o777 == 0o600

    result = project.play({"ansible.builtin.debug": {"msg": "another run"}})
    assert result.stderr.count("2 records of earlier runs are still not in the catalogue") == 1
    assert result.stderr.count("WARNING") == 1
    assert len(project.waiting()) == 2

    project.catalogue_file.parent.unlink()
    result = project.play({"ansible.builtin.debug": {"msg": "another run"}})
    assert "The catalogue now has 2 records that an earlier run could not write." in result.stdout
    assert project.catalogue.builds() == [a_build(2), a_build(1)]
    assert project.waiting() == []

    result = project.play({"ansible.builtin.debug": {"msg": "another run"}})
    assert "earlier run" not in output(result)
    assert project.catalogue.builds() == [a_build(2), a_build(1)]


def test_a_build_without_any_catalogue_waits_until_one_is_named(project: Project) -> None:
    result = project.play(packer_build(a_build()), golden_catalogue=None)
    assert "No catalogue is named: set GOLDEN_CATALOGUE" in result.stderr
    assert len(project.waiting()) == 1
    project.play({"ansible.builtin.debug": {}}, GOLDEN_CATALOGUE=f"sqlite:{project.catalogue_file}")
    assert project.catalogue.builds() == [a_build()]


def test_a_record_that_can_be_kept_nowhere_is_shown(project: Project) -> None:
    project.catalogue_file.parent.write_text("in the way")
    project.spool.write_text("in the way")
    result = project.play(packer_build(a_build()))
    line = next(line for line in result.stderr.splitlines() if "is in no catalogue" in line)
    assert "Cannot keep a record in" in line
    assert Build.from_dict(json.loads(line.partition("Keep this: ")[2])) == a_build()


def test_a_record_that_is_no_build_is_kept_and_named(project: Project) -> None:
    task = packer_build(a_build())
    task["golden.windows_ami.packer_build"]["answer"]["build"]["colour"] = "blue"
    result = project.play(task)
    assert f"Build {a_build().id} has unknown keys: colour" in result.stderr
    assert len(project.waiting()) == 1


def test_a_damaged_spool_file_is_named_and_stops_no_other(project: Project) -> None:
    project.catalogue_file.parent.write_text("in the way")
    project.play(packer_build(a_build()))
    project.catalogue_file.parent.unlink()
    (project.spool / "00.json").write_text('{"build": ')
    result = project.play({"ansible.builtin.debug": {}})
    assert f"{project.spool}/00.json: this is no record" in result.stderr
    assert project.catalogue.builds() == [a_build()]
    assert [path.name for path in project.waiting()] == ["00.json"]


def test_a_result_that_no_log_hides_is_not_recorded_but_mentioned(project: Project) -> None:
    result = project.play(packer_build(a_build(error="s3cret"), {"no_log": True}))
    assert "no_log hides the result of 'Build the image': its AMI cannot be recorded." in result.stderr
    assert project.catalogue.builds() == []
    assert "s3cret" not in output(result)


@pytest.mark.parametrize("name", ["check mode", "no build", "a build that goes on"])
def test_nothing_is_recorded_of(project: Project, name: str) -> None:
    task = packer_build(a_build(status="building", amis={}) if name == "a build that goes on" else a_build())
    if name == "no build":
        task["golden.windows_ami.packer_build"]["answer"] = {"msg": "nothing to do"}
    result = project.play(task, arguments=["--check"] if name == "check mode" else [])
    assert output(result).count("WARNING") == 0
    assert project.catalogue.builds() == []
    assert not project.catalogue_file.exists()


def test_a_play_goes_on_when_the_recorder_has_a_bug(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody has set its options, so that every event fails."""
    recorder = CallbackModule()
    for _ in range(2):
        recorder.v2_playbook_on_start(None)
        recorder.v2_runner_on_ok(None)
        recorder.v2_runner_item_on_failed(None)
        recorder.v2_playbook_on_stats(None)
    warnings = " ".join(capsys.readouterr().err.split())
    for event in ("v2_playbook_on_start", "v2_runner_on_ok", "_record", "v2_playbook_on_stats"):
        assert warnings.count(f"could not work on {event}, the play goes on") == 1


def test_the_documentation_is_complete(project: Project) -> None:
    result = ansible("ansible-doc", "-t", "callback", "golden.windows_ami.ami_recorder", home=project.path)
    assert result.returncode == 0, output(result)
    for word in ("catalogue", "spool", "run_file", "region", "GOLDEN_RUN_FILE", "callback_ami_recorder", "EXAMPLES"):
        assert word in result.stdout
