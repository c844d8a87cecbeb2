# SPDX-License-Identifier: GPL-3.0-or-later
"""The workflows of docs/examples: sound, without long-lived keys, and in step with the playbooks that they run."""

from __future__ import annotations

import importlib.resources
import json
import pathlib
import re
import subprocess
import sys
import typing as t

import jsonschema
import pytest
import yaml

ROOT = pathlib.Path(__file__).parents[3]
EXAMPLES = ROOT / "docs" / "examples"
NIGHTLY = EXAMPLES / "github" / "nightly.yml"
ACTION = EXAMPLES / "github" / "actions" / "golden" / "action.yml"
AWX = EXAMPLES / "awx" / "templates.yml"

Document = dict[str, t.Any]


class Loader(yaml.SafeLoader):
    """YAML 1.2, as GitHub reads it: "on" is a word, and no boolean."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


def read(path: pathlib.Path) -> Document:
    return t.cast(Document, yaml.load(path.read_text(encoding="utf-8"), Loader))


def schema(name: str) -> Document:
    """Return a schema that check-jsonschema carries."""
    folder = importlib.resources.files("check_jsonschema") / "builtin_schemas"
    return t.cast(Document, json.loads((folder / name).read_text(encoding="utf-8")))


def problems(document: Document, name: str) -> list[str]:
    kind = jsonschema.validators.validator_for(schema(name))
    return [error.message for error in kind(schema(name)).iter_errors(document)]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (NIGHTLY, "vendor/github-workflows.json"),
        (NIGHTLY, "custom/github-workflows-require-timeout.json"),
        (ACTION, "vendor/github-actions.json"),
    ],
    ids=["workflow", "timeouts", "action"],
)
def test_github_would_take_it(path: pathlib.Path, name: str) -> None:
    assert problems(read(path), name) == []


def test_the_schema_would_find_something() -> None:
    broken = read(NIGHTLY)
    del broken["jobs"]["watch"]["runs-on"]
    assert problems(broken, "vendor/github-workflows.json")


def steps(document: Document) -> t.Iterator[Document]:
    for job in document["jobs"].values():
        yield from job["steps"]


def test_nothing_that_lasts_is_a_key() -> None:
    text = NIGHTLY.read_text() + ACTION.read_text()
    assert "secrets." not in text
    assert "access-key" not in text
    document = read(NIGHTLY)
    assert document["permissions"] == {"contents": "read"}
    for name, job in document["jobs"].items():
        assert job["permissions"].pop("id-token") == "write", name
        assert set(job["permissions"].items()) <= {("contents", "read"), ("security-events", "write")}


def test_no_text_of_others_becomes_a_command() -> None:
    for step in (*steps(read(NIGHTLY)), *read(ACTION)["runs"]["steps"]):
        assert "${{" not in step.get("run", ""), "values reach a shell by its environment"


def test_each_job_takes_the_role_whose_policy_there_is() -> None:
    roles = {
        re.fullmatch(r"\$\{\{ vars.GOLDEN_(\w+)_ROLE \}\}", step["with"]["role"])[1].lower()  # type: ignore[index]
        for step in steps(read(NIGHTLY))
        if "role" in step.get("with", {})
    }
    assert roles == {"watch", "build", "promote", "audit"} == set(read(NIGHTLY)["jobs"])
    assert all((ROOT / "docs" / "iam" / f"{role}.json").is_file() for role in roles)
    page = (ROOT / "docs" / "nightly.md").read_text()
    assert all(f"GOLDEN_{role.upper()}_ROLE" in page for role in roles)


def test_only_one_run_at_a_time_and_none_is_cut_off() -> None:
    assert read(NIGHTLY)["concurrency"]["cancel-in-progress"] is False


def calls() -> t.Iterator[tuple[str, set[str]]]:
    """Yield the playbooks that are run, and the names of the variables that they are given."""
    for step in steps(read(NIGHTLY)):
        if found := re.search(r"ansible-playbook (playbooks/\w+\.yml)", step.get("run", "")):
            given = re.findall(r'-e "?(?:\{\\")?(\w+)(?:=|\\")', step["run"])
            yield found[1], set(given)
    [play] = read(AWX)  # type: ignore[misc]
    for verb in play["vars"]["verbs"]:  # type: ignore[index]
        yield verb["playbook"], set(verb.get("extra_vars", {}))


@pytest.mark.parametrize(
    ("playbook", "given"),
    [pytest.param(playbook, given, id=f"{playbook} {' '.join(sorted(given))}") for playbook, given in calls()],
)
def test_each_playbook_is_there_and_takes_what_it_is_given(playbook: str, given: set[str]) -> None:
    text = (ROOT / playbook).read_text(encoding="utf-8")
    assert all(re.search(rf"\b{name}\b", text.partition("- name:")[0]) for name in given), (
        "the header names each option"
    )


def test_the_commands_are_found_at_all() -> None:
    found = dict(list(calls())[:4])
    assert found["playbooks/promote.yml"] == {"image", "channel", "reason"}
    assert found["playbooks/audit.yml"] == {"sarif", "junit", "json"}


def test_awx_is_asked_only_for_what_its_modules_take(tmp_path: pathlib.Path) -> None:
    [play] = read(AWX)  # type: ignore[misc]
    tasks: list[Document] = play["tasks"]  # type: ignore[index]
    used = sorted({name for task in tasks for name in task if name.startswith("awx.awx.")})
    done = subprocess.run(
        [pathlib.Path(sys.executable).parent / "ansible-doc", "--json", *used],
        capture_output=True, text=True, check=True, cwd=ROOT, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    documented = json.loads(done.stdout)
    for task in tasks:
        [name] = [name for name in task if name.startswith("awx.awx.")]
        options = documented[name]["doc"]["options"]
        assert set(task[name]) <= set(options), task["name"]
        assert {one for one, what in options.items() if what.get("required")} <= set(task[name]), task["name"]


def test_the_nodes_of_the_workflow_are_templates_that_are_made() -> None:
    [play] = read(AWX)  # type: ignore[misc]
    values = play["vars"]  # type: ignore[index]
    made = {verb["name"] for verb in values["verbs"]}
    nodes = {node["identifier"] for node in values["nightly"]}
    after = {
        name for node in values["nightly"] for key, names in node.items() if key.endswith("_nodes") for name in names
    }
    assert after <= nodes <= made


def test_the_queue_listens_to_the_topics_that_the_page_names() -> None:
    topic = re.compile(r"arn:aws:sns:us-east-1:\d{12}:ec2-windows-ami-(?:update|private)")
    template = (EXAMPLES / "cloudformation" / "windows-ami-released.yml").read_text()
    named = set(topic.findall((ROOT / "docs" / "nightly.md").read_text()))
    assert len(named) == 2
    assert sorted(topic.findall(template)) == sorted([*named, *named]), "subscribed to, and allowed to send"
