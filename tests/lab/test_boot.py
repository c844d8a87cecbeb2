# SPDX-License-Identifier: GPL-3.0-or-later
"""Power-on: new computers, passwords, user data."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from lab.windows import identity, programs
from lab.windows.boot import BootResult, boot, encrypt, random_password
from lab.windows.errors import UnsupportedError
from lab.windows.machine import Machine
from lab.windows.programs import ec2launch_v1, ec2launch_v2
from lab.windows.stock import stock_machine
from lab.windows.users import meets_policy
from tests.lab.powershell.guests import Instance

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC = KEY.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
AGENTS = [("2022", "v2"), ("2019", "v1")]
TOUCH = "Add-Content -Path C:\\ran.txt -Value $env:USERNAME"


class Computer:
    """A machine that runs as an instance: the passwords it handed over, and what it asked of its power."""

    def __init__(self, machine: Machine, script: str = "", tags: str = "", key: str = PUBLIC) -> None:
        self.machine = machine
        self.power: list[str] = []
        data = f"<powershell>\n{script}\n</powershell>{tags}".encode() if script else tags.encode()
        metadata = Instance(user_data=data, public_key=key)
        self.posted = metadata.passwords
        machine.attach(metadata=metadata, power=lambda action, delay: self.power.append(action))

    def boot(self) -> BootResult:
        return boot(self.machine)

    @property
    def password(self) -> str:
        """The last password, decrypted as `aws ec2 get-password-data` does."""
        return KEY.decrypt(base64.b64decode(self.posted[-1]), padding.PKCS1v15()).decode()

    def ran(self) -> list[str]:
        return (
            self.machine.files.read_text("C:\\ran.txt").splitlines() if self.machine.files.exists("C:\\ran.txt") else []
        )

    def image(self, seal: bool, agent: str) -> Machine:
        """Stop it, sealed or not, and give a copy of what is on its disk."""
        if seal:
            for line in _SEAL[agent]:
                assert programs.run(self.machine, line, "SYSTEM").rc == 0
        self.machine.power_off()
        return self.machine.snapshot()


_V2 = '"C:\\Program Files\\Amazon\\EC2Launch\\EC2Launch.exe"'
_SEAL = {
    "v2": (f"{_V2} reset --block", f"{_V2} sysprep --shutdown --block"),
    "v1": (f"powershell -File {ec2launch_v1.INITIALIZE} -Schedule", f"powershell -File {ec2launch_v1.SYSPREP}"),
}


@pytest.mark.parametrize(("version", "agent"), AGENTS)
def test_a_stock_image_becomes_a_new_computer(version: str, agent: str) -> None:
    instance = Computer(stock_machine(version, agent), TOUCH)
    before = (instance.machine.name, instance.machine.sid)
    result = instance.boot()
    machine = instance.machine
    assert (result.agent, result.specialized, result.first_boot, result.password_set) == (agent, True, True, True)
    assert machine.name.startswith("EC2AMAZ-")
    assert machine.name != before[0]
    assert machine.sid != before[1]
    assert machine.users.authenticate("Administrator", instance.password)
    assert instance.ran() == ["Administrator"]
    assert identity.image_state(machine) == identity.COMPLETE
    assert machine.registry.data(identity.TERMINAL_SERVER, "fDenyTSConnections") == 0
    assert machine.services.get("WinRM").state == "Running"


@pytest.mark.parametrize(("version", "agent"), AGENTS)
def test_a_second_boot_changes_nothing(version: str, agent: str) -> None:
    instance = Computer(stock_machine(version, agent), TOUCH)
    instance.boot()
    before = (instance.machine.name, instance.machine.sid, instance.password)
    instance.machine.power_off()
    result = instance.boot()
    assert (result.specialized, result.first_boot, result.user_data_ran) == (False, False, False)
    assert (instance.machine.name, instance.machine.sid, instance.password) == before
    assert (len(instance.posted), len(instance.ran())) == (1, 1)


@pytest.mark.parametrize(("version", "agent"), AGENTS)
def test_a_sealed_image_starts_as_another_computer_each_time(version: str, agent: str) -> None:
    builder = Computer(stock_machine(version, agent), TOUCH)
    builder.boot()
    image = builder.image(seal=True, agent=agent)
    assert builder.power == ["shutdown"]
    twins = [Computer(image.snapshot(), TOUCH) for _ in range(2)]
    for twin in twins:
        assert twin.boot().specialized
    computers = [builder, *twins]
    assert len({one.machine.name for one in computers}) == 3
    assert len({one.machine.sid for one in computers}) == 3
    assert len({one.password for one in computers}) == 3
    assert twins[0].machine.users.password_of("Administrator") == twins[0].password
    assert twins[0].ran() == ["Administrator"] * 2


@pytest.mark.parametrize(("version", "agent"), AGENTS)
def test_an_image_that_was_not_sealed_has_the_same_identity_and_no_password(version: str, agent: str) -> None:
    builder = Computer(stock_machine(version, agent), TOUCH)
    builder.boot()
    copy = Computer(builder.image(seal=False, agent=agent), TOUCH)
    result = copy.boot()
    assert (result.specialized, result.password_set, result.user_data_ran) == (False, False, False)
    assert (copy.machine.name, copy.machine.sid) == (builder.machine.name, builder.machine.sid)
    assert copy.posted == []


def test_a_reset_without_sysprep_gives_a_password_and_keeps_the_identity() -> None:
    builder = Computer(stock_machine("2022", "v2"))
    builder.boot()
    assert programs.run(builder.machine, f"{_V2} reset --block", "SYSTEM").rc == 0
    copy = Computer(builder.image(seal=False, agent="v2"))
    assert copy.boot().password_set
    assert copy.machine.sid == builder.machine.sid


def test_v2_sets_no_password_that_its_configuration_does_not_ask_for() -> None:
    machine = stock_machine("2022", "v2")
    config = machine.files.read_text(ec2launch_v2.CONFIG).replace("type: random", "type: doNothing")
    machine.files.write(ec2launch_v2.CONFIG, config)
    instance = Computer(machine, TOUCH)
    assert not instance.boot().password_set
    assert machine.users.password_of("Administrator") is None
    assert not machine.users.get("Administrator").enabled
    assert instance.ran() == [f"{machine.name}$"], "user data runs as SYSTEM then"


def test_v1_asks_its_configuration_too() -> None:
    machine = stock_machine("2019", "v1")
    ec2launch_v1.write_config(machine, adminPasswordType="DoNothing", handleUserData=False)
    result = Computer(machine, TOUCH).boot()
    assert (result.password_set, result.user_data_ran) == (False, False)


def test_without_a_key_pair_there_is_no_password() -> None:
    instance = Computer(stock_machine("2022", "v2"), key="")
    assert not instance.boot().password_set
    assert instance.posted == []


def test_a_static_password_is_set_and_handed_over() -> None:
    machine = stock_machine("2022", "v2")
    config = machine.files.read_text(ec2launch_v2.CONFIG)
    machine.files.write(ec2launch_v2.CONFIG, config.replace("type: random", "type: static\n        data: Abcdef-123"))
    instance = Computer(machine)
    instance.boot()
    assert (instance.password, machine.users.authenticate("Administrator", "Abcdef-123")) == ("Abcdef-123", True)


def test_v1_keeps_the_ssm_agent_down_until_windows_is_ready() -> None:
    instance = Computer(stock_machine("2019", "v1"))
    instance.boot()
    agent = instance.machine.services.get("AmazonSSMAgent")
    assert (agent.start_mode, agent.state) == ("auto", "Running")
    programs.run(instance.machine, _SEAL["v1"][0], "SYSTEM")
    assert agent.start_mode == "disabled"
    instance.machine.power_off()
    instance.boot()
    assert (agent.start_mode, agent.state) == ("auto", "Running")


def test_v1_scheduled_for_every_boot_makes_only_one_password() -> None:
    machine = stock_machine("2019", "v1")
    ec2launch_v1.schedule(machine, per_boot=True)
    instance = Computer(machine, TOUCH)
    assert [instance.boot().password_set for _ in range(3)] == [True, False, False]
    assert len(instance.ran()) == 1
    config = ec2launch_v1.read_config(machine)
    assert (config["adminPasswordType"], config["handleUserData"]) == ("DoNothing", False)


@pytest.mark.parametrize(("version", "agent"), AGENTS)
def test_commands_for_specialize_are_more_than_the_lab_has(version: str, agent: str) -> None:
    machine = stock_machine(version, agent)
    path = next(path for path in identity.SPECIALIZE_SCRIPTS if machine.files.exists(path))
    machine.files.append(path, "powershell -c x\r\n")
    with pytest.raises(UnsupportedError, match="SysprepSpecialize"):
        Computer(machine).boot()


@pytest.mark.parametrize(("version", "agent"), AGENTS)
def test_persistent_user_data_runs_at_every_boot(version: str, agent: str) -> None:
    instance = Computer(stock_machine(version, agent), TOUCH, "<persist>true</persist>")
    for _ in range(3):
        instance.boot()
        instance.machine.power_off()
    assert len(instance.ran()) == 3


def test_exit_code_3010_restarts_and_runs_again() -> None:
    script = f"{TOUCH}\nif ((Get-Content C:\\ran.txt).Count -lt 2) {{ exit 3010 }}"
    instance = Computer(stock_machine("2022", "v2"), script)
    assert instance.boot().user_data_rc == 3010
    assert instance.power == ["reboot"]
    instance.machine.power_off()
    assert instance.boot().user_data_rc == 0
    instance.machine.power_off()
    assert not instance.boot().user_data_ran


def test_user_data_that_fails_is_in_the_agents_log_and_state() -> None:
    instance = Computer(stock_machine("2022", "v2"), "throw 'no luck'")
    assert instance.boot().user_data_rc == 1
    assert "no luck" in instance.machine.files.read_text(ec2launch_v2.LOGS[0])
    assert programs.run(instance.machine, f"{_V2} status", "SYSTEM").rc == 1


@pytest.mark.parametrize("tags", ["<script>echo hi</script>", "version: 1.0\ntasks: []"])
def test_user_data_of_another_kind_is_refused(tags: str) -> None:
    with pytest.raises(UnsupportedError):
        Computer(stock_machine("2022", "v2"), tags=tags).boot()


def test_passwords_meet_the_policy_and_differ() -> None:
    made = {random_password() for _ in range(50)}
    assert len(made) == 50
    assert all(meets_policy(one) and len(one) == 32 for one in made)


def test_a_password_needs_an_rsa_key() -> None:
    with pytest.raises(ValueError, match="RSA"):
        encrypt("x", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIIsmxs8KGiT4g5z8Kx0cNlpPsvJcP3rLQb0hV8cWvQj")
