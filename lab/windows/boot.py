# SPDX-License-Identifier: GPL-3.0-or-later
"""Power-on: Windows comes up, becomes a new computer when it was sealed, and its launch agent does its work."""

from __future__ import annotations

import base64
import secrets
import typing as t

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from lab.windows import identity, user_data
from lab.windows.programs import ec2launch_v1 as v1
from lab.windows.programs import ec2launch_v2 as v2
from lab.windows.programs import task_runner
from lab.windows.users import meets_policy

if t.TYPE_CHECKING:
    from lab.windows.machine import Machine

LOGON_UI_KEY = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon\\AutoLogonChecked"
V2_AGENT = "C:\\Program Files\\Amazon\\EC2Launch\\EC2Launch.exe"
# What EC2 uses: no quotes, nothing that looks like something else.
_PASSWORD_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789!@#$%^&*()-=+;:,.?"  # noqa: S105 - letters


class BootResult(t.NamedTuple):
    """What happened at power-on."""

    name: str
    agent: str  # "v2", "v1" or "" when the installation has none
    specialized: bool = False  # it was sealed: new name and SID
    first_boot: bool = False  # the launch agent did what it does once
    password_set: bool = False
    user_data_ran: bool = False
    user_data_rc: int = 0
    failed_services: tuple[str, ...] = ()


def boot(machine: Machine) -> BootResult:
    """Bring a machine up. Attachments (metadata, network, power …) must be connected.

    Raises:
        UnsupportedError: the launch agent's configuration or the user data asks for what the lab does not have.
    """
    sealed = identity.is_sealed(machine)
    machine.registry.delete_key(LOGON_UI_KEY)  # a volatile key
    if sealed:
        identity.specialize(machine)
    stopped = tuple(machine.power_on())
    result = _run_agent(machine)
    # LogonUI makes this key when it shows the logon screen; Ansible's reboot waits for it.
    machine.registry.create_key(LOGON_UI_KEY)
    # Other tasks that start with the machine; the agent's own has run by now.
    for task in machine.tasks.due("boot"):
        if task.name != v1.TASK:
            task_runner.start(machine, task)
    return result._replace(name=machine.name, specialized=sealed, failed_services=stopped)


def _run_agent(machine: Machine) -> BootResult:
    """The agent that is there, by its files."""
    if machine.files.exists(V2_AGENT):
        return initialize_v2(machine)
    if machine.files.exists(v1.INITIALIZE):
        task = machine.tasks.find(v1.TASK)
        return initialize_v1(machine) if task is not None and task.enabled else BootResult(machine.name, "v1")
    return BootResult(machine.name, "")


# --- EC2Launch v2 ----------------------------------------------------------------------------------------------------


def initialize_v2(machine: Machine) -> BootResult:
    """What EC2Launch v2 does at every boot, and the rest once."""
    first = not machine.files.exists(v2.RUN_ONCE)
    v2.write_log(machine, f"EC2Launch {v2.VERSION} started, {'first run' if first else 'subsequent run'}")
    v2.write_state(machine, "running")
    try:
        stages = v2.read_config(machine)
    except v2.ConfigError as exc:
        v2.write_log(machine, str(exc), error=True)
        v2.write_state(machine, "failed")
        return BootResult(machine.name, "v2")
    admin = next((task for task in stages.get("preReady", []) if task["task"] == "setAdminAccount"), None)
    password = False
    if first and admin is not None:
        password = _set_password(machine, v2.password_type(admin), _static_password(admin))
        v2.write_log(machine, "Task setAdminAccount completed")
    machine.files.write(v2.RUN_ONCE, b"", parents=True)
    v2.write_log(machine, "Windows is Ready to use")
    ran, rc = _user_data(machine, first, _user(password), lambda text: v2.write_log(machine, text))
    if ran:
        v2.write_log(machine, "Stage: postReadyUserData execution completed")
    v2.write_state(machine, "failed" if rc not in (0, user_data.REBOOT) else "success")
    return BootResult(machine.name, "v2", False, first, password, ran, rc)


def _static_password(task: t.Mapping[str, t.Any]) -> str:
    return str(((task.get("inputs") or {}).get("password") or {}).get("data", ""))


# --- EC2Launch v1 ----------------------------------------------------------------------------------------------------


def initialize_v1(machine: Machine) -> BootResult:
    """What InitializeInstance.ps1 does without arguments: by its task, at the boot it was scheduled for."""
    config = v1.read_config(machine)
    task = machine.tasks.find(v1.TASK)
    v1.write_log(machine, "Initializing instance is started")
    kind = {"Random": "random", "Specify": "static"}.get(str(config.get("adminPasswordType")), "doNothing")
    password = _set_password(machine, kind, str(config.get("adminPassword", "")))
    handle = bool(config.get("handleUserData"))
    if task is not None and task.registration.get("per_boot"):
        # With -SchedulePerBoot the first run puts these off, so that later boots change nothing.
        v1.write_config(machine, adminPasswordType="DoNothing", handleUserData=False)
    elif task is not None:
        task.enabled = False
    v1.write_log(machine, "Message: Windows is Ready to use")
    ran, rc = False, 0
    if handle:
        ran, rc = _user_data(machine, True, _user(password), lambda text: v1.write_log(machine, text, v1.USER_DATA_LOG))
    v1.write_log(machine, "Initializing instance is done")
    return BootResult(machine.name, "v1", False, True, password, ran, rc)


# --- both ------------------------------------------------------------------------------------------------------------


def _user(password_set: bool) -> str:
    """User data runs as Administrator after the agent has set its password, else as SYSTEM."""
    return "Administrator" if password_set else "SYSTEM"


def _set_password(machine: Machine, kind: str, static: str) -> bool:
    """Set the Administrator's password and hand it to EC2; says whether there is a new one."""
    metadata = machine.metadata
    if kind == "doNothing" or metadata is None:
        return False
    if kind == "static":
        machine.users.set_password("Administrator", static)
        return True
    if not metadata.public_key:
        # Without a key pair nobody could decrypt it; the agent leaves the account alone.
        return False
    password = random_password()
    machine.users.set_password("Administrator", password)
    metadata.post_password(encrypt(password, metadata.public_key))
    return True


def random_password(length: int = 32) -> str:
    """A password that satisfies Windows' policy."""
    while True:
        password = "".join(secrets.choice(_PASSWORD_LETTERS) for _ in range(length))
        if meets_policy(password):
            return password


def encrypt(password: str, public_key: str) -> str:
    """The password as GetPasswordData returns it: RSA, PKCS #1 v1.5, base64.

    Raises:
        ValueError: the key is no RSA key (EC2 does not offer Windows passwords with others either).
    """
    key = serialization.load_ssh_public_key(public_key.encode())
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("Windows passwords need an RSA key pair")
    return base64.b64encode(key.encrypt(password.encode(), padding.PKCS1v15())).decode()


def _user_data(machine: Machine, first: bool, user: str, log: t.Callable[[str], None]) -> tuple[bool, int]:
    """Run the user data when it is its turn; says whether it ran, and its exit code."""
    metadata = machine.metadata
    if metadata is None or not metadata.user_data.strip():
        return False, 0
    parsed = user_data.parse(metadata.user_data)
    if not (first or parsed.persist or user_data.wants_rerun(machine)):
        return False, 0
    return True, user_data.run(machine, parsed, user, log)
