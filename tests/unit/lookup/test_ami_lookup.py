# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup golden.windows_ami.ami, run by ansible-playbook."""

from __future__ import annotations

import datetime as dt
import pathlib

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.ami_choice import Wanted, explain, find_build
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import open_catalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

from tests.unit.running import ansible, output, play

PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  vars:
    lab: "{{ playbook_dir }}"
    golden_catalogue: "sqlite:{{ lab }}/catalogue.sqlite"
    golden_aws: {region: "{{ 'eu-' ~ 'west-1' }}"}
  tasks:
    - ansible.builtin.debug:
        msg: "it is <{{ %s }}>"
"""
STARTED = "2026-11-22T16:45:00Z"


@pytest.fixture
def home(tmp_path: pathlib.Path) -> pathlib.Path:
    """Return a directory with a catalogue of four builds."""
    catalogue = open_catalogue(f"sqlite:{tmp_path}/catalogue.sqlite")
    for number, image, status, amis in (
        (1, "iis_dotnet", "verified", {"eu-west-1": "ami-1", "us-east-1": "ami-2"}),
        (2, "iis_dotnet", "built", {"eu-west-1": "ami-3"}),
        (3, "iis_dotnet", "failed", {}),
        (4, "octopus_tentacle", "built", {"eu-west-1": "ami-4"}),
    ):
        build = Build(
            id=f"20261122T16000{number}Z-00000{number}", image=image, status=status, started=STARTED, amis=amis,
            fingerprint=f"f{number}",
        )  # fmt: skip
        catalogue.finish(build)
    for channel, number in (("stable", 1), ("candidate", 2), ("broken", 3)):
        now = dt.datetime(2026, 11, 22, 17, tzinfo=dt.UTC)
        catalogue.move_channel("iis_dotnet", channel, f"20261122T16000{number}Z-00000{number}", None, None, now, None)
    return tmp_path


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        pytest.param("lookup('golden.windows_ami.ami', 'iis_dotnet')", "ami-3", id="newest in the inventory's region"),
        pytest.param("lookup('golden.windows_ami.ami', 'iis_dotnet', region='us-east-1')", "ami-2", id="region"),
        pytest.param("lookup('golden.windows_ami.ami', 'iis_dotnet', statuses=['verified'])", "ami-1", id="status"),
        pytest.param(
            "query('golden.windows_ami.ami', 'iis_dotnet', 'octopus_tentacle')", "['ami-3', 'ami-4']", id="two"
        ),
        pytest.param("lookup('golden.windows_ami.ami', 'iis_dotnet', channel='stable')", "ami-1", id="channel"),
        pytest.param("lookup('golden.windows_ami.ami', 'nothing', default='none')", "none", id="default"),
    ],
)
def test_the_ami_of_an_image_is_found(home: pathlib.Path, expression: str, found: str) -> None:
    result = play(home, PLAY % expression)
    assert result.returncode == 0, output(result)
    assert f"it is <{found}>" in result.stdout


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        pytest.param(
            "lookup('golden.windows_ami.ami', 'iis')",
            "Image 'iis' has no verified or built AMI in eu-west-1: it was never built. The catalogue "
            "sqlite:{home}/catalogue.sqlite knows: iis_dotnet, octopus_tentacle.",
            id="unknown image",
        ),
        pytest.param(
            "lookup('golden.windows_ami.ami', 'octopus_tentacle', region='us-east-1')",
            "Image 'octopus_tentacle' has no verified or built AMI in us-east-1. Its newest builds in "
            "sqlite:{home}/catalogue.sqlite: 20261122T160004Z-000004 (built, ami-4 in eu-west-1).",
            id="no AMI there",
        ),
        pytest.param(
            "lookup('golden.windows_ami.ami', 'x', catalogue='sqlite:' ~ playbook_dir ~ '/new.sqlite')",
            "it was never built. sqlite:{home}/new.sqlite is empty.",
            id="empty catalogue",
        ),
        pytest.param(
            "lookup('golden.windows_ami.ami', 'x', catalogue='redis:builds')",
            "The catalogue URL 'redis:builds' must start with a scheme that this version knows: sqlite:",
            id="bad catalogue",
        ),
    ],
)
def test_an_ami_that_is_not_there_is_explained(home: pathlib.Path, expression: str, message: str) -> None:
    result = play(home, PLAY % expression)
    assert result.returncode == 2
    assert message.format(home=home) in output(result)
    assert not (home / "new.sqlite").exists()


USABLE = ("verified", "built")


@pytest.mark.parametrize(
    ("wanted", "ami"),
    [
        pytest.param(Wanted("us-east-1", USABLE, channel="stable"), "ami-2", id="channel"),
        pytest.param(Wanted("eu-west-1", USABLE, channel="candidate"), "ami-3", id="another channel"),
        pytest.param(Wanted("eu-west-1", USABLE, fingerprint="f1"), "ami-1", id="fingerprint"),
        pytest.param(Wanted("us-east-1", USABLE, channel="candidate"), None, id="not copied to the region"),
        pytest.param(Wanted("eu-west-1", USABLE, channel="broken"), None, id="the channel's build failed"),
        pytest.param(Wanted("eu-west-1", ["built"], channel="stable"), None, id="status"),
        pytest.param(Wanted("eu-west-1", USABLE, fingerprint="f9"), None, id="no such fingerprint"),
    ],
)
def test_a_channel_and_a_fingerprint_name_a_build(home: pathlib.Path, wanted: Wanted, ami: str | None) -> None:
    build = find_build(open_catalogue(f"sqlite:{home}/catalogue.sqlite"), "iis_dotnet", wanted)
    assert (build.amis[wanted.region] if build else None) == ami


@pytest.mark.parametrize(
    ("image", "wanted", "message"),
    [
        pytest.param(
            "iis_dotnet",
            Wanted("eu-west-1", USABLE, channel="prod"),
            "has no verified or built AMI in channel 'prod' in eu-west-1: the image has only the channels broken, "
            "candidate, stable. Its newest builds in",
            id="unknown channel",
        ),
        pytest.param(
            "octopus_tentacle",
            Wanted("eu-west-1", USABLE, channel="prod"),
            "in eu-west-1: the image has no channels yet.",
            id="no channels",
        ),
        pytest.param(
            "iis_dotnet",
            Wanted("eu-west-1", USABLE, channel="broken"),
            "the channel points at 20261122T160003Z-000003 (failed, no AMI). Its newest builds",
            id="the channel's build failed",
        ),
        pytest.param(
            "iis_dotnet",
            Wanted("eu-west-1", USABLE, fingerprint="f9"),
            "with fingerprint f9 in eu-west-1. Its newest builds in sqlite:{home}/catalogue.sqlite: "
            "20261122T160003Z-000003 (failed, no AMI, fingerprint f3); "
            "20261122T160002Z-000002 (built, ami-3 in eu-west-1, fingerprint f2)",
            id="fingerprint",
        ),
    ],
)
def test_what_there_is_instead_is_said(home: pathlib.Path, image: str, wanted: Wanted, message: str) -> None:
    said = explain(open_catalogue(f"sqlite:{home}/catalogue.sqlite"), image, wanted)
    assert message.format(home=home) in said


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        pytest.param(
            "catalogue='sqlite:c', region='r', channel='a', fingerprint='b'", "pass one of them", id="channel or not"
        ),
        pytest.param("region='eu-west-1'", "No catalogue is named: set golden_catalogue", id="catalogue"),
        pytest.param("catalogue='sqlite:c'", "No region is known: set golden_aws.region", id="region"),
    ],
)
def test_a_setting_that_is_missing_is_named(tmp_path: pathlib.Path, keywords: str, message: str) -> None:
    result = ansible(
        "ansible", "-i", "localhost,", "localhost", "-c", "local", "-m", "ansible.builtin.debug", "-a",
        f"msg={{{{ lookup('golden.windows_ami.ami', 'x', {keywords}) }}}}", home=tmp_path,
    )  # fmt: skip
    assert result.returncode != 0
    assert message in output(result)


def test_the_documentation_is_complete(tmp_path: pathlib.Path) -> None:
    result = ansible("ansible-doc", "-t", "lookup", "golden.windows_ami.ami", home=tmp_path)
    assert result.returncode == 0, output(result)
    for word in (
        "region",
        "channel",
        "fingerprint",
        "catalogue",
        "statuses",
        "default",
        "EXAMPLES",
        "RETURN VALUES",
        "_raw",
    ):
        assert word in result.stdout
