# SPDX-License-Identifier: GPL-3.0-or-later
"""Install and remove products: MSI packages and installers that are programs."""

from __future__ import annotations

import re
import subprocess
import typing as t
import urllib.parse

from lab.types import Completed
from lab.windows import artefacts, paths, shares, web
from lab.windows.errors import UnsupportedError, WindowsError
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result
from lab.windows.modules.win_stat import checksum as digest
from lab.windows.stock_registry import UNINSTALL

NAMES = ("ansible.windows.win_package",)

RESTART_WANTED = 3010
_UNHANDLED = "Unhandled exception while executing module: "


class Status(t.NamedTuple):
    """What is known of the product: which provider handles it, its id, and whether it is there."""

    provider: str
    product: str
    installed: bool


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Bring a product to a state."""
    package = _Package(machine, params, context)
    try:
        return package.run()
    finally:
        package.clean()


class _Package:
    def __init__(self, machine: Machine, params: Params, context: ModuleContext) -> None:
        self.machine = machine
        self.params = params
        self.context = context
        self.result: Result = {"changed": False, "reboot_required": False}
        self._temporary = ""
        path = params["path"] or ""
        self.is_url = path.lower().startswith("http")
        self.path: str = path if self.is_url else machine.expand(path, context.user)

    def run(self) -> Result:
        present = self.params["state"] == "present"
        status = None
        if self.is_url and self.params["product_id"] and present:
            status = self.status("")
        local = ""
        if self.is_url and (not self.params["product_id"] or not (status and status.installed)):
            local = self.download()
        elif shares.is_unc(self.path):
            local = self.fetch()
        elif self.path and not self.is_url:
            self.must_exist()
            local = self.path
        if status is None or not status.installed:
            status = self.status(local)
        self.result["rc"] = 0
        changed = present != status.installed
        if changed and not self.context.check_mode:
            self.verify(local, present)
            self.apply(status, local, present)
        self.result["changed"] = changed
        return self.result

    # Looking

    def must_exist(self) -> None:
        if not self.machine.files.exists(self.path) and not self.context.check_mode:
            raise ModuleError(f"the file at the path '{self.path}' cannot be reached", **self.result)

    def fetch(self) -> str:
        """Open the package on another server's share. Here it is copied, and msiexec gets the copy."""
        found = self.machine.attached.shares
        try:
            content = found.read(self.path, self.context.network) if found else None
        except WindowsError:
            content = None
        if content is None:
            if self.context.check_mode:
                return ""
            raise ModuleError(f"the file at the path '{self.path}' cannot be reached", **self.result)
        folder = self.machine.environment_of(self.context.user)["TEMP"]
        self._temporary = paths.join(folder, "ansible-share", paths.name(self.path))
        self.machine.files.write(self._temporary, content, parents=True)
        return self._temporary

    def download(self) -> str:
        """Fetch the package into the module's temporary directory."""
        try:
            answer = web.request(self.machine, self.path, self.params, self.context.user)
        except web.WebError as exc:
            more = {} if exc.status is None else {"status_code": exc.status}
            raise ModuleError(f"{_UNHANDLED}{exc}", **self.result, **more) from exc
        self.result |= {"msg": answer.reason or "OK", "status_code": answer.status}
        name = urllib.parse.unquote(urllib.parse.urlsplit(answer.url or self.path).path.rpartition("/")[2])
        folder = self.machine.environment_of(self.context.user)["TEMP"]
        self._temporary = paths.join(folder, "ansible-moduletmp", name or "package")
        self.machine.files.write(self._temporary, answer.body, parents=True)
        return self._temporary

    def clean(self) -> None:
        """Remove what was downloaded."""
        if self._temporary:
            self.machine.files.delete(paths.parent(self._temporary), recursive=True)

    def status(self, local: str) -> Status:
        provider = self.params["provider"]
        if provider in ("msix", "msp"):
            raise UnsupportedError(f"win_package: provider {provider}")
        status = self.by_file(local, provider) if local else self.by_id(provider)
        installed = status.installed
        if self.params["creates_path"]:
            installed = self.created()
        if self.params["creates_service"]:
            installed = self.machine.services.find(self.params["creates_service"]) is not None
        return status._replace(installed=installed)

    def by_file(self, local: str, provider: str) -> Status:
        """Look with the package in hand: an MSI knows its product code."""
        content = self.machine.files.read(local) if self.machine.files.is_file(local) else b""
        header = artefacts.read_header(content) if content.startswith(artefacts.MAGIC) else None
        is_msi = header is not None and header.kind == "msi"
        if provider == "msi" and not is_msi:
            raise ModuleError(
                f'{_UNHANDLED}Exception calling "OpenPackage" with "2" argument(s): "Failed to open MSI package '
                f"'{local}' (This installation package could not be opened. Verify that the package exists and that "
                'you can access it, Win32ErrorCode 1620 - 0x00000654)"',
                **self.result,
            )
        if header is not None and is_msi and provider in ("auto", "msi"):
            return Status("msi", header.product_code, self.msi_installed(header.product_code))
        if local.lower().endswith((".appx", ".appxbundle", ".msix", ".msixbundle", ".msp")):
            raise UnsupportedError(f"win_package: {local}")
        return Status("registry", self.params["product_id"] or "", self.listed(self.params["product_id"]))

    def by_id(self, provider: str) -> Status:
        product = self.params["product_id"] or ""
        if provider != "registry" and (self.msi_installed(product) or provider == "msi"):
            return Status("msi", product, self.msi_installed(product))
        return Status("registry", product, self.listed(product))

    def msi_installed(self, product: str) -> bool:
        return bool(product) and self.machine.registry.data(f"{UNINSTALL}\\{product}", "WindowsInstaller", 0) == 1

    def listed(self, product: str | None) -> bool:
        return bool(product) and self.machine.registry.key_exists(f"{UNINSTALL}\\{product}")

    def created(self) -> bool:
        path = self.params["creates_path"]
        if not self.machine.files.exists(path):
            return False
        if not self.params["creates_version"]:
            return True
        if self.machine.files.is_directory(path):
            text = "creates_path must be a file not a directory when creates_version is set"
            raise ModuleError(_UNHANDLED + text, **self.result)
        raise UnsupportedError("win_package: creates_version (the lab's files have no version resource)")

    # Doing

    def verify(self, local: str, present: bool) -> None:
        """Check the package against the checksum that was given."""
        if not present or not local:
            return
        found = digest(self.machine.files.read(local), self.params["checksum_algorithm"]).upper()
        self.result["checksum"] = found
        wanted = self.params["checksum"]
        if wanted and wanted.upper() != found:
            raise ModuleError(f"The checksum for {local} did not match '{wanted}', it was '{found}'", **self.result)

    def apply(self, status: Status, local: str, present: bool) -> None:
        if status.provider == "msi":
            action = ["/i", local] if present else ["/x", status.product]
            folder = self.machine.environment_of(self.context.user)["TEMP"]
            log = self.params["log_path"] or paths.join(folder, "msiexec.log")
            words = ["C:\\Windows\\System32\\msiexec.exe", *action, "/L*V", log, "/qn", "/norestart"]
            line = subprocess.list2cmdline(words)
            self.execute(f"{line} {self.arguments()}".rstrip(), log)
            if not self.params["log_path"] and self.machine.files.exists(log):
                self.machine.files.delete(log)
            return
        line = subprocess.list2cmdline([local]) if local else self.uninstall_command(status.product)
        self.execute(f"{line} {self.arguments()}".rstrip(), "")

    def arguments(self) -> str:
        given = self.params["arguments"]
        if isinstance(given, list):
            return subprocess.list2cmdline([str(one) for one in given])
        return str(given) if given is not None else ""

    def uninstall_command(self, product: str) -> str:
        key = f"{UNINSTALL}\\{product}"
        command = self.machine.registry.data(key, "QuietUninstallString") or self.machine.registry.data(
            key, "UninstallString"
        )
        if not command:
            raise ModuleError(f"Failed to find registry uninstall string at registry path '{key}'", **self.result)
        return re.sub(r"^MsiExec\.exe", r"C:\\Windows\\System32\\msiexec.exe", str(command), flags=re.IGNORECASE)

    def execute(self, line: str, log: str) -> None:
        """Run the installer and judge its exit code."""
        from lab.windows import programs

        done: Completed = programs.run(self.machine, line, self.context.user)
        self.result["rc"] = done.rc
        if done.rc not in self.params["expected_return_code"]:
            more: Result = {
                "stdout": done.stdout.decode(errors="replace"),
                "stderr": done.stderr.decode(errors="replace"),
            }
            if log and self.machine.files.is_file(log):
                more["log"] = self.machine.files.read_text(log)
            text = f"unexpected rc from '{line}': see rc, stdout, and stderr for more details"
            raise ModuleError(text, **self.result, **more)
        self.result["failed"] = False  # a code other than 0 counts as a failure without it
        if done.rc == RESTART_WANTED:
            self.result["reboot_required"] = True
