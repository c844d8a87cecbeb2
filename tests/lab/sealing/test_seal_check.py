# SPDX-License-Identifier: GPL-3.0-or-later
"""The seal check on a guest, as ansible-playbook runs it before every seal."""

from __future__ import annotations

import json
import pathlib
import typing as t

from lab.windows.machine import TCPIP
from tests.lab.sealing.guests import BUILD_NAME, ROOT, Played, Server, serving

HISTORY = r"C:\Users\Administrator\AppData\Roaming\Microsoft\Windows\PowerShell\PSReadLine\ConsoleHost_history.txt"
TRANSCRIPT = r"C:\Users\Administrator\Documents\20261122\PowerShell_transcript.WIN.x.20261122.txt"
UNATTEND = r"C:\Windows\Panther\unattend.xml"
SYSPREP = r"C:\Windows\System32\Sysprep\unattend.xml"
ANSWERS = "<unattend><AdministratorPassword><Value>{}</Value></AdministratorPassword></unattend>"
ROUTE = "10.20.0.0,255.255.0.0,127.16.0.1,1"
EC2_ROUTE = "169.254.169.254,255.255.255.255,127.16.0.1,15"
CHECKS = ("tentacle", "secrets", "private_keys", "users", "routes")


def check(server: Server, directory: pathlib.Path, **variables: t.Any) -> tuple[Played, dict[str, t.Any]]:
    """Run the check, and give the record of it too."""
    report = directory / "contents.json"
    tasks = [
        {
            "block": [{"ansible.builtin.include_tasks": str(ROOT / "playbooks" / "tasks" / "seal_check.yml")}],
            "always": [
                {
                    "ansible.builtin.copy": {"content": "{{ golden_contents | to_json }}", "dest": str(report)},
                    "delegate_to": "localhost",
                    "vars": {"ansible_connection": "local"},
                }
            ],
        }
    ]
    played = server.play(directory, tasks, **variables)
    assert report.exists(), played.output
    return played, json.loads(report.read_text())["seal_check"]


def plant(server: Server) -> None:
    """Leave one of everything that must not get into an image, some of it twice."""
    machine = server.machine
    machine.files.mkdir(r"C:\inetpub")
    for path, text in {
        HISTORY: "Get-Date\r\n$token = 'hunter2'\r\n",
        TRANSCRIPT: "PS C:\\> net user packer hunter2 /add\r\n",
        UNATTEND: ANSWERS.format("hunter2"),
        SYSPREP: ANSWERS.format("hunter2").encode("utf-16"),
        r"C:\install.ps1": "& Tentacle.exe register-with --apiKey=API-ABCDEFGHIJKLMNOPQRSTUVWXY",
        r"C:\Users\Administrator\.aws\credentials": "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n",
        r"C:\Users\Administrator\web.pfx": b"\x30\x82",
        r"C:\ProgramData\Octopus\Tentacle\Instances\Tentacle.config": "{}",
        r"C:\Octopus\Tentacle\Tentacle.config": "<x/>",
    }.items():
        machine.files.write(path, text, parents=True)
    machine.registry.create_key(r"HKLM\SOFTWARE\Octopus\Tentacle\Tentacle")
    machine.services.create("OctopusDeploy Tentacle", r"C:\Windows\System32\svchost.exe")
    machine.certificates.create_self_signed(["www.example.com"])
    machine.certificates.create_self_signed(["hosting.example.com"], store="WebHosting")
    machine.users.add("packer", "hunter2")
    machine.registry.set(TCPIP + r"\PersistentRoutes", ROUTE, "")


def test_a_fresh_machine_passes_with_few_modules(tmp_path: pathlib.Path) -> None:
    with serving("2022", "v2") as server:
        # What Windows Setup and EC2Launch leave on every server is no leftover of a build.
        server.machine.files.write(UNATTEND, ANSWERS.format("*SENSITIVE*DATA*DELETED*"))
        server.machine.certificates.create_self_signed(["x"], subject="CN=WMSvc-SHA2-WIN-STOCKAMI")
        server.machine.registry.set(TCPIP + r"\PersistentRoutes", EC2_ROUTE, "")
        played, record = check(server, tmp_path)
    assert played.status == 0, played.output
    assert {name: record[name] for name in CHECKS} == dict.fromkeys(CHECKS, "ok")
    assert record["removed_by_sealing"][0].startswith("the certificate CN=WIN-STOCKAMI")
    assert record["removed_by_sealing"][1] == f"the route {EC2_ROUTE}"
    assert BUILD_NAME not in played.output
    assert len(server.modules) == 8
    assert "[WARNING]" not in played.output


def test_everything_that_is_left_is_found_at_once_named_and_recorded(tmp_path: pathlib.Path) -> None:
    with serving("2019", "v1") as server:
        plant(server)
        played, record = check(server, tmp_path)
    assert played.status == 2
    assert "hunter2" not in played.output + str(record)
    assert len(record["tentacle"]) == 4
    files = {HISTORY, TRANSCRIPT, UNATTEND, SYSPREP, r"C:\install.ps1", r"C:\Users\Administrator\.aws\credentials"}
    assert {text.partition(": ")[0] for text in record["secrets"]} == files
    assert [text.partition(" (")[0] for text in record["private_keys"]] == [
        r"C:\Users\Administrator\web.pfx", "CN=www.example.com", "CN=hosting.example.com",
    ]  # fmt: skip
    assert record["users"] == ["packer"]
    assert record["routes"] == [ROUTE]
    for name in CHECKS:
        for what in record[name]:
            assert what.partition(" (")[0] in " ".join(played.output.split()), what


def test_what_an_image_is_meant_to_have_is_let_through(tmp_path: pathlib.Path) -> None:
    with serving("2025", "v2", core=True) as server:
        certificate = server.machine.certificates.create_self_signed(["www.example.com"])
        server.machine.users.add("svc-web", "hunter2")
        server.machine.files.write(r"C:\deploy.ps1", "$token = 'hunter2'")
        played, record = check(
            server, tmp_path, golden_seal_certificates=[certificate.thumbprint], golden_seal_users=["svc-web"],
            golden_seal_files=[r"C:\deploy.ps1"],
        )  # fmt: skip
    assert played.status == 0, played.output
    assert {name: record[name] for name in CHECKS} == dict.fromkeys(CHECKS, "ok")


def test_other_directories_can_be_searched_too(tmp_path: pathlib.Path) -> None:
    with serving("2016", "v1") as server:
        server.machine.files.write(r"C:\app\deploy.ps1", "$token = 'hunter2'", parents=True)
        assert check(server, tmp_path)[0].status == 0
        played, record = check(server, tmp_path, golden_seal_paths=[r"C:\app"])
    assert played.status == 2
    assert record["secrets"] == [r"C:\app\deploy.ps1: a password (line 1)"]
