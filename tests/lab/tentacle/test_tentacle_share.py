# SPDX-License-Identifier: GPL-3.0-or-later
"""The role octopus_tentacle with its MSI on a file share of another server."""

from __future__ import annotations

import hashlib
import pathlib
import typing as t

import pytest

from lab.windows import artefacts
from lab.windows.firewall import Rule
from lab.windows.shares import Shares
from tests.lab.roles.guests import Guest, running_guest

MSI = "Octopus.Tentacle.8.2.2297-x64.msi"
PATH = rf"\\files.example.com\installers\octopus\{MSI}"
PACKAGE = artefacts.catalogue()[MSI]
EXE = "C:\\Program Files\\Octopus Deploy\\Tentacle\\Tentacle.exe"
WANTED: dict[str, t.Any] = {
    "octopus_tentacle_url": PATH,
    "octopus_tentacle_sha256": hashlib.sha256(PACKAGE).hexdigest(),
}
READER = {"octopus_tentacle_share_username": r"CORP\installer", "octopus_tentacle_share_password": "Plum-2-Kiwi"}


@pytest.fixture
def guest(tmp_path: pathlib.Path) -> t.Iterator[Guest]:
    with running_guest(tmp_path, "2019") as guest:
        guest.machine.firewall.add(Rule("{1}", "First boot", protocol="TCP", local_ports="5986"))
        guest.machine.attach(shares=Shares({PATH: PACKAGE}, {r"CORP\installer": "Plum-2-Kiwi"}))
        yield guest


def test_a_session_that_came_with_ntlm_opens_no_share_and_one_with_credentials_does(guest: Guest) -> None:
    refused = guest.role("octopus_tentacle", **WANTED)
    assert refused.status == 2
    assert f"the file at the path '{PATH}' cannot be reached" in refused.said
    wrong = guest.role("octopus_tentacle", **WANTED, **READER | {"octopus_tentacle_share_password": "wrong"})
    assert wrong.status == 2
    assert not guest.machine.files.is_file(EXE)

    run = guest.role("octopus_tentacle", "-vvvv", **WANTED, **READER)

    assert run.status == 0, run.output
    assert guest.machine.files.is_file(EXE)
    assert "Plum-2-Kiwi" not in run.output
    assert guest.role("octopus_tentacle", **WANTED, **READER).changed == 0
    assert guest.role("octopus_tentacle", entry="verify", **WANTED, **READER).status == 0


def test_a_package_on_a_share_is_compared_with_the_checksum_too(guest: Guest) -> None:
    run = guest.role("octopus_tentacle", **WANTED | {"octopus_tentacle_sha256": "0" * 64}, **READER)
    assert run.status == 2
    assert "did not match" in run.said
    assert not guest.machine.files.is_file(EXE)
