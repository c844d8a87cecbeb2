# SPDX-License-Identifier: GPL-3.0-or-later
"""What every role of the collection keeps to."""

from __future__ import annotations

import pathlib
import re
import typing as t

import pytest
import yaml

PROJECT = pathlib.Path(__file__).parents[3]
ROLES = sorted(path.name for path in (PROJECT / "roles").iterdir() if path.is_dir())
TASK_KEYWORDS = {
    "action", "always", "args", "become", "become_flags", "become_method", "become_user", "block", "changed_when",
    "check_mode", "delay", "delegate_to", "environment", "failed_when", "ignore_unreachable", "listen",
    "loop", "loop_control", "name", "no_log", "notify", "register", "rescue", "retries", "until", "vars", "when",
}  # fmt: skip
# Modules that run someone's script instead of declaring a state.
SHELLS = {
    "ansible.windows.win_shell",
    "ansible.windows.win_powershell",
    "ansible.builtin.raw",
    "ansible.builtin.script",
}
# A program, where there is no module: role -> why it is needed.
COMMANDS = {
    "octopus_tentacle": "no module reads the version of an MSI whose product code is not known",
    "proxy": "no module knows the instances of a Tentacle",
}


# A script outside of the roles, where no module reads what is wanted: file -> why.
SCRIPTS = {"contents.yml": "no module lists updates, programs and listening ports, and one call is cheaper than six"}


def load(path: pathlib.Path) -> t.Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def specs(role: str) -> dict[str, t.Any]:
    return load(PROJECT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]


def task_files() -> list[pathlib.Path]:
    roles = [path for role in ROLES for kind in ("tasks", "handlers") for path in role_files(role, kind)]
    return roles + sorted((PROJECT / "playbooks" / "tasks").glob("*.yml"))


def role_files(role: str, kind: str) -> list[pathlib.Path]:
    return sorted((PROJECT / "roles" / role / kind).glob("*.yml"))


def tasks(items: list[dict[str, t.Any]]) -> t.Iterator[dict[str, t.Any]]:
    """Give every task, also those inside blocks."""
    for item in items:
        if "block" in item:
            for part in ("block", "rescue", "always"):
                yield from tasks(item.get(part, []))
        else:
            yield item


def modules(path: pathlib.Path) -> list[tuple[str, dict[str, t.Any]]]:
    """Give the module of each task in a file, with the task."""
    found = []
    for task in tasks(load(path)):
        names = set(task) - TASK_KEYWORDS
        assert len(names) == 1, f"{path}: {task.get('name')}: not one module but {sorted(names)}"
        found.append((names.pop(), task))
    return found


def test_the_five_roles_are_there() -> None:
    assert {"proxy", "firewall", "octopus_tentacle", "iis_dotnet", "sysprep"} <= set(ROLES)


@pytest.mark.parametrize("role", ROLES)
def test_defaults_and_argument_specs_say_the_same(role: str) -> None:
    defaults = load(PROJECT / "roles" / role / "defaults" / "main.yml")
    documented = {name: option["default"] for name, option in specs(role)["main"]["options"].items()}
    assert documented == defaults


@pytest.mark.parametrize("role", ROLES)
def test_both_entry_points_take_the_same_variables(role: str) -> None:
    entry_points = specs(role)
    assert set(entry_points) == {"main", "verify"}
    assert entry_points["main"]["options"] == entry_points["verify"]["options"]
    for name in entry_points:
        assert (PROJECT / "roles" / role / "tasks" / f"{name}.yml").is_file()


@pytest.mark.parametrize("role", ROLES)
def test_public_variables_begin_with_the_name_of_the_role_and_private_ones_with_underscores(role: str) -> None:
    for name in specs(role)["main"]["options"]:
        assert name.startswith(f"{role}_")
    for name in load(PROJECT / "roles" / role / "vars" / "main.yml"):
        assert name.startswith(f"__{role}_")


@pytest.mark.parametrize("role", ROLES)
def test_every_option_is_described(role: str) -> None:
    options = specs(role)["main"]["options"]
    nested = [suboption for option in options.values() for suboption in option.get("options", {}).values()]
    for option in [*options.values(), *nested]:
        assert option["description"]
        assert option["type"]


@pytest.mark.parametrize("role", ROLES)
def test_the_readme_names_the_role_and_begins_with_its_variables(role: str) -> None:
    readme = (PROJECT / "roles" / role / "README.md").read_text(encoding="utf-8")
    assert readme.startswith(f"# golden.windows_ami.{role}\n")
    options = list(specs(role)["main"]["options"])
    # Tables of the keys inside a variable follow.
    assert re.findall(r"^\| `(\w+)` \|", readme, re.MULTILINE)[: len(options)] == options


@pytest.mark.parametrize("path", task_files(), ids=lambda path: str(path.relative_to(PROJECT)))
def test_modules_have_full_names_and_none_is_a_shell(path: pathlib.Path) -> None:
    for module, task in modules(path):
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+\.[a-z0-9_]+", module), f"{module} has no full name"
        if path.name in SCRIPTS and path.parent.name == "tasks" and path.parent.parent.name == "playbooks":
            continue
        assert module not in SHELLS, f"{task['name']} runs a shell"


def commands(role: str) -> list[tuple[pathlib.Path, dict[str, t.Any]]]:
    """Give the tasks of a role that run a program, and the files that they are in."""
    return [
        (path, task)
        for path in role_files(role, "tasks")
        for module, task in modules(path)
        if module in ("ansible.windows.win_command", "ansible.builtin.command")
    ]


@pytest.mark.parametrize("role", ROLES)
def test_a_command_is_the_exception_says_why_and_whether_it_changes_something(role: str) -> None:
    found = commands(role)
    assert not found or role in COMMANDS
    for path, task in found:
        # Either it only asks, in check mode too, or it runs for what differs, and check mode says so in its place.
        asks = task["changed_when"] is False and task["check_mode"] is False
        predicted = task["changed_when"] is True and task["check_mode"] is False
        assert asks or (predicted and "not ansible_check_mode" in str(task["when"]) and task["loop"]), task["name"]
        before = path.read_text(encoding="utf-8").partition(f"- name: {task['name']}\n")[0].splitlines()
        assert before[-1].startswith("# "), f"{task['name']}: nothing says why a program runs"


def test_no_command_line_has_a_secret_that_can_be_told_otherwise() -> None:
    secret = {name for role in ROLES for name, option in specs(role)["main"]["options"].items() if option.get("no_log")}
    assert {"octopus_tentacle_api_key", "proxy_password"} <= secret
    found = {}
    for role in ROLES:
        texts = {name: str(value) for name, value in load(PROJECT / "roles" / role / "vars" / "main.yml").items()}
        for path, task in commands(role):
            module = next(name for name in task if name.endswith("command"))
            text = str(task[module]) + str(task.get("loop", "")) + str(task.get("vars", ""))
            if leaks := secret & everything_named(text, texts):
                found[f"{path.parent.parent.name}: {task['name']}"] = leaks
    # Tentacle.exe takes it in no other way; the README says so.
    assert found == {"proxy: Let the Tentacle use the proxy of Windows": {"proxy_password"}}


def everything_named(text: str, variables: dict[str, str]) -> set[str]:
    """Give all variables that a text is made of, through those of vars/main.yml."""
    seen: set[str] = set()
    new = set(re.findall(r"\w+", text))
    while new:
        seen |= new
        new = {word for name in new for word in re.findall(r"\w+", variables.get(name, ""))} - seen
    return seen


@pytest.mark.parametrize("role", ROLES)
def test_a_role_restarts_windows_once_at_most_and_only_when_it_was_asked_to(role: str) -> None:
    restarts = [
        task
        for kind in ("tasks", "handlers")
        for path in role_files(role, kind)
        for module, task in modules(path)
        if "reboot" in module
    ]
    assert len(restarts) == (role == "iis_dotnet")
    for task in restarts:
        assert "loop" not in task
        assert any("wanted" in condition for condition in task["when"])


def test_verify_entry_points_only_look() -> None:
    looking = {
        "ansible.builtin.assert", "ansible.builtin.include_tasks", "ansible.builtin.set_fact", "ansible.windows.slurp",
        "ansible.windows.win_find", "ansible.windows.win_reg_stat", "ansible.windows.win_service_info",
        "ansible.windows.win_stat",
    }  # fmt: skip
    for role in ROLES:
        for module, task in modules(PROJECT / "roles" / role / "tasks" / "verify.yml"):
            assert module in looking or task.get("check_mode") is True, f"{role}: {task['name']} may change something"
            assert "notify" not in task


def test_only_provisioning_seals() -> None:
    """No other playbook or role reaches the role that takes a machine's identity."""
    for path in [*PROJECT.glob("playbooks/**/*.yml"), *PROJECT.glob("roles/*/tasks/*.yml")]:
        if path.name != "provision.yml" and path.parent.parent.name != "sysprep":
            assert "sysprep_confirm" not in path.read_text(encoding="utf-8"), path
            text = re.sub(
                r"name: golden.windows_ami.sysprep\n +tasks_from: ready\n", "", path.read_text(encoding="utf-8")
            )
            assert "windows_ami.sysprep" not in text, path


def test_configure_looks_for_roles_that_seal_on_all_servers_before_it_runs_one() -> None:
    (_, play) = load(PROJECT / "playbooks" / "configure.yml")
    steps = play["tasks"]
    guard = next(number for number, task in enumerate(steps) if "server_sealing" in str(task))
    assert [task for task in steps[:guard] if "ansible.builtin.include_role" in task] == []
    assert "when" not in steps[guard]
    assert "check_mode" not in steps[guard]
    variables = load(PROJECT / "playbooks" / "vars" / "servers.yml")
    assert "ansible_play_hosts_all" in variables["server_sealing"]
    assert "reject('match', server_seals)" in variables["server_image_roles"]
    for name in ("golden.windows_ami.sysprep", "sysprep", "other.collection.sysprep", "roles/sysprep", "../sysprep/"):
        assert re.match(variables["server_seals"] + "$", name), name


def test_only_the_sealing_script_seals_and_only_the_role_starts_it() -> None:
    """Whatever reaches a part of the role: the script looks for the marker itself."""
    script = (PROJECT / "roles" / "sysprep" / "files" / "seal.ps1").read_text(encoding="utf-8")
    body = script.partition("\ntry {\n")[2]
    assert body.index("Assert-Build") < body.index("Invoke-Sysprep")
    for path in task_files():
        text = path.read_text(encoding="utf-8")
        assert ("seal.ps1" in text) == (path.name == "seal.yml"), path
        assert not re.search(
            r"(?i)sysprep\.exe|EC2Launch\.exe sysprep|SysprepInstance|ec2config\.exe -sysprep", text
        ), path


def test_names_that_user_data_and_the_seal_share_are_the_same() -> None:
    bootstrap = (PROJECT / "packer" / "bootstrap" / "winrm.ps1").read_text(encoding="utf-8")
    seal = (PROJECT / "roles" / "sysprep" / "files" / "seal.ps1").read_text(encoding="utf-8")
    marker = load(PROJECT / "roles" / "sysprep" / "vars" / "main.yml")["__sysprep_marker"]
    task = load(PROJECT / "roles" / "sysprep" / "vars" / "main.yml")["__sysprep_task"]
    for text in ("'Golden build WinRM'", r"'C:\ProgramData\Golden'", "first-boot.signal", "first-boot.log"):
        assert text in bootstrap or text.strip("'") in bootstrap
        assert text in seal
    assert marker.rsplit("\\", 1)[1] in seal
    assert f"$Task = '{task}'" in seal
