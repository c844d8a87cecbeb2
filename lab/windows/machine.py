# SPDX-License-Identifier: GPL-3.0-or-later
"""One Windows installation: stores that belong together, and what it is attached to while it runs."""

from __future__ import annotations

import contextlib
import copy
import datetime
import ipaddress
import secrets
import typing as t

from lab.windows import account_registry, environment, feature_effects, firewall_registry, pending
from lab.windows.certificates import Certificates
from lab.windows.environment import Environment
from lab.windows.errors import NetworkError, WindowsError
from lab.windows.features import Feature, FeatureResult, Features
from lab.windows.files import Files
from lab.windows.firewall import Firewall
from lab.windows.pending import PendingReboot
from lab.windows.registry import Registry
from lab.windows.runtime import Attachments, Metadata, Network
from lab.windows.services import Services
from lab.windows.tasks import ScheduledTasks
from lab.windows.users import Users
from lab.windows.versions import WindowsVersion
from lab.windows.winrm import WinRM

TCPIP = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters"
SNAPSHOT_ATTEMPTS = 20
CRYPTOGRAPHY = "HKLM\\SOFTWARE\\Microsoft\\Cryptography"


def utc_now() -> datetime.datetime:
    """Give the time of day, aware, in UTC."""
    return datetime.datetime.now(datetime.UTC)


class Clock:
    """The machine's clock; ``source`` may be replaced by tests."""

    def __init__(self, source: t.Callable[[], datetime.datetime] = utc_now) -> None:
        self.source = source

    def __call__(self) -> datetime.datetime:
        return self.source()

    def seconds(self) -> float:
        """Give the time as seconds since 1970."""
        return self.source().timestamp()


class Machine:
    """The state of one installation. ``snapshot`` copies it without its attachments."""

    def __init__(
        self,
        version: WindowsVersion,
        *,
        name: str,
        sid: str = "",
        core: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self.version = version
        self.core = core
        self.clock = clock or Clock()
        self.boot_time = self.clock()
        self.files = Files(self.clock.seconds)
        self.registry = Registry()
        self.services = Services(self.registry, self.files)
        self.features = Features(version.key, version.dotnet_feature, core=core)
        self.firewall = Firewall()
        firewall_registry.mirror(self.registry, self.firewall, version.key)
        self.users = Users(sid or new_sid(), self.clock)
        account_registry.mirror(self.registry, self.users)
        self.certificates = Certificates(self.clock)
        self.tasks = ScheduledTasks()
        self.winrm = WinRM(self.registry, self.services, self.certificates)
        self.environment = Environment(self.registry)
        self.pending_reboot = PendingReboot(self.registry)
        # Programs and modules of the lab keep what has no store of its own here, by name; it is part of an image.
        self.extras: dict[str, t.Any] = {}
        self.attached = Attachments()
        self.rename(name, at_once=True)

    # Identity

    @property
    def name(self) -> str:
        """Give the computer name in force; a renamed machine has the old one until it reboots."""
        return str(self.registry.data(pending.COMPUTER_NAME + "\\ActiveComputerName", "ComputerName", ""))

    def rename(self, name: str, *, at_once: bool = False) -> None:
        """Change the computer name, in force after the next boot unless ``at_once``."""
        self.registry.set(pending.COMPUTER_NAME + "\\ComputerName", "ComputerName", name.upper())
        self.registry.set(TCPIP, "NV Hostname", name)
        if at_once:
            self.registry.set(pending.COMPUTER_NAME + "\\ActiveComputerName", "ComputerName", name.upper())
            self.registry.set(TCPIP, "Hostname", name)

    @property
    def sid(self) -> str:
        """Give the machine SID, the prefix of every local account's."""
        return self.users.machine_sid

    @sid.setter
    def sid(self, value: str) -> None:
        old = self.users.machine_sid
        self.users.machine_sid = value
        for hive in self.registry.subkeys("HKU"):
            if hive.startswith(old + "-"):
                self.registry.rename_key(f"HKU\\{hive}", f"HKU\\{value}{hive[len(old) :]}")
        for group in self.users.groups():
            if group.sid.startswith(old + "-"):
                group.sid = value + group.sid[len(old) :]

    # Environment and users

    def user_sid(self, user: str) -> str:
        """Give the SID of a user as programs name them (``Administrator``, ``SYSTEM``, ``HOST\\Administrator``)."""
        return self.users.sid(user)

    def registry_as(self, user: str) -> Registry:
        """Give the registry with HKCU being a user's hive."""
        return self.registry.as_user(self.user_sid(user))

    def environment_of(self, user: str = "SYSTEM") -> dict[str, str]:
        """Give the environment that a new process of a user gets."""
        sid = self.user_sid(user)
        bare = user.rpartition("\\")[2]
        known = self.users.find(bare)
        profile = (known.profile if known else "") or (
            f"C:\\Users\\{known.name}" if known else "C:\\Windows\\system32\\config\\systemprofile"
        )
        block = self.environment.block(known.name if known else f"{self.name}$", profile, sid, self.name)
        block["TEMP"] = block["TMP"] = profile + "\\AppData\\Local\\Temp" if known else "C:\\Windows\\TEMP"
        return block

    def expand(self, text: str, user: str = "SYSTEM") -> str:
        """Replace ``%NAME%`` by a user's environment."""
        return environment.expand(text, self.environment_of(user)) if "%" in text else text

    # Features: the catalogue decides, this applies the consequences

    def install_features(
        self, names: t.Iterable[str], *, subfeatures: bool = False, tools: bool = False, source: bool = False
    ) -> FeatureResult:
        """Install roles and features with all that comes with them.

        :raises WindowsError: unknown name, or a payload that is not there.
        """
        result = self.features.install(names, subfeatures=subfeatures, tools=tools, source=source)
        for feature in result.changed:
            feature_effects.installed(self, feature)
        return self._after_features(result)

    def remove_features(self, names: t.Iterable[str], *, tools: bool = False) -> FeatureResult:
        """Remove roles and features."""
        result = self.features.remove(names, tools=tools)
        for feature in result.changed:
            feature_effects.removed(self, feature)
        return self._after_features(result)

    def _after_features(self, result: FeatureResult) -> FeatureResult:
        if result.restart_needed:
            self.pending_reboot.require_servicing()
        return result

    def features_below(self, name: str) -> list[Feature]:
        """Give the features directly below one."""
        return self.features.children(name)

    # Power

    def power_off(self) -> None:
        """Forget what only runs: services."""
        self.services.stop_all()
        for task in self.tasks.all():
            task.running = False

    def power_on(self) -> list[str]:
        """Start as hardware does: pending work done, automatic services up; gives the services that failed.

        Launch agents, user data and the first boot after sysprep are ``lab.windows.boot``'s.
        """
        self.boot_time = self.clock()
        self._delete_pending_files()
        self.pending_reboot.clear()
        self.registry.set(TCPIP, "Hostname", self.registry.data(TCPIP, "NV Hostname", self.name))
        return self.services.start_automatic()

    def _delete_pending_files(self) -> None:
        entries = self.registry.data(pending.SESSION_MANAGER, pending.RENAMES, [])
        for source, target in zip(entries[::2], entries[1::2], strict=False):
            path = source.removeprefix("\\??\\")
            if not self.files.exists(path):
                continue
            if target:
                self.files.move(path, target.lstrip("!").removeprefix("\\??\\"))
            else:
                self.files.delete(path, recursive=True)

    # Attachments

    def attach(self, **what: t.Any) -> None:
        """Connect network, metadata, power, background, log, changed, shares or module; what is not named stays."""
        self.attached = self.attached._replace(**what)
        if what.get("metadata") is not None:
            # A /20, as the subnets of a default VPC are.
            network = ipaddress.ip_network(f"{what['metadata'].local_ipv4}/20", strict=False)
            self.firewall.subnet = str(network)

    @property
    def network(self) -> Network:
        """Give the way out.

        :raises NetworkError: the machine has no network.
        """
        if self.attached.network is None:
            raise NetworkError("Unable to connect to the remote server")
        return self.attached.network

    @property
    def metadata(self) -> Metadata | None:
        """Give the metadata service, or None outside EC2."""
        return self.attached.metadata

    def power(self, action: str, delay: float = 0.0) -> None:
        """Ask for ``reboot`` or ``shutdown`` after a delay in seconds.

        :raises WindowsError: nothing holds the power switch, so the request would be lost.
        """
        if self.attached.power is None:
            raise WindowsError(21, message="The device is not ready: nothing controls this machine's power")
        self.attached.power(action, delay)

    def background(self, work: t.Callable[[], None]) -> None:
        """Run something beside the command that asked for it; in place when nothing else can."""
        if self.attached.background is None:
            work()
        else:
            self.attached.background(work)

    def log(self, text: str) -> None:
        """Say something in the lab's log."""
        if self.attached.log is not None:
            self.attached.log(text)

    def snapshot(self) -> Machine:
        """Copy the state without the attachments."""
        bare = copy.copy(self)
        bare.attached = Attachments()
        # Something on the machine may write meanwhile, as with the image of a running one: then it is done again.
        for _ in range(SNAPSHOT_ATTEMPTS):
            with contextlib.suppress(RuntimeError):
                return copy.deepcopy(bare)
        return copy.deepcopy(bare)


def new_sid() -> str:
    """Give a machine SID that nothing else has."""
    return "S-1-5-21-" + "-".join(str(secrets.randbelow(0xFFFFFFFF - 0x10000000) + 0x10000000) for _ in range(3))


def stock_machine(version: str, launch_agent: str, *, core: bool = False) -> Machine:
    """Make a stock Amazon AMI's machine; see lab.windows.stock."""
    from lab.windows import stock  # it is built from Machine

    return stock.stock_machine(version, launch_agent, core=core)
