# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-core's bootstrap wrapper: recognise it, and read what it is fed.

On stdin: a JSON object (name, script and parameters of exec_wrapper), a line of four NULs, the manifest as JSON, and,
for actions that take input, another line of four NULs and that input.
"""

from __future__ import annotations

import base64
import binascii
import functools
import importlib.resources
import json
import typing as t

from lab.ansible import actions, shell
from lab.types import Completed
from lab.windows.errors import UnsupportedError
from lab.windows.machine import Machine

SEPARATOR = "\0\0\0\0"


class Action(t.NamedTuple):
    """One step of a manifest; the last ones run inside the first ones."""

    name: str
    params: dict[str, t.Any]
    secure_params: dict[str, t.Any]


class Manifest(t.NamedTuple):
    """What the exec wrapper is told to do."""

    scripts: dict[str, str]  # name -> text
    actions: tuple[Action, ...]
    input_lines: tuple[str, ...]
    temp_path: str


@functools.cache
def _bootstrap_lines() -> list[str]:
    text = importlib.resources.files("ansible.executor.powershell").joinpath("bootstrap_wrapper.ps1").read_text()
    return shell.strip(text)


def is_bootstrap(script: str) -> bool:
    """Say whether a script is the bootstrap wrapper of the installed ansible-core."""
    return shell.strip(script) == _bootstrap_lines()


def run(machine: Machine, stdin: bytes, user: str) -> Completed:
    """Do what the bootstrap wrapper is fed.

    :raises UnsupportedError: input of another shape than the installed ansible-core's.
    """
    head, _, rest = _lines(stdin)
    wrapper = _parse(head, "the bootstrap wrapper's first object")
    if wrapper.get("name") != "exec_wrapper":
        raise UnsupportedError(f"the bootstrap wrapper is asked to run '{wrapper.get('name')}'")
    params = wrapper.get("params", {})
    refused = _check_versions(machine, params)
    return refused or actions.run(machine, read_manifest(rest, params.get("TempPath") or ""), user)


def read_manifest(text: str, temp_path: str) -> Manifest:
    """Read the exec wrapper's input."""
    body, _, data = _split(text)
    manifest = _parse(body, "the exec manifest")
    unknown = set(manifest) - {"scripts", "actions", "signed_hashlist"}
    if unknown:
        raise UnsupportedError(f"the exec manifest has {', '.join(sorted(unknown))}")
    scripts = {name: _text(name, info["script"]) for name, info in manifest["scripts"].items()}
    steps = tuple(Action(one["name"], one["params"], one["secure_params"]) for one in manifest["actions"])
    return Manifest(scripts, steps, tuple(line for line in data.splitlines() if line), temp_path)


def _lines(stdin: bytes) -> tuple[str, str, str]:
    head, separator, rest = _split(stdin.decode())
    if not separator:
        raise UnsupportedError("the bootstrap wrapper got no line of four NULs")
    return head, separator, rest


def _split(text: str) -> tuple[str, str, str]:
    head, separator, rest = text.partition(f"\n{SEPARATOR}\n")
    if not separator:  # Windows line ends on the way
        head, separator, rest = text.partition(f"\n{SEPARATOR}\r\n")
    return head, separator, rest


def _parse(text: str, what: str) -> dict[str, t.Any]:
    try:
        value = json.loads(text)
    except ValueError as exc:
        raise UnsupportedError(f"{what} is not JSON: {exc}") from exc
    if not isinstance(value, dict):
        raise UnsupportedError(f"{what} is not an object")
    return value


def _text(name: str, encoded: str) -> str:
    try:
        return base64.b64decode(encoded).decode("utf-8-sig")
    except (binascii.Error, UnicodeDecodeError) as exc:
        raise UnsupportedError(f"the script {name} of the exec manifest is not base64 of UTF-8") from exc


def _check_versions(machine: Machine, params: dict[str, t.Any]) -> Completed | None:
    """Refuse a module that needs a newer Windows or PowerShell, as the exec wrapper does."""
    for wanted, actual, text in (
        (
            params.get("MinOSVersion"),
            machine.version.full,
            "on this OS as it requires a minimum version of {}, actual was {}",
        ),
        (
            params.get("MinPSVersion"),
            machine.version.powershell,
            'as it requires a minimum PowerShell version of {}, actual was "{}"',
        ),
    ):
        if wanted and _version(actual) < _version(wanted):
            message = f"This module cannot run {text.format(wanted, actual)}"
            return Completed(1, json.dumps({"failed": True, "msg": message}).encode() + b"\r\n")
    return None


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
