# SPDX-License-Identifier: GPL-3.0-or-later
"""Power-on: Windows comes up, becomes a new computer when it was sealed, and its launch agent does its work."""

from __future__ import annotations

import base64
import secrets
import typing as t

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from lab.windows import ec2config_files, identity, user_data
from lab.windows.programs import ec2config, task_runner
from lab.windows.programs import ec2launch_v1 as v1
from lab.windows.programs import ec2launch_v2 as v2
from lab.windows.tasks import Action, Task
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
        if task.name not in (v1.TASK, v1.USER_DATA_TASK):
            task_runner.start(machine, task)
    return result._replace(name=machine.name, specialized=sealed, failed_services=stopped)


def _run_agent(machine: Machine) -> BootResult:
    """The agent that is there, by its files."""
    if machine.files.exists(V2_AGENT):
        return initialize_v2(machine)
    if machine.files.exists(v1.INITIALIZE):
        task = machine.tasks.find(v1.TASK)
        if task is not None and task.enabled:
            return initialize_v1(machine)
        ran, rc = user_data_v1(machine, "SYSTEM") if machine.tasks.find(v1.USER_DATA_TASK) else (False, 0)
        return BootResult(machine.name, "v1", user_data_ran=ran, user_data_rc=rc)
    if machine.files.exists(ec2config_files.PROGRAM):
        return initialize_ec2config(machine)
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
    ran, rc = _user_data_v2(machine, first, _user(password))
    v2.write_state(machine, "failed" if rc not in (0, user_data.REBOOT) else "success")
    return BootResult(machine.name, "v2", False, first, password, ran, rc)


def _static_password(task: t.Mapping[str, t.Any]) -> str:
    return str(((task.get("inputs") or {}).get("password") or {}).get("data", ""))


def _user_data_v2(machine: Machine, first: bool, user: str) -> tuple[bool, int]:
    parsed = user_data.of(machine)
    if parsed is None or not (first or parsed.persist or user_data.wants_rerun(machine)):
        return False, 0
    v2.write_log(machine, "Converting user-data to yaml format")
    v2.write_log(machine, "Initializing user-data state")
    v2.write_log(machine, f"Frequency is: {'always' if parsed.persist else 'once'}")
    rc = user_data.run(machine, parsed, user, lambda text: v2.write_log(machine, text))
    v2.write_log(machine, "Stage: postReadyUserData execution completed")
    return True, rc


# --- EC2Launch v1 ----------------------------------------------------------------------------------------------------


def initialize_v1(machine: Machine) -> BootResult:
    """What InitializeInstance.ps1 does without arguments: by its task, at the boot it was scheduled for."""
    config = v1.read_config(machine)
    task = machine.tasks.find(v1.TASK)
    per_boot = task is not None and bool(task.registration.get("per_boot"))
    v1.write_log(machine, "Initializing instance is started")
    kind = {"Random": "random", "Specify": "static"}.get(str(config.get("adminPasswordType")), "doNothing")
    password = _set_password(machine, kind, str(config.get("adminPassword", "")))
    v1.set_ssm_agent(machine, "auto")
    v1.write_log(machine, "Message: Windows is Ready to use")
    if task is not None and not per_boot:
        task.enabled = False
    ran, rc = user_data_v1(machine, _user(password)) if config.get("handleUserData") else (False, 0)
    v1.start_ssm_agent(machine)
    if per_boot:
        # After the first of many runs these are off: later boots set no password and, without <persist>, run nothing.
        parsed = user_data.of(machine)
        keep = bool(config.get("handleUserData")) and parsed is not None and parsed.persist
        v1.write_config(machine, adminPasswordType="DoNothing", handleUserData=keep)
    v1.write_log(machine, "Initializing instance is done")
    return BootResult(machine.name, "v1", False, True, password, ran, rc)


def user_data_v1(machine: Machine, user: str) -> tuple[bool, int]:
    """Run the user data; with <persist> a task of the agent's does it at every boot from then on."""
    parsed = user_data.of(machine)
    if parsed is None:
        return False, 0

    def log(text: str) -> None:
        v1.write_log(machine, text, v1.USER_DATA_LOG)

    log("Userdata execution begins")
    if parsed.persist:
        log("<persist> tag was provided: true")
        log("Running userdata on every boot")
        action = Action("powershell.exe", "-NoProfile -NonInteractive -NoLogo -Command Invoke-Userdata")
        machine.tasks.put(Task(v1.USER_DATA_TASK, actions=[action], triggers=[{"type": "boot", "enabled": True}]))
    log("<powershell> tag was provided.. running powershell content")
    return True, user_data.run(machine, parsed, user, log)


# --- EC2Config -------------------------------------------------------------------------------------------------------


def initialize_ec2config(machine: Machine) -> BootResult:
    """What EC2Config does at a boot: a password after sysprep (at every boot with Ec2SetPassword), user data once."""
    first = bool(machine.extras.pop(ec2config_files.PENDING, False))
    password = (first or ec2config_files.enabled(machine, "Ec2SetPassword")) and _set_password(machine, "random", "")
    ran, rc = False, 0
    parsed = user_data.of(machine)
    if ec2config_files.enabled(machine, "Ec2HandleUserData"):
        if parsed is not None:
            ran, rc = (
                True,
                user_data.run(machine, parsed, _user(password), lambda text: ec2config.write_log(machine, text)),
            )
        if parsed is None or not parsed.persist:
            ec2config_files.disable(machine, "Ec2HandleUserData")
    ec2config.write_log(machine, "Message: Windows is Ready to use")
    return BootResult(machine.name, "ec2config", False, first, password, ran, rc)


# --- all ------------------------------------------------------------------------------------------------------------


def _user(password_set: bool) -> str:
    """User data runs as Administrator after the agent has set its password, else as SYSTEM."""
    return "Administrator" if password_set else "SYSTEM"


def _set_password(machine: Machine, kind: str, static: str) -> bool:
    """Enable the Administrator with a password and hand it to EC2; says whether that happened."""
    metadata = machine.metadata
    # Without a key pair nobody could decrypt a random password; the account stays as it is.
    if kind == "doNothing" or metadata is None or (kind == "random" and not metadata.public_key):
        return False
    password = static if kind == "static" and meets_policy(static) else random_password()
    machine.users.set_password("Administrator", password)
    machine.users.get("Administrator").enabled = True
    if metadata.public_key:
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
