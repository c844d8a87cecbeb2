# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables reach the roles that take them, secrets stay out, and every input has a digest."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import EncryptedString, VaultLib, VaultSecret
from ansible.template import Templar, trust_as_template
from ansible_collections.golden.windows_ami.plugins.plugin_utils.contents import (
    Common,
    ContentsError,
    collection_version,
    common,
    contents_of,
)
from ansible_collections.golden.windows_ami.plugins.plugin_utils.images import Image
from ansible_collections.golden.windows_ami.plugins.plugin_utils.plan import Artefact, Contents
from ansible_collections.golden.windows_ami.plugins.plugin_utils.roles import Role, read_role
from ansible_collections.golden.windows_ami.plugins.plugin_utils.variables import TaskVariables, VariableError

from .conftest import write

SHARED = Common({"template": "t"}, ())


class World(t.NamedTuple):
    """A project and what its inventory says."""

    project: pathlib.Path

    def role(self, name: str = "web") -> Role:
        return read_role(name, self.project / "playbooks" / "roles" / name, DataLoader())

    def contents(
        self,
        own: dict[str, t.Any] | None = None,
        inventory: dict[str, t.Any] | None = None,
        extra: tuple[str, ...] = (),
        role: str = "web",
    ) -> Contents:
        variables = dict(inventory or {})
        templar = Templar(DataLoader(), variables)
        image = Image("shop", base="windows", roles=(role,), vars=own or {})
        return contents_of(image, [self.role(role)], SHARED, TaskVariables(templar, variables, extra))


@pytest.fixture
def world(project: pathlib.Path) -> World:
    return World(project)


def test_a_role_gets_the_variables_it_names_and_no_others(world: World) -> None:
    found = world.contents(inventory={"web_port": 8080, "web_other": 1, "ansible_port": 1})
    assert found.vars == {"web_port": 8080}
    assert {name for name in found.inputs if name.startswith("var:")} == {"var:web_port"}


def test_templates_are_resolved(world: World) -> None:
    inventory = {"web_port": trust_as_template("{{ base_port + 1 }}"), "base_port": 80}
    assert world.contents(inventory=inventory).vars == {"web_port": 81}


def test_templates_of_the_inventory_see_the_variables_of_the_image(world: World) -> None:
    inventory = {"web_url": trust_as_template("http://mine/{{ web_version }}"), "web_version": "1"}
    assert world.contents({"web_version": "2"}, inventory).vars == {"web_url": "http://mine/2", "web_version": "2"}


def test_a_variable_that_cannot_be_resolved_is_named(world: World) -> None:
    with pytest.raises(VariableError, match=r"Variable web_port cannot be resolved: .*nothing_here"):
        world.contents(inventory={"web_port": trust_as_template("{{ nothing_here }}")})


@pytest.mark.parametrize(("extra", "port"), [((), 1), (("web_port",), 2)], ids=["image", "command line"])
def test_the_image_beats_the_inventory_and_the_command_line_beats_both(
    world: World, extra: tuple[str, ...], port: int
) -> None:
    assert world.contents({"web_port": 1}, {"web_port": 2}, extra).vars == {"web_port": port}


def test_a_secret_is_passed_by_name_only_and_leaves_no_digest(world: World) -> None:
    one = world.contents(inventory={"web_key": "hunter2", "web_port": 1})
    other = world.contents(inventory={"web_key": "hunter3", "web_port": 1})
    assert one.secret_vars == ("web_key",)
    assert "hunter2" not in str(one)
    assert one == other


def test_the_secret_part_of_a_variable_leaves_no_digest_but_the_rest_does(world: World) -> None:
    found = [world.contents(inventory={"web_sites": [{"name": name, "pin": pin}]}) for name, pin in ("a1", "a2", "b1")]
    digests = [contents.inputs["var:web_sites"] for contents in found]
    assert digests[0] == digests[1] != digests[2]
    assert [(contents.vars, contents.secret_vars) for contents in found] == [({}, ("web_sites",))] * 3


def test_what_comes_from_a_vault_is_secret_whatever_the_role_says(world: World) -> None:
    secret = VaultSecret(b"password")
    ciphertext = VaultLib([("default", secret)]).encrypt("hunter2", secret).decode()
    variables = {"plain_note": EncryptedString(ciphertext=ciphertext)}

    class Vaulted(TaskVariables):
        def value(self, name: str) -> t.Any:
            return "hunter2"

        def overlaid(self, values: t.Any) -> Vaulted:
            return self

    role = world.role("plain")
    found = contents_of(
        Image("shop", base="w", roles=("plain",)), [role], SHARED, Vaulted(Templar(DataLoader(), {}), variables, ())
    )
    assert (found.vars, found.secret_vars) == ({}, ("plain_note",))
    assert "var:plain_note" not in found.inputs


def test_a_secret_among_an_image_s_variables_is_refused(world: World) -> None:
    with pytest.raises(ContentsError, match="Image shop: web_key is a secret and does not belong in an image's vars"):
        world.contents({"web_key": "hunter2"})


def test_all_mistakes_come_at_once(world: World) -> None:
    with pytest.raises(ContentsError) as caught:
        world.contents({"web_prot": 1, "web_mode": "c"}, {"web_port": "http"})
    lines = str(caught.value).splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("Image shop: web_prot is no variable of web.")
    assert all(line.startswith("Image shop: role web: ") for line in lines[1:])


def test_a_changed_file_of_a_role_changes_its_input(world: World) -> None:
    before = world.contents().inputs
    write(world.project / "playbooks/roles/web/tasks/main.yml", "- debug:")
    after = world.contents().inputs
    assert {name for name in after if before[name] != after[name]} == {"role:web"}


@pytest.mark.parametrize(
    ("inventory", "expected"),
    [
        ({}, [("web_url", "https://files.example.com/web-1.0.msi", False)]),
        ({"web_version": "2.0"}, [("web_url", "https://files.example.com/web-2.0.msi", True)]),
        ({"web_url": "http://mine/web"}, [("web_url", "http://mine/web", True)]),
        ({"web_url": "http://mine/web", "web_sha256": "1"}, [("web_url", "http://mine/web", True)]),
        ({"web_key": "2.0-secret", "web_version": "2.0-secret"}, []),
    ],
    ids=["default", "follows a variable", "default checksum", "set", "holds a secret"],
)
def test_files_that_the_roles_fetch(world: World, inventory: dict[str, t.Any], expected: list[t.Any]) -> None:
    assert world.contents(inventory=inventory).artefacts == tuple(Artefact(*item) for item in expected)


def test_what_all_images_share(project: pathlib.Path) -> None:
    shared = common(
        project / "packer", project / "playbooks/provision.yml", {"ansible-core": "2.19.1"}, {"root_volume_gib": 50}
    )
    assert shared.roles == ("seal",)
    assert set(shared.inputs) == {
        "template",
        "user_data",
        "provision",
        "version:ansible-core",
        "builder:root_volume_gib",
    }
    write(project / "packer/bootstrap/winrm.ps1", "# other")
    again = common(
        project / "packer", project / "playbooks/provision.yml", {"ansible-core": "2.19.1"}, {"root_volume_gib": 50}
    )
    assert {name for name in shared.inputs if shared.inputs[name] != again.inputs[name]} == {"user_data"}


def test_versions_of_collections() -> None:
    assert (collection_version("ansible.windows") or "").count(".") == 2
    assert (collection_version("golden.windows_ami") or "").count(".") == 2
    assert collection_version("no.such") is None
