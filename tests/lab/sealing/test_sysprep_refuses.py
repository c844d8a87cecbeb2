# SPDX-License-Identifier: GPL-3.0-or-later
"""The role sysprep on a guest that is not to be sealed, or not yet: it says so and changes nothing."""

from __future__ import annotations

import json
import pathlib
import typing as t

from lab.windows import appx, identity
from tests.lab.sealing.guests import serving

ROLE = "golden.windows_ami.sysprep"
MARKER = r"C:\ProgramData\Golden\build.json"
MICROSOFT = r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion"
APP = "Contoso.App_1.0.0.0_x64__8wekyb3d8bbwe"


def attempt(name: str, **variables: t.Any) -> dict[str, t.Any]:
    """Try to seal, and keep what the role says when it refuses."""
    facts = {"said": f"{{{{ said | default({{}}) | combine({{'{name}': ansible_failed_result.msg}}) }}}}"}
    role = {"ansible.builtin.include_role": {"name": ROLE}, "vars": variables}
    # What was found out in one attempt is not true in the next one.
    forget = {"ansible.builtin.set_fact": {"__sysprep_ready": False}}
    return {"block": [forget, role], "rescue": [{"ansible.builtin.set_fact": facts}]}


def key(path: str, state: str = "present") -> dict[str, t.Any]:
    return {"ansible.windows.win_regedit": {"path": rf"{MICROSOFT}\{path}", "state": state}}


def test_each_reason_not_to_seal_is_told_and_nothing_is_sealed(tmp_path: pathlib.Path) -> None:
    report = tmp_path / "said.json"
    tasks = [
        attempt("live server", sysprep_confirm=True),
        {"ansible.windows.win_file": {"path": r"C:\ProgramData\Golden", "state": "directory"}},
        {"ansible.windows.win_copy": {"content": '{"image": "x"}', "dest": MARKER}},
        attempt("no confirmation"),
        key(r"Component Based Servicing\RebootPending"),
        key(r"WindowsUpdate\Auto Update\RebootRequired"),
        attempt("restart", sysprep_confirm=True),
        key(r"Component Based Servicing\RebootPending", "absent"),
        key(r"WindowsUpdate\Auto Update\RebootRequired", "absent"),
        key(rf"Appx\AppxAllUserStore\S-1-5-21-1-2-3-500\{APP}"),
        attempt("app", sysprep_confirm=True),
        {
            "ansible.builtin.copy": {"content": "{{ said | to_json }}", "dest": str(report)},
            "delegate_to": "localhost",
            "vars": {"ansible_connection": "local"},
        },
    ]
    with serving("2025", "v2") as server:
        played = server.play(tmp_path, tasks)
        assert played.status == 0, played.output
        assert not identity.is_sealed(server.machine)
        assert server.machine.tasks.find("Golden seal") is None
        assert not server.machine.files.exists(r"C:\ProgramData\Golden\seal.ps1")
    said = json.loads(report.read_text())
    assert "is not the build of an image" in said["live server"]
    assert "sysprep_confirm: true" in said["no confirmation"]
    assert "waits for a restart (Windows components, Windows Update)" in said["restart"]
    assert APP in said["app"]
    assert "0x80073cf2" in said["app"]


def test_apps_of_the_image_and_frameworks_are_no_reason(tmp_path: pathlib.Path) -> None:
    with serving("2022", "v2") as server:
        for package in (
            "Microsoft.Store_2.0.0.0_x64__8wekyb3d8bbwe",
            "Microsoft.VCLibs.140.00_14.0.1.0_x64__8wekyb3d8bbwe",
        ):
            appx.install_for_user(server.machine, "Administrator", package)
        appx.provision(server.machine, "Microsoft.Store_1.0.0.0_neutral_~_8wekyb3d8bbwe")
        ready = {"ansible.builtin.include_role": {"name": ROLE, "tasks_from": "ready"}}
        check = {"ansible.builtin.assert": {"that": ["__sysprep_ready", "__sysprep_waits == []"]}}
        played = server.play(tmp_path, [ready, check])
    assert played.status == 0, played.output
