# SPDX-License-Identifier: GPL-3.0-or-later
"""A pending reboot, where Windows keeps the signs of it."""

from __future__ import annotations

from lab.windows.registry import Registry

CBS = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\RebootPending"
UPDATES = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update\\RebootRequired"
SESSION_MANAGER = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager"
RENAMES = "PendingFileRenameOperations"
COMPUTER_NAME = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\ComputerName"


class PendingReboot:
    """A view over the registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def reasons(self) -> list[str]:
        """Give why the machine wants a reboot: servicing, updates, renames, computer name; empty when it does not."""
        found = []
        if self._registry.key_exists(CBS):
            found.append("servicing")
        if self._registry.key_exists(UPDATES):
            found.append("updates")
        if self._registry.data(SESSION_MANAGER, RENAMES):
            found.append("renames")
        active = self._registry.data(COMPUTER_NAME + "\\ActiveComputerName", "ComputerName")
        if active != self._registry.data(COMPUTER_NAME + "\\ComputerName", "ComputerName"):
            found.append("computer name")
        return found

    def __bool__(self) -> bool:
        return bool(self.reasons())

    def require_servicing(self) -> None:
        """Note that a role, feature or component waits for a reboot."""
        self._registry.create_key(CBS)

    def require_updates(self) -> None:
        """Note that Windows Update waits for a reboot."""
        self._registry.create_key(UPDATES)

    def rename_at_boot(self, source: str, destination: str = "") -> None:
        """Note a file to move (to delete, with no destination) at the next boot."""
        known = list(self._registry.data(SESSION_MANAGER, RENAMES, []))
        entry = [f"\\??\\{source}", f"!\\??\\{destination}" if destination else ""]
        self._registry.set(SESSION_MANAGER, RENAMES, known + entry)

    def clear(self) -> None:
        """Forget all of it: the machine has rebooted."""
        self._registry.delete_key(CBS)
        self._registry.delete_key(UPDATES)
        self._registry.delete_value(SESSION_MANAGER, RENAMES)
        wanted = self._registry.data(COMPUTER_NAME + "\\ComputerName", "ComputerName", "")
        self._registry.set(COMPUTER_NAME + "\\ActiveComputerName", "ComputerName", wanted)
