# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions behind playbooks/catalogue.yml, on a catalogue in a file and an EC2 in this process."""

from __future__ import annotations

import datetime as dt
import json
import pathlib
import re
import typing as t

import boto3
import pytest
from ansible_collections.golden.windows_ami.plugins.action.catalogue_info import ActionModule as Info
from ansible_collections.golden.windows_ami.plugins.action.catalogue_table import ActionModule as Table
from ansible_collections.golden.windows_ami.plugins.action.catalogue_transfer import ActionModule as Transfer
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import ANY, Catalogue, open_catalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build, RoleRun
from moto import mock_aws

from tests.unit.actions import run_action

NOW = dt.datetime(2026, 11, 22, 18, tzinfo=dt.UTC)
OLD, NEW = "20261122T160000Z-00000a", "20261122T170000Z-00000b"


@pytest.fixture
def catalogue(tmp_path: pathlib.Path) -> Catalogue:
    """A catalogue with two builds of one image; channel stable went from one to the other."""
    found = open_catalogue("sqlite:catalogue.sqlite", tmp_path)
    for build_id, version in ((OLD, "8.1"), (NEW, "8.2")):
        found.finish(
            Build(
                id=build_id,
                image="iis",
                status="verified",
                started="2026-11-22T16:00:00Z",
                seconds=61.0,
                amis={"eu-west-1": f"ami-{build_id[-1]}"},
                roles=(RoleRun("proxy", 3.0, 9, 2),),
                contents={"tentacle": version},
            )
        )
        found.move_channel("iis", "stable", build_id, "ann", "monthly", NOW, ANY)
    return found


def ask(catalogue: Catalogue, tmp_path: pathlib.Path, **options: t.Any) -> dict[str, t.Any]:
    return run_action(Info, {"catalogue": catalogue.url, **options}, {}, tmp_path)


def transfer(catalogue: str, tmp_path: pathlib.Path, check: bool = False, **options: t.Any) -> dict[str, t.Any]:
    return run_action(Transfer, {"catalogue": catalogue, **options}, {}, tmp_path, check)


def test_the_builds_are_listed_by_pages(
    catalogue: Catalogue, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = ask(catalogue, tmp_path, image="iis", limit=1)
    second = ask(catalogue, tmp_path, image="iis", limit=1, before=NEW)

    assert ([build["id"] for build in first["builds"]], first["more"]) == ([NEW], True)
    assert ([build["id"] for build in second["builds"]], second["more"]) == ([OLD], False)
    shown = capsys.readouterr().out
    assert f"iis    {NEW}  verified  ami-b eu-west-1  stable" in shown
    assert f"Older ones: -e before={NEW}" in shown


@pytest.mark.parametrize(
    "named",
    [{"build": NEW}, {"ami": "ami-b"}, {"image": "iis"}, {"image": "iis", "channel": "stable"}],
    ids=["by id", "by AMI", "newest", "by channel"],
)
def test_a_build_is_shown_with_what_is_in_it(
    catalogue: Catalogue, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], named: dict[str, str]
) -> None:
    answer = ask(catalogue, tmp_path, query="build", **named)

    assert (answer["build"]["id"], answer["channels"]) == (NEW, ["stable"])
    assert [event["status"] for event in answer["events"]] == ["verified"]
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert {"AMI           ami-b eu-west-1", "proxy  3 s, 9 tasks, 2 changed", "8.2", "tentacle"} <= set(lines)


@pytest.mark.parametrize(
    "named", [{"image": "iis"}, {"image": "iis", "channel": "stable"}, {"build": NEW, "other": OLD}]
)
def test_a_build_is_compared_with_the_one_before(
    catalogue: Catalogue, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], named: dict[str, str]
) -> None:
    answer = ask(catalogue, tmp_path, query="diff", **named)

    assert (answer["other"]["id"], answer["build"]["id"]) == (OLD, NEW)
    assert answer["differences"] == [{"section": "tentacle", "name": "", "before": "8.1", "after": "8.2"}]
    assert "tentacle  ~ value: 8.1 -> 8.2" in capsys.readouterr().out


def test_channels_and_their_history_are_listed(catalogue: Catalogue, tmp_path: pathlib.Path) -> None:
    now = ask(catalogue, tmp_path, query="channels")["channels"]
    history = ask(catalogue, tmp_path, query="channels", image="iis", channel="stable")["channels"]

    assert [(move["channel"], move["build_id"]) for move in now] == [("stable", NEW)]
    assert [move["build_id"] for move in history] == [NEW, OLD]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"query": "build"}, "Name a build by one of build, ami and image. Given: none"),
        ({"query": "build", "ami": "ami-b", "image": "iis"}, "Given: ami and image"),
        ({"query": "build", "ami": "ami-b", "channel": "stable"}, "Channel stable of which image?"),
        ({"query": "build", "image": "iis", "channel": "beta"}, f"no channel beta .* It has: stable \\({NEW}\\)"),
        ({"query": "build", "image": "web"}, "no usable build .*The images there: iis"),
        ({"query": "build", "build": "x"}, f"no build x .*The newest: {NEW} \\(iis, verified\\)"),
        ({"query": "build", "ami": "ami-0"}, "AMI ami-0 is of no build"),
        ({"query": "diff", "build": OLD}, "nothing to compare"),
        ({"query": "channels", "channel": "stable"}, "of which image"),
        ({"image": "web"}, "Image web was never built. .* knows: iis"),
        ({"limit": 0}, "limit is 0"),
    ],
)
def test_a_question_without_an_answer_says_what_there_is(
    catalogue: Catalogue, tmp_path: pathlib.Path, options: dict[str, t.Any], message: str
) -> None:
    answer = ask(catalogue, tmp_path, **options)

    assert answer["failed"]
    assert re.search(message, answer["msg"]), answer["msg"]


def test_a_catalogue_moves_to_another_one(catalogue: Catalogue, tmp_path: pathlib.Path) -> None:
    file, target = tmp_path / "kept.jsonl", f"sqlite:{tmp_path}/other.sqlite"

    predicted = transfer(catalogue.url, tmp_path, check=True, state="exported", path=str(file))
    assert (predicted["changed"], file.exists()) == (True, False)
    exported = transfer(catalogue.url, tmp_path, state="exported", path=str(file))
    assert exported["counts"]["build"] == 2
    assert file.stat().st_mode & 0o777 == 0o600
    assert not transfer(catalogue.url, tmp_path, state="exported", path=str(file))["changed"]

    predicted = transfer(target, tmp_path, check=True, state="imported", path=str(file))
    assert not (tmp_path / "other.sqlite").exists()
    imported = transfer(target, tmp_path, state="imported", path=str(file))
    assert predicted["counts"] == imported["counts"] == exported["counts"]
    assert not transfer(target, tmp_path, state="imported", path=str(file))["changed"]
    assert list(open_catalogue(target).dump()) == list(catalogue.dump())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"{", "line 1 is not JSON"),
        (b"[]", "line 1 is no entry"),
        (b"\xff\xfe", "no text in UTF-8"),
        (json.dumps({"kind": "build", "schema": 99}).encode(), "schema version 99"),
        (json.dumps({"kind": "recipe", "schema": 1}).encode(), "unknown kind 'recipe'"),
    ],
)
def test_a_file_that_is_no_export_is_refused(tmp_path: pathlib.Path, text: bytes, message: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(text)

    answer = transfer("sqlite:new.sqlite", tmp_path, state="imported", path=str(file))

    assert answer["failed"]
    assert message in answer["msg"]


def test_a_path_that_cannot_be_used_is_named(catalogue: Catalogue, tmp_path: pathlib.Path) -> None:
    for state in ("exported", "imported"):
        answer = transfer(catalogue.url, tmp_path, state=state, path=str(tmp_path / "no" / "file"))
        assert answer["failed"]
        assert f"{tmp_path}/no/file: No such file or directory" in answer["msg"]


@mock_aws
def test_a_lost_catalogue_is_filled_from_the_tags(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    ours = {
        region: make_ami(region, {"golden:build": NEW, "golden:image": "iis"}) for region in ("eu-west-1", "us-east-1")
    }
    options: dict[str, t.Any] = {"state": "rebuilt", "aws": {"region": "eu-west-1"}, "regions": ["eu-west-1"]}
    url = f"sqlite:{tmp_path}/new.sqlite"

    assert transfer(url, tmp_path, check=True, **options)["builds"] == [NEW]
    assert transfer(url, tmp_path, **options)["builds"] == [NEW]
    assert not transfer(url, tmp_path, **options)["changed"]
    assert transfer(url, tmp_path, **{**options, "regions": list(ours)})["builds"] == [NEW]
    build = open_catalogue(url).get(NEW)
    assert build is not None
    assert build.amis == ours

    wrong = make_ami("eu-west-1", {"golden:build": "mine", "golden:image": "iis"})
    answer = transfer(url, tmp_path, **options)
    assert answer["failed"]
    assert wrong in answer["msg"]


@mock_aws
def test_a_table_is_made_once(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    options = {"catalogue": "dynamodb:golden", "aws": {"region": "eu-west-1"}}

    assert run_action(Table, options, {}, tmp_path, check_mode=True)["changed"]
    assert "no table golden" in ask_table(tmp_path, options)["msg"]
    assert run_action(Table, options, {}, tmp_path)["changed"]
    assert not run_action(Table, options, {}, tmp_path)["changed"]
    assert not run_action(Table, options, {}, tmp_path, check_mode=True)["changed"]
    assert ask_table(tmp_path, options)["builds"] == []
    assert "needs no table" in run_action(Table, {"catalogue": "sqlite:x"}, {}, tmp_path)["msg"]


def ask_table(tmp_path: pathlib.Path, options: dict[str, t.Any]) -> dict[str, t.Any]:
    return run_action(Info, options, {}, tmp_path)


def make_ami(region: str, tags: dict[str, str]) -> str:
    ec2 = boto3.client("ec2", region)
    image = ec2.describe_images()["Images"][0]["ImageId"]
    instance = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ami = str(ec2.create_image(InstanceId=instance, Name=f"a-{tags['golden:build']}")["ImageId"])
    ec2.create_tags(Resources=[ami], Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
    return ami
