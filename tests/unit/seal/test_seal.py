# SPDX-License-Identifier: GPL-3.0-or-later
"""What is judged to be in the way of an image."""

from __future__ import annotations

import base64
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.seal import PROBLEMS, Allowed, judge, readable

BUILD = {"subject": "CN=EC2AMAZ", "thumbprint": "AA", "friendly_name": "Golden build WinRM", "has_private_key": True}
WEB = {"subject": "CN=www", "thumbprint": "BB", "friendly_name": "", "has_private_key": True}
WMSVC = {"subject": "CN=WMSvc-SHA2-X", "thumbprint": "CC", "friendly_name": "WMSVC-SHA2", "has_private_key": True}
PUBLIC = {"subject": "CN=public", "thumbprint": "DD", "friendly_name": "", "has_private_key": False}
HISTORY = r"C:\Users\Boss\AppData\Roaming\Microsoft\Windows\PowerShell\PSReadLine\ConsoleHost_history.txt"
EC2_ROUTE = "169.254.169.254,255.255.255.255,172.31.0.1,15"


def machine(**found: t.Any) -> dict[str, t.Any]:
    """Give what was read of a machine that is as it should be, with these changes."""
    empty: dict[str, t.Any] = {
        "files": [], "contents": {}, "instances": [], "services": [], "certificates": [BUILD, WMSVC, PUBLIC],
        "users": ["Administrator", "Guest", "DefaultAccount", "WDAGUtilityAccount"], "routes": [EC2_ROUTE],
    }  # fmt: skip
    return empty | found


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_a_machine_as_it_should_be_passes_every_check() -> None:
    verdict = judge(machine(), Allowed())
    assert verdict.checks == dict.fromkeys(PROBLEMS, "ok")
    assert verdict.problems == []
    assert verdict.planned == ["the certificate CN=EC2AMAZ (AA)", f"the route {EC2_ROUTE}"]


@pytest.mark.parametrize(
    ("check", "found", "said"),
    [
        ("tentacle", {"files": [r"C:\ProgramData\Octopus\Tentacle\Instances\a.config"]}, r"Instances\a.config"),
        ("tentacle", {"files": [r"C:\Octopus\Tentacle.config"]}, "Tentacle.config"),
        ("tentacle", {"files": [r"C:\Octopus\DeploymentJournal.xml"]}, "DeploymentJournal"),
        ("tentacle", {"instances": ["Tentacle"]}, "the registry key Tentacle"),
        ("tentacle", {"services": ["OctopusDeploy Tentacle"]}, "the service OctopusDeploy Tentacle"),
        ("secrets", {"files": [HISTORY], "contents": {HISTORY: encoded("$token = 'hunter2'")}}, HISTORY),
        ("private_keys", {"files": [r"C:\Users\Boss\web.pfx"]}, "web.pfx"),
        ("private_keys", {"certificates": [BUILD, WEB]}, "CN=www (BB)"),
        ("users", {"users": ["Administrator", "packer"]}, "packer"),
        ("routes", {"routes": ["10.0.0.0,255.0.0.0,172.31.0.1,1"]}, "10.0.0.0,"),
    ],
)
def test_what_must_not_get_into_an_image_is_named(check: str, found: dict[str, t.Any], said: str) -> None:
    verdict = judge(machine(**found), Allowed())
    assert [name for name, result in verdict.checks.items() if result != "ok"] == [check]
    assert said in verdict.checks[check][0]
    assert said in verdict.problems[0]
    assert verdict.problems[0].startswith(PROBLEMS[check])
    assert "hunter2" not in str(verdict)


def test_what_the_image_is_meant_to_have_is_let_through() -> None:
    found = machine(
        files=[HISTORY, r"C:\app\client.pfx"],
        certificates=[WEB],
        users=["Svc"],
        routes=["10.0.0.0,255.0.0.0,1.1.1.1,1"],
    )
    allowed = Allowed((HISTORY.lower(), r"c:\app\CLIENT.pfx"), ("bb",), ("svc",), ("10.0.0.0,255.0.0.0,1.1.1.1,1",))
    assert set(judge(found, allowed).checks.values()) == {"ok"}


def test_every_problem_is_told_at_once() -> None:
    verdict = judge(machine(users=["packer"], services=["OctopusDeploy Tentacle"]), Allowed())
    assert len(verdict.problems) == 2


def test_only_files_that_may_hold_a_secret_are_read() -> None:
    files = [
        HISTORY,
        r"C:\Windows\Panther\unattend.xml",
        r"C:\Users\Boss\deploy.ps1",
        r"C:\Users\Boss\AppData\Local\Temp\x.ps1",
        r"C:\Windows\Temp\x.ps1",
        r"C:\Users\Boss\web.pfx",
        r"C:\ProgramData\Octopus\Tentacle\Instances\a.config",
        r"C:\Octopus\DeploymentJournal.xml",
    ]
    assert readable(files) == files[:3]


def test_a_file_that_was_not_read_is_an_error() -> None:
    with pytest.raises(KeyError):
        judge(machine(files=[HISTORY]), Allowed())
