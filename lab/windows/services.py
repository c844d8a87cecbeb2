# SPDX-License-Identifier: GPL-3.0-or-later
"""Services: definitions live in the registry, as in Windows; running ones here."""

from __future__ import annotations

import typing as t

from lab.windows import paths
from lab.windows.environment import expand
from lab.windows.errors import WindowsError
from lab.windows.files import Files
from lab.windows.registry import Registry

ROOT = "HKLM\\SYSTEM\\CurrentControlSet\\Services"
START_MODES = ("boot", "system", "auto", "manual", "disabled")
AUTO, MANUAL, DISABLED = 2, 3, 4


class Service:
    """A view of one service."""

    def __init__(self, store: Services, name: str) -> None:
        self._store = store
        self.name = name

    @property
    def key(self) -> str:
        """Give the registry key of the definition."""
        return f"{ROOT}\\{self.name}"

    def _data(self, name: str, default: t.Any) -> t.Any:
        return self._store.registry.data(self.key, name, default)

    @property
    def display_name(self) -> str:
        """Give the name that the service manager shows."""
        return str(self._data("DisplayName", self.name))

    @property
    def description(self) -> str:
        """Give the description, empty when there is none."""
        return str(self._data("Description", ""))

    @property
    def path(self) -> str:
        """Give the command line that starts the service, environment references unexpanded."""
        return str(self._data("ImagePath", ""))

    @property
    def start_mode(self) -> str:
        """Give boot, system, auto, delayed, manual or disabled."""
        mode = START_MODES[int(self._data("Start", MANUAL))]
        return "delayed" if mode == "auto" and self._data("DelayedAutostart", 0) else mode

    @property
    def account(self) -> str:
        """Give the logon account, for example ``LocalSystem``."""
        return str(self._data("ObjectName", "LocalSystem"))

    @property
    def dependencies(self) -> list[str]:
        """Give the names of the services that must run first."""
        return [str(name) for name in self._data("DependOnService", [])]

    @property
    def state(self) -> str:
        """Give Running, Stopped or Paused."""
        return self._store.states.get(self.name.lower(), "Stopped")

    @property
    def process_id(self) -> int:
        """Give the process id, 0 when it does not run."""
        return self._store.pids.get(self.name.lower(), 0)


class Services:
    """The service control manager."""

    def __init__(self, registry: Registry, files: Files) -> None:
        self.registry = registry
        self._files = files
        self.states: dict[str, str] = {}
        self.pids: dict[str, int] = {}
        self._next_pid = 640

    def find(self, name: str) -> Service | None:
        """Give a service by its name or display name, or None."""
        for known in self.registry.subkeys(ROOT):
            if known.lower() == name.lower():
                return Service(self, known)
        return next((s for s in self.all() if s.display_name.lower() == name.lower()), None)

    def get(self, name: str) -> Service:
        """Give a service.

        :raises WindowsError: code 1060, it is not there.
        """
        service = self.find(name)
        if service is None:
            raise WindowsError(1060, name)
        return service

    def all(self) -> list[Service]:
        """Give every service, sorted by name."""
        return [Service(self, name) for name in self.registry.subkeys(ROOT)]

    def create(
        self,
        name: str,
        path: str,
        *,
        display_name: str = "",
        description: str = "",
        start_mode: str = "auto",
        account: str = "LocalSystem",
        dependencies: t.Iterable[str] = (),
    ) -> Service:
        """Define a service; the binary is looked at only when it starts.

        :raises WindowsError: code 1073, it is there already.
        """
        if any(known.lower() == name.lower() for known in self.registry.subkeys(ROOT)):
            raise WindowsError(1073, name)
        self.registry.create_key(f"{ROOT}\\{name}")
        self.registry.set(f"{ROOT}\\{name}", "Type", 0x20 if "svchost" in path.lower() else 0x10)
        self.registry.set(f"{ROOT}\\{name}", "ErrorControl", 1)
        service = Service(self, name)
        self.configure(
            name,
            path=path,
            display_name=display_name or name,
            description=description,
            start_mode=start_mode,
            account=account,
            dependencies=list(dependencies),
        )
        return service

    def configure(
        self,
        name: str,
        *,
        path: str | None = None,
        display_name: str | None = None,
        description: str | None = None,
        start_mode: str | None = None,
        account: str | None = None,
        dependencies: t.Sequence[str] | None = None,
    ) -> Service:
        """Change what is given of a service's definition."""
        service = self.find(name) or Service(self, name)
        key = service.key
        if path is not None:
            self.registry.set(key, "ImagePath", path, "ExpandString")
        if display_name is not None:
            self.registry.set(key, "DisplayName", display_name)
        if description is not None:
            self.registry.set(key, "Description", description)
        if account is not None:
            self.registry.set(key, "ObjectName", account)
        if dependencies is not None:
            self.registry.set(key, "DependOnService", list(dependencies))
        if start_mode is not None:
            self._set_start_mode(key, start_mode)
        return service

    def delete(self, name: str) -> None:
        """Stop a service and remove its definition."""
        service = self.get(name)
        self.states.pop(service.name.lower(), None)
        self.pids.pop(service.name.lower(), None)
        self.registry.delete_key(service.key)

    def start(self, name: str) -> None:
        """Start a service and those it needs; one that runs is fine.

        :raises WindowsError: 1060 unknown, 1058 disabled, 2 its binary is not there, 1068 a dependency did not start.
        """
        service = self.get(name)
        if service.state == "Running":
            return
        if service.start_mode == "disabled":
            raise WindowsError(1058, service.name)
        binary = self.binary(service)
        if not self._files.is_file(binary):
            raise WindowsError(2, binary)
        for needed in service.dependencies:
            try:
                self.start(needed)
            except WindowsError as exc:
                raise WindowsError(1068, f"{service.name} needs {needed}") from exc
        self.states[service.name.lower()] = "Running"
        self._next_pid += 4
        self.pids[service.name.lower()] = self._next_pid

    def stop(self, name: str, *, force: bool = False) -> None:
        """Stop a service; one that is stopped is fine.

        :raises WindowsError: 1060 unknown, 1051 others that run need it (``force`` stops them too).
        """
        service = self.get(name)
        dependents = [s for s in self.dependents(service.name) if s.state != "Stopped"]
        if dependents and not force:
            raise WindowsError(1051, service.name)
        for dependent in dependents:
            self.stop(dependent.name, force=True)
        self.states.pop(service.name.lower(), None)
        self.pids.pop(service.name.lower(), None)

    def restart(self, name: str) -> None:
        """Stop and start a service, and the dependents that ran."""
        running = [s.name for s in self.dependents(name) if s.state == "Running"]
        self.stop(name, force=True)
        self.start(name)
        for dependent in running:
            self.start(dependent)

    def dependents(self, name: str) -> list[Service]:
        """Give the services that directly need one."""
        return [s for s in self.all() if name.lower() in (d.lower() for d in s.dependencies)]

    def binary(self, service: Service) -> str:
        """Give the path of the executable in a service's command line."""
        line = expand(service.path, {"SystemRoot": "C:\\Windows", "ProgramFiles": "C:\\Program Files"})
        words = paths.split_command(line)
        if not words:
            return "C:\\"
        # An unquoted path with spaces: Windows tries the longer and longer prefixes.
        for end in range(1, len(words) + 1):
            candidate = " ".join(words[:end])
            if self._files.is_file(candidate):
                return candidate
        return words[0]

    def stop_all(self) -> None:
        """Forget what runs: the machine went down."""
        self.states.clear()
        self.pids.clear()

    def start_automatic(self) -> list[str]:
        """Start what starts at boot; gives the names of those that failed."""
        failed = []
        for service in self.all():
            if service.start_mode in ("auto", "delayed"):
                try:
                    self.start(service.name)
                except WindowsError:
                    failed.append(service.name)
        return failed

    def _set_start_mode(self, key: str, start_mode: str) -> None:
        delayed = start_mode == "delayed"
        mode = "auto" if delayed else start_mode
        if mode not in START_MODES:
            raise WindowsError(87, start_mode)
        self.registry.set(key, "Start", START_MODES.index(mode))
        if delayed:
            self.registry.set(key, "DelayedAutostart", 1)
        else:
            self.registry.delete_value(key, "DelayedAutostart")
