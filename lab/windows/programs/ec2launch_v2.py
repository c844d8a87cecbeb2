# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2Launch.exe, the command line of EC2Launch v2."""

from __future__ import annotations

import json
import typing as t

from lab.types import Completed
from lab.windows import identity
from lab.windows.errors import UnsupportedError
from lab.windows.programs import sysprep
from lab.windows.programs.base import Invocation, done, failed

if t.TYPE_CHECKING:
    from lab.windows.machine import Machine

VERSION = "2.0.592"
ROOT = "C:\\ProgramData\\Amazon\\EC2Launch"
CONFIG = ROOT + "\\config\\agent-config.yml"
UNATTEND = ROOT + "\\sysprep\\unattend.xml"
RUN_ONCE = ROOT + "\\state\\.run-once"
STATE = ROOT + "\\state\\state.json"
PREVIOUS = ROOT + "\\state\\previous-state.json"
LOGS = tuple(f"{ROOT}\\log\\{name}.log" for name in ("agent", "console", "error"))
# Exit codes of "status": what it says of the last run.
_STATUS = {"success": 0, "failed": 1, "running": 2, "unknown": 3, "notRun": 5}
_FLAGS: dict[str, tuple[str, ...]] = {
    "reset": ("block", "clean"),
    "sysprep": ("block", "clean", "shutdown"),
    "status": ("block",),
    "validate": (),
    "version": (),
    "collect-logs": (),
}


class ConfigError(Exception):
    """agent-config.yml is not what the agent accepts; the text says why."""


def main(call: Invocation) -> Completed:
    """One command of the agent."""
    if not call.arguments:
        return failed("Error: a command is required (reset, status, sysprep, validate, version)")
    command, *words = call.arguments
    allowed = _FLAGS.get(command)
    if allowed is None or command == "collect-logs":
        raise UnsupportedError(f"EC2Launch.exe {command}")
    flags: set[str] = set()
    for word in words:
        name = next((one for one in allowed if word.lower() in (f"--{one}", f"-{one[0]}")), None)
        if name is None:
            return failed(f"Error: unknown flag: {word}\nUsage:\n  EC2Launch {command} [flags]")
        flags.add(name)
    return _COMMANDS[command](call, flags)


def _version(call: Invocation, flags: set[str]) -> Completed:
    return done(VERSION)


def _status(call: Invocation, flags: set[str]) -> Completed:
    status = read_state(call.machine)
    return done(status, _STATUS.get(status, 3))


def _validate(call: Invocation, flags: set[str]) -> Completed:
    try:
        read_config(call.machine)
    except ConfigError as exc:
        return failed(f"Error: {exc}")
    return done("The configuration is valid.")


def _needs_administrator(call: Invocation) -> Completed | None:
    return None if call.elevated else failed("Error: this command must be run as an administrator", 1)


def _reset(call: Invocation, flags: set[str]) -> Completed:
    refused = _needs_administrator(call)
    if refused:
        return refused
    reset(call.machine, clean="clean" in flags)
    return done()


def reset(machine: Machine, *, clean: bool = False) -> None:
    """Make the next boot a first boot for the agent."""
    files = machine.files
    if files.exists(STATE):
        files.write(PREVIOUS, files.read(STATE))
        files.delete(STATE)
    if files.exists(RUN_ONCE):
        files.delete(RUN_ONCE)
    if clean:
        for log in LOGS:
            files.write(log, b"", parents=True)
    write_log(machine, "Agent state has been reset")


def _sysprep(call: Invocation, flags: set[str]) -> Completed:
    refused = _needs_administrator(call)
    if refused:
        return refused
    if "block" not in flags:
        call.machine.background(lambda: _log_failure(call.machine, _seal(call, flags)))
        return done()
    return _seal(call, flags)


def _log_failure(machine: Machine, finished: Completed) -> None:
    if finished.rc:
        machine.log(f"EC2Launch sysprep: {finished.stderr.decode().strip()}")


def _seal(call: Invocation, flags: set[str]) -> Completed:
    machine = call.machine
    before = ROOT + "\\sysprep\\BeforeSysprep.cmd"
    if machine.files.exists(before) and identity.commands_in(machine.files.read_text(before)):
        raise UnsupportedError("EC2Launch.exe sysprep with commands in BeforeSysprep.cmd")
    try:
        read_config(machine)
    except ConfigError as exc:
        write_log(machine, f"Failed to validate agent config: {exc}", error=True)
        return failed(f"Error: {exc}")
    reset(machine, clean="clean" in flags)
    identity.deny_remote_desktop(machine, True)
    words = ["/oobe", "/generalize", "/shutdown" if "shutdown" in flags else "/quit", f"/unattend:{UNATTEND}"]
    path = "C:\\Windows\\System32\\Sysprep\\sysprep.exe"
    finished = sysprep.main(call._replace(path=path, arguments=words))
    if finished.rc:
        write_log(machine, f"Sysprep failed: {finished.stderr.decode().strip()}", error=True)
        return failed(f"Error: sysprep failed with exit code {finished.rc}: see {identity.PANTHER}\\setuperr.log")
    write_log(machine, "Sysprep completed")
    return done()


_COMMANDS: dict[str, t.Callable[[Invocation, set[str]], Completed]] = {
    "version": _version,
    "status": _status,
    "validate": _validate,
    "reset": _reset,
    "sysprep": _sysprep,
}


# --- the agent's files, which boot writes too -----------------------------------------------------------------------


def write_log(machine: Machine, text: str, *, error: bool = False) -> None:
    """A line in agent.log, and in error.log when it is one."""
    stamp = machine.clock().strftime("%Y-%m-%d %H:%M:%S")
    level = "Error" if error else "Info"
    for log in LOGS[:1] + LOGS[2:] * error:
        machine.files.mkdir(ROOT + "\\log")
        machine.files.append(log, f"{stamp} {level}: {text}\r\n")


def read_state(machine: Machine) -> str:
    """success, failed, running, unknown; notRun after a reset."""
    if not machine.files.exists(STATE):
        return "notRun"
    return str(json.loads(machine.files.read_text(STATE)).get("status", "unknown"))


def write_state(machine: Machine, status: str) -> None:
    """Remember how the run of this boot went."""
    machine.files.write(STATE, json.dumps({"status": status, "version": VERSION}), parents=True)


def read_config(machine: Machine) -> dict[str, list[dict[str, t.Any]]]:
    """The tasks of each stage of agent-config.yml.

    Raises:
        ConfigError: the file is missing, no YAML, or not of the agent's schema.
    """
    import yaml

    if not machine.files.exists(CONFIG):
        raise ConfigError(f"{CONFIG} does not exist")
    try:
        data = yaml.safe_load(machine.files.read_text(CONFIG))
    except yaml.YAMLError as exc:
        raise ConfigError(f"{CONFIG} is not YAML: {exc}") from exc
    if not isinstance(data, dict) or not isinstance(data.get("config"), list):
        raise ConfigError(f"{CONFIG} must have 'version' and a list 'config'")
    if str(data.get("version")) not in ("1.0", "1.1"):
        raise ConfigError(f"version {data.get('version')!r} is not supported")
    stages: dict[str, list[dict[str, t.Any]]] = {}
    for entry in data["config"]:
        stage, tasks = entry.get("stage"), entry.get("tasks", [])
        if stage not in ("boot", "network", "preReady", "postReady", "userData"):
            raise ConfigError(f"stage {stage!r} is not supported")
        stages.setdefault(stage, []).extend(_tasks(stage, tasks))
    return stages


_KNOWN_TASKS = (
    "activateWindows",
    "configureHibernation",
    "enableJumboFrames",
    "enableOpenSsh",
    "enableVolumes",
    "executeProgram",
    "executeScript",
    "extendRootPartition",
    "initializeVolume",
    "optimizeEna",
    "setAdminAccount",
    "setAutoLogon",
    "setDateTime",
    "setDnsSuffix",
    "setHostName",
    "setWallpaper",
    "startSsm",
    "sysprep",
    "writeFile",
)


def _tasks(stage: str, tasks: t.Any) -> list[dict[str, t.Any]]:
    if not isinstance(tasks, list):
        raise ConfigError(f"the tasks of stage {stage} must be a list")
    for task in tasks:
        name = task.get("task") if isinstance(task, dict) else task
        if name not in _KNOWN_TASKS:
            raise ConfigError(f"task {name!r} in stage {stage} is not supported")
        if name == "setAdminAccount":
            kind = password_type(task)
            if kind not in ("random", "static", "doNothing"):
                raise ConfigError(f"password type {kind!r} of setAdminAccount is not one of random, static, doNothing")
    return tasks


def password_type(task: t.Mapping[str, t.Any]) -> str:
    """How a setAdminAccount task sets the password."""
    return str(((task.get("inputs") or {}).get("password") or {}).get("type", "random"))
