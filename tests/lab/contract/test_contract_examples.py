# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented examples that use no script run against a guest prepared as they presume."""

from __future__ import annotations

import pytest

from tests.lab.contract.documents import Example, examples
from tests.lab.modules.calls import Guest, make_guest

# Modules whose examples are left out as a whole.
LEFT_OUT_MODULES = {
    "async_status": "its examples are of other modules; the boundary's tests run it",
    "win_shell": "scripts",
    "win_powershell": "scripts",
    "win_copy": "the sources are on the controller; the playbook test copies",
    "win_wait_for": "they wait for minutes",
    "win_package": "installers of products that the lab has not; tests of the package module install the lab's",
    "win_get_url": "they download from a host that is not there; tests of web modules download",
    "win_certificate_store": "files of certificates that are not there; tests of accounts import and export",
    "win_xml": "tested beside it",
    "website": "tested beside it",
}
LEFT_OUT = {
    ("win_regedit", 14): "a registry hive in a file: the lab refuses it and says so",
    ("win_scheduled_task", 2): "NETWORK SERVICE, which the lab's Task Scheduler does not know: a gap of the lab",
    ("win_scheduled_task", 4): "s4u without a password: a gap of the lab",
    ("win_scheduled_task", 9): "a repetition that is no list: a gap of the lab",
    ("win_service", 14): "a service's virtual account: a gap of the lab",
    ("win_command", 3): "a script on stdin",
    ("win_command", 4): "the lab's whoami has no switches and says so",
}
# What fails on the prepared guest, as it would on Windows: the machine is in no domain, or has no such thing.
FAILS = {
    ("slurp", 1): "is not found",
    ("win_command", 2): "CreateProcessW",
    ("win_command", 5): "CreateProcessW",
    ("win_command", 6): "CreateProcessW",
    ("win_command", 7): "CreateProcessW",
    ("win_feature", 3): "Failed to find source path",
    ("win_feature", 4): "Failed to install Windows Feature",
    ("win_group", 4): "Failed to translate 'DOMAIN",
    ("win_group", 6): "Failed to translate 'DOMAIN",
    ("win_group_membership", 1): "Failed to translate 'DOMAIN",
    ("win_group_membership", 2): "Failed to translate 'DOMAIN",
    ("win_group_membership", 3): "Failed to translate 'DOMAIN",
    ("win_http_proxy", 6): "missing parameter",
    ("win_inet_proxy", 8): "missing parameter",
    ("win_scheduled_task", 3): "is not a valid account",
    ("win_scheduled_task", 5): "is not a valid account",
    ("win_service", 3): "does not support pausing",
    **dict.fromkeys([("win_service", number) for number in (8, 15, 19, 20)], "could not be translated"),
    ("win_ping", 2): "boom",
}


def _runs(example: Example) -> bool:
    short = example.key[0]
    return short not in LEFT_OUT_MODULES and example.key not in LEFT_OUT and "{{" not in str(example.task)


RUN = [example for example in examples() if _runs(example)]


@pytest.fixture
def prepared() -> Guest:
    """A guest with the drives, accounts and services that examples speak of."""
    guest = make_guest()
    machine = guest.machine
    machine.files.add_drive("D")
    for folder in ("C:\\Temp", "D:\\Temp", "C:\\bar"):
        machine.files.mkdir(folder)
    machine.files.write("C:\\foo.ini", "[a]")
    machine.files.write("C:\\temp\\test.exe", b"MZ")
    for user in ("LocalUser1", "LocalUser2", "NewLocalAdmin", "bob"):
        machine.users.add(user, "Aa1!aaaa-bbbb")
    for service in ("service name", "service1", "service2"):
        machine.services.create(service, "C:\\temp\\test.exe")
    for name in ("TaskName2", "TaskToDisable"):
        prepared_task = {"name": name, "actions": [{"path": "cmd.exe"}], "username": "SYSTEM"}
        guest.ok("community.windows.win_scheduled_task", **prepared_task)
    for group in ("deploy", "MyGroup"):
        machine.users.add_group(group, description="old")
    return guest


@pytest.mark.parametrize("example", RUN, ids=lambda one: f"{one.key[0]} {one.number}: {one.title[:40]}")
def test_an_example_runs(prepared: Guest, example: Example) -> None:
    result = prepared.run(example.module, **example.args)
    if example.key in FAILS:
        assert FAILS[example.key] in result["msg"]
        return
    assert not result.get("failed"), result["msg"]
    assert isinstance(result["changed"], bool)
