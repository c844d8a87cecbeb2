# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in the documentation can be used as they are."""

from __future__ import annotations

import configparser
import pathlib
import typing as t

import pytest
import yaml

from scripts.reference import COLLECTION
from scripts.reference_page import Subject
from tests.unit.running import ansible, output

Documented = list[Subject]


def examples(documented: Documented, *kinds: str) -> t.Iterator[tuple[Subject, t.Any]]:
    """Yield each YAML document of the examples of plugins of these kinds."""
    for subject in documented:
        if subject.kind in kinds:
            for document in yaml.safe_load_all(subject.documentation["examples"]):
                yield subject, document


def play(subject: Subject, document: t.Any) -> dict[str, t.Any]:
    """Return a play with an example: a list is one of tasks, a dictionary one of variables."""
    what = {"tasks": document} if isinstance(document, list) else {"vars": document}
    return {"name": f"Example of {subject.name}", "hosts": "all", "gather_facts": False, **what}


def test_ansible_takes_the_examples(documented: Documented, tmp_path: pathlib.Path) -> None:
    plays = [play(*example) for example in examples(documented, "module", "lookup", "filter")]
    assert len(plays) >= sum(subject.kind in {"module", "lookup", "filter"} for subject in documented)
    (tmp_path / "examples.yml").write_text(yaml.safe_dump(plays, sort_keys=False))
    done = ansible("ansible-playbook", "--syntax-check", "-i", "localhost,", "examples.yml", home=tmp_path)
    assert done.returncode == 0, output(done)
    assert "WARNING" not in output(done)


def test_tasks_in_examples_use_documented_options(documented: Documented) -> None:
    options = {
        subject.name: subject.documentation["doc"]["options"] for subject in documented if subject.kind == "module"
    }
    wrong, seen = [], set()
    for subject, document in examples(documented, "module"):
        for task in document:
            for name in set(task) & set(options):
                seen.add(name)
                wrong += [f"{subject.name}: {name}: {problem}" for problem in problems(task[name], options[name])]
    assert wrong == []
    assert seen == set(options)


def problems(given: dict[str, t.Any], options: dict[str, t.Any]) -> list[str]:
    """Return what is wrong with the options of a task."""
    found = [f"there is no option {name}" for name in set(given) - set(options)]
    found += [f"needs {name}" for name, option in options.items() if option.get("required") and name not in given]
    for name, value in given.items():
        choices = options.get(name, {}).get("choices")
        if choices and isinstance(value, str) and "{{" not in value and value not in choices:
            found.append(f"{name} cannot be {value}")
        if isinstance(value, dict) and (inner := options.get(name, {}).get("suboptions")) and not freely_named(name):
            found += [f"{name}: {problem}" for problem in problems(value, inner)]
    return found


def freely_named(option: str) -> bool:
    """Say whether the keys of a dictionary are names that users choose, and the suboptions those of each value."""
    return option in {"images", "bases"}


def test_inventories_in_examples_use_documented_options(documented: Documented) -> None:
    for subject, document in examples(documented, "inventory"):
        assert document["plugin"] == subject.name
        assert set(document) <= set(subject.documentation["doc"]["options"])


def test_ansible_runs_with_the_settings_in_the_examples_of_callbacks(
    documented: Documented, tmp_path: pathlib.Path
) -> None:
    callbacks = [subject for subject in documented if subject.kind == "callback"]
    for subject in callbacks:
        home = tmp_path / subject.name
        home.mkdir()
        text = yaml.safe_load(subject.documentation["examples"])["ansible.cfg"]
        settings = configparser.ConfigParser()
        settings.read_string(text)
        assert subject.name in settings["defaults"]["callbacks_enabled"]
        assert unknown(settings, subject.documentation["doc"].get("options") or {}) == []
        (home / "ansible.cfg").write_text(text)
        (home / "play.yml").write_text("[{hosts: localhost, gather_facts: false, tasks: [{ping: }]}]")
        done = ansible(
            "ansible-playbook", "-i", "localhost,", "-c", "local", "play.yml", home=home,
            ANSIBLE_CONFIG=str(home / "ansible.cfg"), ANSIBLE_LOCALHOST_WARNING="false",
            ANSIBLE_COLLECTIONS_PATH=str(pathlib.Path(__file__).parents[2] / ".ansible" / "collections"),
        )  # fmt: skip
        assert done.returncode == 0, output(done)
        assert "WARNING" not in output(done)
    assert len(callbacks) >= 2


def unknown(settings: configparser.ConfigParser, options: dict[str, t.Any]) -> list[str]:
    """Return settings in sections of the plugin's own that are no documented option."""
    places = {(place["section"], place["key"]) for option in options.values() for place in option.get("ini", ())}
    return [
        f"{key} in [{section}]"
        for section in settings.sections()
        if section != "defaults"
        for key in settings[section]
        if (section, key) not in places
    ]


@pytest.mark.parametrize(
    ("task", "wanted"),
    [
        ({"state": "present", "name": "a"}, []),
        ({"name": "a", "colour": "red"}, ["there is no option colour"]),
        ({"state": "present"}, ["needs name"]),
        ({"name": "a", "state": "gone"}, ["state cannot be gone"]),
        ({"name": "a", "state": "{{ wanted }}"}, []),
        ({"name": "a", "aws": {"place": "here"}}, ["aws: there is no option place"]),
    ],
    ids=str,
)
def test_a_wrong_example_is_seen(task: dict[str, t.Any], wanted: list[str]) -> None:
    options = {
        "name": {"required": True},
        "state": {"choices": ["present", "absent"]},
        "aws": {"suboptions": {"region": {}}},
    }
    assert problems(task, options) == wanted


def test_examples_use_full_names(documented: Documented) -> None:
    names = {
        subject.name.removeprefix(f"{COLLECTION}."): subject.name for subject in documented if subject.kind != "role"
    }
    for subject, document in examples(documented, "module"):
        assert [key for task in document for key in task if key in names and key != "name"] == [], subject.name
