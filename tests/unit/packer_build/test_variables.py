# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables, tags and environment of a build."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils import packer_vars

from tests.unit.packer_build.workshop import a_build, an_entry

FILES = packer_vars.Files(pathlib.Path("/private"), pathlib.Path("/logs/a.log"), pathlib.Path("/logs/a.json"))
BUILDER = {"instance_type": "m5.large", "subnet_id": "subnet-1", "source_cidrs": ["192.0.2.1/32"], "kms_key_id": ""}


def test_packer_gets_the_builder_and_leaves_out_what_is_not_set() -> None:
    values = packer_vars.packer_variables(a_build(), an_entry(), BUILDER, FILES, endpoint_url="")
    assert values["builder_addresses"] == ["192.0.2.1/32"]
    assert values["source_ami"] == "ami-0123456789abcdef0"
    assert values["manifest"] == "/private/manifest.json"
    assert "kms_key_id" not in values
    assert "source_cidrs" not in values


def test_an_ami_description_is_ascii_and_not_too_long() -> None:
    entry = an_entry(description="für alle " * 40)
    description = packer_vars.packer_variables(a_build(), entry, BUILDER, FILES)["ami_description"]
    assert description.startswith("f?r alle")
    assert len(description) == 255


def test_the_ami_is_tagged_with_where_it_came_from() -> None:
    build = a_build(fingerprint="f" * 64, parent_build="20261122T100000Z-aaaaaa", commit="c" * 40, dirty=True)
    assert packer_vars.ami_tags(build) == {
        "Name": build.ami_name,
        "golden:image": "web",
        "golden:build": build.id,
        "golden:fingerprint": "f" * 64,
        "golden:parent": "ami-0123456789abcdef0",
        "golden:commit": "c" * 40 + "-dirty",
    }


def test_what_is_not_known_is_not_tagged() -> None:
    assert set(packer_vars.ami_tags(a_build())) == {"Name", "golden:image", "golden:build", "golden:parent"}


def test_the_playbook_gets_the_roles_the_variables_and_the_connection() -> None:
    entry = an_entry(vars={"iis_dotnet_features": ["Web-Server"]})
    values = packer_vars.extra_variables(a_build(), entry, {"octopus_key": "API-1"}, {"golden_proxy": ""})
    assert values["golden_image"] == "web"
    assert values["golden_build"] == a_build().id
    assert values["golden_roles"] == ["golden.windows_ami.iis_dotnet"]
    assert values["iis_dotnet_features"] == ["Web-Server"]
    assert values["octopus_key"] == "API-1"
    assert values["ansible_winrm_transport"] == "ntlm"
    assert values["ansible_port"] == 5986


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("{{ not_a_template }}", {"__ansible_unsafe": "{{ not_a_template }}"}),
        (["{% raw %}", "plain"], [{"__ansible_unsafe": "{% raw %}"}, "plain"]),
        ({"a": "{# note #}"}, {"a": {"__ansible_unsafe": "{# note #}"}}),
        (7, 7),
        (None, None),
    ],
)
def test_values_reach_the_playbook_literally(value: t.Any, written: t.Any) -> None:
    entry = an_entry(vars={"a_variable": value})
    assert packer_vars.extra_variables(a_build(), entry, {}, {})["a_variable"] == written


def test_the_proxy_never_stands_between_the_instance_and_its_metadata() -> None:
    values = packer_vars.proxy_variables("http://192.0.2.9:3128", ["internal.example", "localhost"])
    assert values["proxy_url"] == "http://192.0.2.9:3128"
    assert {"169.254.169.254", "internal.example"} <= set(values["proxy_bypass"])
    assert values["proxy_bypass"].count("localhost") == 1


def test_no_proxy_needs_no_variables() -> None:
    assert packer_vars.proxy_variables("", ["internal.example"]) == {}


def test_a_config_file_of_aws_counts_alone() -> None:
    inherited = {"AWS_ACCESS_KEY_ID": "a", "AWS_SESSION_TOKEN": "b", "AWS_ENDPOINT_URL": "c", "HOME": "/home/a"}
    environment = packer_vars.environment(inherited, {"config_file": "/lab/config", "profile": None}, FILES, {})
    assert not {"AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"} & set(environment)
    assert environment["AWS_CONFIG_FILE"] == "/lab/config"
    assert environment["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
    assert environment["AWS_PROFILE"] == "default"
    assert environment["HOME"] == "/home/a"


def test_without_a_config_file_the_usual_places_count() -> None:
    inherited = {"AWS_ACCESS_KEY_ID": "a"}
    environment = packer_vars.environment(
        inherited, {"config_file": None, "profile": None}, FILES, {"ANSIBLE_CONFIG": "x"}
    )
    assert environment["AWS_ACCESS_KEY_ID"] == "a"
    assert "AWS_PROFILE" not in environment
    assert environment["ANSIBLE_CONFIG"] == "x"
    assert environment["GOLDEN_RUN_FILE"] == "/private/run.json"


def test_all_text_in_a_secret_is_secret() -> None:
    assert packer_vars.texts({"a": ["b", {"c": "d"}], "e": 5, "f": None}) == ["b", "d"]


@pytest.mark.parametrize(
    ("url", "passwords"),
    [("http://user:p%40ss@proxy:3128", ["p%40ss", "p@ss"]), ("http://proxy:3128", []), ("", [])],
)
def test_the_password_in_a_proxy_url(url: str, passwords: list[str]) -> None:
    assert packer_vars.passwords_in(url) == passwords
