# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles are found, read, and their variables checked, before anything is started."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible_collections.golden.windows_ami.plugins.plugin_utils.roles import (
    Role,
    RoleError,
    artefacts,
    check_names,
    check_values,
    find_role,
    read_role,
    with_dependencies,
)

from .conftest import write


@pytest.fixture
def search(project: pathlib.Path) -> list[pathlib.Path]:
    return [project / "playbooks" / "roles"]


@pytest.fixture
def web(search: list[pathlib.Path]) -> Role:
    return read_role("web", search[0] / "web", DataLoader())


def reader(search: list[pathlib.Path]) -> t.Callable[[str], Role]:
    return lambda name: read_role(name, find_role(name, search), DataLoader())


def test_a_role_says_which_variables_it_takes(web: Role) -> None:
    assert web.takes("web_port")
    assert web.takes("web_expected")
    assert not web.takes("web_other")
    assert web.is_secret("web_key")
    assert web.is_secret("web_sites")
    assert not web.is_secret("web_port")
    assert web.defaults["web_port"] == 80


def test_a_role_without_a_specification_takes_what_begins_with_its_name(search: list[pathlib.Path]) -> None:
    role = reader(search)("plain")
    assert role.takes("plain_x")
    assert not role.takes("plainx")


def test_the_roles_of_this_collection_are_found_by_their_full_name() -> None:
    path = find_role("golden.windows_ami.firewall", [])
    assert (path / "tasks" / "main.yml").is_file()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nginx", "Role 'nginx' does not exist. Looked in {search}. A role of a collection needs its full name"),
        ("golden.windows_ami.nginx", "Role 'golden.windows_ami.nginx' does not exist. Looked in "),
        ("golden.windows_ami.nginx", "there is firewall, iis_dotnet, octopus_tentacle, proxy, sysprep."),
        ("no.such.role", "the collection no.such is not installed."),
    ],
)
def test_a_role_that_does_not_exist_says_where_it_was_looked_for(
    search: list[pathlib.Path], name: str, message: str
) -> None:
    with pytest.raises(RoleError) as caught:
        find_role(name, search)
    assert message.format(search=search[0]) in str(caught.value)


def test_dependencies_come_first_and_once(search: list[pathlib.Path]) -> None:
    roles = with_dependencies(["stacked", "web"], reader(search))
    assert [role.name for role in roles] == ["plain", "web", "stacked"]


def test_a_circle_of_dependencies_is_shown(search: list[pathlib.Path]) -> None:
    write(search[0] / "plain" / "meta" / "main.yml", {"dependencies": ["stacked"]})
    with pytest.raises(RoleError, match="in a circle: stacked → plain → stacked"):
        with_dependencies(["stacked"], reader(search))


def test_a_role_whose_files_have_the_wrong_shape_is_named(search: list[pathlib.Path]) -> None:
    write(search[0] / "plain" / "defaults" / "main.yml", ["a"])
    with pytest.raises(RoleError, match=r"plain/defaults/main.yml must hold a dictionary, not a list"):
        reader(search)("plain")


def test_a_misspelt_variable_of_an_image_is_found(web: Role) -> None:
    (problem,) = check_names([web], ["web_prot", "other", "web_port"])
    assert problem.startswith("web_prot is no variable of web. Did you mean web_port? Known: web_expected, web_key,")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"web_port": "80", "web_sites": [{"name": "a"}], "other": object}, None),
        ({"web_port": "http"}, "'web_port' is of type str and we were unable to convert to int"),
        ({"web_sites": "a"}, "'web_sites'"),
        ({"web_sites": [{}]}, "missing required arguments: name found in web_sites"),
        ({"web_sites": [{"name": "a", "nmae": "b"}]}, "web_sites.nmae"),
        ({"web_mode": "c"}, "value of web_mode must be one of: a, b, got: c"),
        ({"web_expected": "perhaps"}, "'web_expected'"),
    ],
)
def test_values_are_checked_as_ansible_does(web: Role, values: dict[str, t.Any], message: str | None) -> None:
    problems = check_values(web, values)
    assert (problems == []) if message is None else (message in problems[0]), problems


def test_a_default_that_is_a_template_is_no_value_of_the_wrong_type(search: list[pathlib.Path]) -> None:
    options = {
        "plain_register": {"type": "bool"},
        "plain_script": {"type": "bool", "default": "{{ not plain_register }}"},
    }
    write(search[0] / "plain" / "meta" / "argument_specs.yml", {"argument_specs": {"main": {"options": options}}})
    role = reader(search)("plain")
    assert check_values(role, {"plain_register": True}) == []
    assert check_values(role, {"plain_script": "perhaps"}) != []


def test_a_wrong_secret_is_not_repeated(search: list[pathlib.Path]) -> None:
    specification = {"argument_specs": {"main": {"options": {"plain_pin": {"type": "int", "no_log": True}}}}}
    write(search[0] / "plain" / "meta" / "argument_specs.yml", specification)
    (problem,) = check_values(reader(search)("plain"), {"plain_pin": "hunter2"})
    assert "plain_pin" in problem
    assert "hunter2" not in problem


def test_files_are_recognised_by_checksum_or_ending() -> None:
    values = {
        "a_url": "https://x/download",
        "a_sha256": "1",
        "b_source": "https://x/b.MSI?token",
        "c_url": "https://x/api",
        "d_path": "C:\\x.msi",
        "list": [{"url": "http://x/1", "checksum": "1"}, {"url": "http://x/2"}],
        "nested": {"url": "http://x/3", "sha256": "1"},
        "__table": {"1.0": {"url": "http://x/4.exe", "sha256": "1"}},
    }
    assert artefacts(values) == {
        "a_url": "https://x/download",
        "b_source": "https://x/b.MSI?token",
        "list[0].url": "http://x/1",
        "nested.url": "http://x/3",
    }
