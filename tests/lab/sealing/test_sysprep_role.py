# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole role sysprep on a guest, from Ansible's side, until nobody answers any more."""

from __future__ import annotations

import pathlib
import threading
import typing as t

import pytest

from lab.windows import appx, identity
from lab.windows import ec2config_files as ec2config
from lab.windows.programs.wevtutil import DIRECTORY as EVENT_LOGS
from tests.lab.sealing.guests import BUILD_NAME, serving

ROLE = {"ansible.builtin.include_role": {"name": "golden.windows_ami.sysprep"}}
PROXY = "http://127.16.0.3:3128"
MARKER = r"C:\ProgramData\Golden\build.json"


# Molecule and the builds seal with the two other agents.
@pytest.mark.parametrize("core", [False, True], ids=["full", "core"])
def test_ec2config_seals(tmp_path: pathlib.Path, core: bool) -> None:
    with serving("2016", "ec2config", core=core) as server:
        machine = server.machine
        machine.files.write(MARKER, '{"image": "x"}', parents=True)
        machine.files.write(ec2config.BUNDLE, ec2config.STOCK_BUNDLE.replace("Yes", "No"))
        machine.files.write(ec2config.SETTINGS, ec2config.STOCK_SETTINGS)
        machine.environment.set("HTTP_PROXY", PROXY)
        played = server.play(
            tmp_path, [ROLE], sysprep_confirm=True, sysprep_build_proxy=PROXY, sysprep_clear_event_logs=True
        )
        assert played.status == 0, played.output
        assert machine.environment.get("HTTP_PROXY") is None
        assert {node.size for node in machine.files.list(EVENT_LOGS)} == {0}
        assert identity.is_sealed(machine)
        assert machine.extras["power"] == ["shutdown"]
        assert machine.winrm.listeners() == []
        assert BUILD_NAME not in {one.friendly_name for one in machine.certificates.store().values()}
        assert not machine.files.exists(MARKER)
        assert ec2config.enabled(machine, "Ec2HandleUserData")
        assert "unreachable=0" in played.output


def test_when_sysprep_fails_the_error_has_its_own_log_and_the_server_stays(tmp_path: pathlib.Path) -> None:
    with serving("2022", "v2") as server:
        machine = server.machine
        machine.files.write(MARKER, '{"image": "x"}', parents=True)

        def late(work: t.Callable[[], None]) -> None:
            # After the role has looked and before sysprep does: somebody installs an app.
            appx.install_for_user(machine, "Administrator", "Contoso.App_1.0.0.0_x64__8wekyb3d8bbwe")
            threading.Thread(target=work, daemon=True).start()

        machine.attach(background=late)
        played = server.play(tmp_path, [ROLE], sysprep_confirm=True)
        assert played.status == 2
        said = " ".join(played.output.split())
        assert "is not sealed. The end of seal.log" in said
        assert "setuperr.log" in said
        assert "Contoso.App_1.0.0.0_x64__8wekyb3d8bbwe was installed for a user" in said
        assert machine.extras.get("power", []) == []
        assert machine.winrm.listeners()


def test_without_marker_and_confirmation_a_live_server_is_asked_nothing_and_stays(tmp_path: pathlib.Path) -> None:
    with serving("2019", "v1") as server:
        played = server.play(tmp_path, [ROLE])
        assert played.status == 2
        assert "sysprep_confirm: true" in played.output
        assert server.modules == []
        # As somebody would who wants to get around the first check.
        played = server.play(tmp_path, [ROLE], sysprep_confirm=True)
        assert played.status == 2
        assert "is not the build of an image" in played.output
        assert set(server.modules) == {"ansible.windows.slurp"}
        assert not identity.is_sealed(server.machine)
        assert server.machine.winrm.listeners()
