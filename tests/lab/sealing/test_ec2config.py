# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2Config: the role writes what a server from the image needs, and the next boot does it once."""

from __future__ import annotations

import pathlib
import typing as t

from lab.windows import ec2config_files as ec2config
from lab.windows import identity, programs
from lab.windows.stock import stock_machine
from tests.lab.sealing.guests import serving
from tests.lab.test_boot import TOUCH, Computer


def entry(name: str) -> dict[str, t.Any]:
    return {"ansible.builtin.include_role": {"name": "golden.windows_ami.sysprep", "tasks_from": name}}


def test_the_role_finds_it_and_writes_its_settings(tmp_path: pathlib.Path) -> None:
    with serving("2016", "ec2config") as server:
        server.machine.files.write(ec2config.BUNDLE, ec2config.STOCK_BUNDLE.replace("Yes", "No"))
        server.machine.files.write(ec2config.SETTINGS, ec2config.STOCK_SETTINGS)
        refused = {"ansible.builtin.set_fact": {"said": "{{ ansible_failed_result.msg }}"}}
        expected = {"ansible.builtin.assert": {"that": "said is search('BundleConfig.xml should let the next boot')"}}
        tasks = [{"block": [entry("verify")], "rescue": [refused]}, expected, entry("ec2config"), entry("verify")]
        played = server.play(tmp_path, tasks)
        assert played.status == 0, played.output
        assert ec2config.enabled(server.machine, "Ec2HandleUserData")
        assert not ec2config.enabled(server.machine, "Ec2SetPassword"), "that would be a new password at every boot"


def test_a_server_from_the_image_gets_one_password_and_runs_its_user_data() -> None:
    builder = Computer(stock_machine("2016", "ec2config"), TOUCH)
    first = builder.boot()
    assert (first.agent, first.specialized, first.password_set, first.user_data_ran) == ("ec2config", True, True, True)
    machine = builder.machine
    enabled = "<Name>Ec2HandleUserData</Name><State>Enabled"
    settings = ec2config.STOCK_SETTINGS.replace(enabled.replace("Enabled", "Disabled"), enabled)
    machine.files.write(ec2config.SETTINGS, settings)
    assert programs.run(machine, f'"{ec2config.PROGRAM}" -sysprep', "SYSTEM").rc == 0
    assert identity.is_sealed(machine)
    assert builder.power == ["shutdown"]
    machine.power_off()
    server = Computer(machine.snapshot(), TOUCH)
    boots = [server.boot() for _ in range(2)]
    assert [boot.password_set for boot in boots] == [True, False]
    assert [boot.user_data_ran for boot in boots] == [True, False]
    assert server.password != builder.password


def test_without_the_setting_there_is_no_password() -> None:
    builder = Computer(stock_machine("2016", "ec2config"))
    builder.boot()
    builder.machine.files.write(ec2config.BUNDLE, ec2config.STOCK_BUNDLE.replace("Yes", "No"))
    assert programs.run(builder.machine, f'"{ec2config.PROGRAM}" -sysprep', "SYSTEM").rc == 0
    server = Computer(builder.machine.snapshot())
    assert not server.boot().password_set
