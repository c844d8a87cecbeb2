# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in every place that a play has: none of them gets into the catalogue, the spool or the report."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.hidden import Hider, hide_in_build, secrets_in

from tests.unit.running import output

from .conftest import Project
from .test_ami_recorder import a_build, packer_build

Values = dict[str, t.Any]
# One for each place, so that a failure says which.
PLACES = (
    "ARGS",
    "RESULT",
    "ITEM",
    "ROLEVAR",
    "FAILURE",
    "ENVIRON",
    "TASKENV",
    "SPEC",
    "VAULT",
    "URL",
    "TEMPLATE",
    "NOLOG",
)
PLANTED = {place: f"s3cret-{place}-{place[::-1]}" for place in PLACES}
VAULT_PASSWORD = "open-sesame"


def vaulted(text: str) -> str:
    from ansible.parsing.vault import VaultLib, VaultSecret

    return VaultLib([("default", VaultSecret(VAULT_PASSWORD.encode()))]).encrypt(text.encode()).decode()


def found_in(*paths: pathlib.Path) -> set[str]:
    """Return the places whose secrets are in these files, and in those below these directories."""
    files = [file for path in paths for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()]
    assert files
    content = b"".join(file.read_bytes() for file in files)
    return {place for place, secret in PLANTED.items() if secret.encode() in content}


def everything() -> str:
    """Return a message that says every secret, as a careless program would."""
    templates = {
        "ROLEVAR": "{{ app_password }}",
        "SPEC": "{{ app_setting }}",
        "VAULT": "{{ app_vaulted }}",
        "TEMPLATE": "{{ app_token }}",
        "ENVIRON": "{{ lookup('env', 'DEPLOY_TOKEN') }}",
        "URL": f"https://me:{PLANTED['URL']}@host/x",
    }
    return " ".join(templates.get(place, secret) for place, secret in PLANTED.items() if place != "NOLOG")


@pytest.fixture
def role(project: Project) -> Project:
    """A project with a role whose variables are secret for different reasons, and that fails with all of them."""
    directory = project.path / "roles" / "app"
    options = {"app_setting": {"type": "str", "no_log": True}}
    files = {
        "meta/argument_specs.yml": json.dumps({"argument_specs": {"main": {"options": options}}}),
        "vars/main.yml": json.dumps({"app_password": PLANTED["ROLEVAR"], "app_token": "{{ app_hidden }}"}),
        "tasks/main.yml": json.dumps(
            [
                {
                    "name": "Say something nobody should",
                    "ansible.builtin.set_fact": {
                        "golden_contents": {"app": {"text": "{{ said }}", "url": everything()}}
                    },
                    "environment": {"API_TOKEN": PLANTED["TASKENV"]},
                    "vars": {
                        "said": everything(),
                        "item_pwd": PLANTED["ITEM"],
                        "fail_secret": PLANTED["FAILURE"],
                        "my_secret": PLANTED["ARGS"],
                        "result_pw": PLANTED["RESULT"],
                    },
                },
                {
                    "name": "Hide the result",
                    "ansible.builtin.command": f"echo {PLANTED['NOLOG']}",
                    "no_log": True,
                },
                {
                    "name": "Fail loudly",
                    "ansible.builtin.fail": {"msg": everything()},
                    "environment": {"API_TOKEN": PLANTED["TASKENV"]},
                    "vars": {"my_secret": [PLANTED["ARGS"], PLANTED["FAILURE"]], "inner": {"pw": PLANTED["RESULT"]}},
                    "loop": [{"name": "one", "password": PLANTED["ITEM"]}],
                },
            ]
        ),
    }
    for name, content in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(content)
    lines = "\n".join(f"  {line}" for line in vaulted(PLANTED["VAULT"]).splitlines())
    (project.path / "secrets.yml").write_text(
        f"app_setting: {PLANTED['SPEC']}\napp_hidden: {PLANTED['TEMPLATE']}\napp_vaulted: !vault |\n{lines}\n"
    )
    (project.path / "vault.txt").write_text(VAULT_PASSWORD)
    return project


def run(project: Project, *tasks: Values, **more: t.Any) -> str:
    arguments = ["-e", "@secrets.yml", "--vault-password-file", "vault.txt"]
    return output(project.play(*tasks, arguments=arguments, DEPLOY_TOKEN=PLANTED["ENVIRON"], **more))


def test_the_report_of_a_provisioning_run_holds_no_secret(role: Project) -> None:
    report = role.path / "run.json"
    said = run(role, {"ansible.builtin.include_role": {"name": "app"}}, GOLDEN_RUN_FILE=str(report))
    values = json.loads(report.read_text())
    assert PLANTED["FAILURE"] in said, "what Ansible itself shows is not this plugin's"
    assert values["failure"]["task"] == "app : Fail loudly"
    assert "https://********@host/x" in values["failure"]["message"]
    assert values["contents"]["app"]["url"].count("********") >= 5
    assert found_in(report) == set()


def test_the_catalogue_and_the_spool_hold_no_secret(role: Project) -> None:
    build = a_build(status="failed", amis={}, error="ERROR", contents={"app": {"key": "ERROR"}})
    task = packer_build(build, failed=True, msg="no", keywords={"ignore_errors": True})
    text = json.dumps(task).replace("ERROR", everything().replace("lookup('env', 'DEPLOY_TOKEN')", "app_environ"))
    task = json.loads(text)
    task["vars"] = {
        "app_password": PLANTED["ROLEVAR"],
        "app_token": "{{ app_hidden }}",
        "app_environ": PLANTED["ENVIRON"],
        "my_secret": [PLANTED["ARGS"], PLANTED["FAILURE"], PLANTED["SPEC"]],
        "inner": {"pw": PLANTED["RESULT"]},
    }
    task["environment"] = {"API_TOKEN": PLANTED["TASKENV"]}
    task["loop"] = [{"name": "one", "password": PLANTED["ITEM"]}]
    run(role, task)
    (kept,) = role.catalogue.builds()
    assert kept.id == build.id
    assert "https://********@host/x" in str(kept.error)
    assert found_in(role.catalogue_file.parent) == set()

    role.catalogue_file.unlink()
    role.catalogue_file.mkdir()
    run(role, task)
    assert len(role.waiting()) == 1
    assert found_in(role.spool) == set()


def test_the_current_directory_is_no_password(role: Project) -> None:
    build = a_build(log=f"{role.path}/build.log")
    run(role, packer_build(build), PWD=str(role.path))
    (kept,) = role.catalogue.builds()
    assert kept.log == build.log


def test_what_has_a_secrets_name_is_found_wherever_it_is() -> None:
    values = {
        "db_password": "a1",
        "list": [{"apiKey": "b2"}, {"deep": {"access_key_id": "c3"}}],
        "SECRET": ["d4", {"x": "e5"}],
        "plain": "f6",
        "hostvars": {"other": {"password": "g7"}},
        "ssh_pw": 1234,
        "use_token": True,
        "mine": "h8",
    }
    assert secrets_in(values, {"mine"}) == {"a1", "b2", "c3", "d4", "e5", "1234", "h8"}


def test_what_identifies_a_build_is_not_hidden() -> None:
    build = a_build(error="iis_dotnet failed", ami_name="iis_dotnet 1").to_dict()
    hidden = hide_in_build(build, Hider({"iis_dotnet", build["id"], "built"}))
    assert {**hidden, "error": build["error"], "ami_name": build["ami_name"]} == build
    assert hidden["error"] == "******** failed"


def test_a_password_in_an_address_is_hidden_and_the_rest_is_not() -> None:
    hider = Hider(())
    assert hider.text("GET http://me:pw@proxy:3128/a@b failed") == "GET http://********@proxy:3128/a@b failed"
    assert hider.text("http://proxy:3128/x") == "http://proxy:3128/x"
    assert hider.value({"a": ["http://u:p@h", 1, None]}) == {"a": ["http://********@h", 1, None]}
