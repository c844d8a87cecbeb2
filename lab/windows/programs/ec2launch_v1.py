# SPDX-License-Identifier: GPL-3.0-or-later
"""InitializeInstance.ps1 and SysprepInstance.ps1, the scripts of EC2Launch v1."""

from __future__ import annotations

import json
import typing as t

from lab.types import Completed
from lab.windows import identity
from lab.windows.errors import UnsupportedError, WindowsError
from lab.windows.programs import sysprep
from lab.windows.programs.base import Invocation, done, failed
from lab.windows.tasks import Action, Task

if t.TYPE_CHECKING:
    from lab.windows.machine import Machine

ROOT = "C:\\ProgramData\\Amazon\\EC2-Windows\\Launch"
CONFIG = ROOT + "\\Config\\LaunchConfig.json"
UNATTEND = ROOT + "\\Sysprep\\Unattend.xml"
LOG = ROOT + "\\Log\\EC2Launch.log"
USER_DATA_LOG = ROOT + "\\Log\\UserdataExecution.log"
INITIALIZE = ROOT + "\\Scripts\\InitializeInstance.ps1"
SYSPREP = ROOT + "\\Scripts\\SysprepInstance.ps1"
USER_DATA_TASK = "Amazon Ec2 Launch - Userdata Execution"
SSM_AGENT = "AmazonSSMAgent"
TASK = "Amazon Ec2 Launch - Instance Initialization"


def initialize_main(call: Invocation) -> Completed:
    """-Schedule: initialize at the next boot. -SchedulePerBoot: at every boot. Neither: now."""
    from lab.windows import boot

    switches = {word.lower().lstrip("-/") for word in call.arguments}
    if switches - {"schedule", "scheduleperboot"}:
        raise UnsupportedError(f"InitializeInstance.ps1 {' '.join(call.arguments)}")
    if not call.elevated:
        return failed("Access is denied: InitializeInstance.ps1 must be run by an administrator")
    if not switches:
        return done(rc=boot.initialize_v1(call.machine).user_data_rc)
    schedule(call.machine, per_boot="scheduleperboot" in switches)
    return done()


def schedule(machine: Machine, *, per_boot: bool) -> None:
    """Register the task that initializes the instance when it boots."""
    arguments = f"-NoProfile -NonInteractive -NoLogo -ExecutionPolicy Unrestricted -File {INITIALIZE}"
    machine.tasks.put(
        Task(
            TASK,
            actions=[Action("powershell.exe", arguments)],
            triggers=[{"type": "boot", "enabled": True}],
            run_level="highest",
            registration={"per_boot": per_boot},
        )
    )
    if per_boot:
        machine.tasks.remove(USER_DATA_TASK)
    # It must not run until Windows is ready; the initialization puts it back.
    set_ssm_agent(machine, "disabled")
    write_log(machine, "Instance initialization is scheduled successfully")


def set_ssm_agent(machine: Machine, start_mode: str) -> None:
    """Change how the SSM agent starts, if it is there."""
    if machine.services.find(SSM_AGENT) is not None:
        machine.services.configure(SSM_AGENT, start_mode=start_mode)


def start_ssm_agent(machine: Machine) -> None:
    """Start the SSM agent; a failure is only logged."""
    try:
        machine.services.start(SSM_AGENT)
    except WindowsError as exc:
        write_log(machine, f"Failed to start AmazonSSMAgent service: {exc}")


def sysprep_main(call: Invocation) -> Completed:
    """Seal; shut down unless -NoShutdown."""
    switches = {word.lower().lstrip("-/") for word in call.arguments}
    if switches - {"noshutdown"}:
        raise UnsupportedError(f"SysprepInstance.ps1 {' '.join(call.arguments)}")
    machine = call.machine
    before = ROOT + "\\Sysprep\\BeforeSysprep.cmd"
    if machine.files.exists(before) and identity.commands_in(machine.files.read_text(before)):
        raise UnsupportedError("SysprepInstance.ps1 with commands in BeforeSysprep.cmd")
    if not machine.files.exists(UNATTEND):
        return failed(f"{UNATTEND} not found")
    machine.tasks.remove(USER_DATA_TASK)
    identity.deny_remote_desktop(machine, True)
    words = ["/oobe", "/generalize", "/quit" if "noshutdown" in switches else "/shutdown", f"/unattend:{UNATTEND}"]
    finished = sysprep.main(call._replace(path="C:\\Windows\\System32\\Sysprep\\sysprep.exe", arguments=words))
    write_log(machine, "Sysprep failed" if finished.rc else "Sysprep succeeded")
    # Amazon's script starts sysprep.exe, waits, and does not look at its exit code: ImageState tells.
    return done(finished.stderr.decode())


def write_log(machine: Machine, text: str, log: str = LOG) -> None:
    """A line in one of the agent's logs."""
    stamp = machine.clock().strftime("%Y/%m/%d %H:%M:%SZ")
    machine.files.mkdir(ROOT + "\\Log")
    machine.files.append(log, f"{stamp}: {text}\r\n")


def read_config(machine: Machine) -> dict[str, t.Any]:
    """LaunchConfig.json; empty when it cannot be read, as the agent takes it."""
    try:
        data = json.loads(machine.files.read_text(CONFIG)) if machine.files.exists(CONFIG) else {}
    except json.JSONDecodeError:
        write_log(machine, f"{CONFIG} is not JSON")
        return {}
    return data if isinstance(data, dict) else {}


def write_config(machine: Machine, **changes: t.Any) -> None:
    """Change values of LaunchConfig.json."""
    machine.files.write(CONFIG, json.dumps({**read_config(machine), **changes}, indent=4))
