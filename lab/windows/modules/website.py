# SPDX-License-Identifier: GPL-3.0-or-later
"""Make, change and remove an IIS site."""

from __future__ import annotations

from lab.windows.errors import UnsupportedError, WindowsError
from lab.windows.iis import CONFIG, POWERSHELL, Iis, Site
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result

NAMES = ("microsoft.iis.website",)


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Bring a site to a state."""
    if not machine.files.exists(POWERSHELL):
        raise ModuleError(
            "Unhandled exception while executing module: The specified module 'WebAdministration' was not loaded "
            "because no valid module file was found in any module directory."
        )
    if not machine.files.exists(CONFIG):
        raise ModuleError(
            "Unhandled exception while executing module: Cannot find drive. A drive with the name 'IIS' does not exist."
        )
    iis = Iis(machine)
    site = iis.find(params["name"])
    try:
        changed = _remove(iis, site) if params["state"] == "absent" else _bring(machine, iis, site, params)
    except WindowsError as exc:
        raise ModuleError(f"System.Collections.Hashtable - {exc}") from exc
    if changed and not context.check_mode:
        iis.save()
    return {"changed": changed}


def _remove(iis: Iis, site: Site | None) -> bool:
    if site is None:
        return False
    iis.remove(site)
    return True


def _bring(machine: Machine, iis: Iis, site: Site | None, params: Params) -> bool:
    folder, pool, state = params["physical_path"], params["application_pool"], params["state"]
    changed = site is None
    started = site is not None and site.started  # the module looks before it touches the bindings
    if site is None:
        if not folder:
            raise ModuleError("missing required arguments: physical_path")
        site = iis.add(params["name"], _folder(machine, folder), pool or "", params["site_id"] or "")
    elif folder and _folder(machine, folder).lower() != site.directory.get("physicalPath", "").lower():
        site.directory.set("physicalPath", _folder(machine, folder))
        changed = True
    if pool and pool != site.application.get("applicationPool", "DefaultAppPool"):
        site.application.set("applicationPool", pool)
        changed = True
    wanted = _bindings(site, params["bindings"] or {})
    if wanted != site.bindings:
        site.bindings = wanted
        changed = True
    if state == "restarted" or started != (state == "started"):
        site.started = state != "stopped"
        changed = True
    return changed


def _folder(machine: Machine, path: str) -> str:
    node = machine.files.find(path)
    if node is None:
        raise ModuleError("specified folder must already exist: physical_path")
    return node.path


def _bindings(site: Site, asked: Params) -> list[str]:
    """Give the bindings that a site shall have, those that stay first."""
    for one in [*(asked.get("set") or []), *(asked.get("add") or [])]:
        if one["protocol"] == "https" or one["use_sni"] or one["use_ccs"] or one["certificate_hash"]:
            raise UnsupportedError("microsoft.iis.website: bindings of https")
    names = {key: [_information(one) for one in asked.get(key) or []] for key in ("set", "add", "remove")}
    if asked.get("set") is not None:
        stay = [text for text in site.bindings if text in names["set"]]
        return [*stay, *(text for text in names["set"] if text not in stay)]
    stay = [text for text in site.bindings if text not in names["remove"]]
    return [*stay, *(text for text in names["add"] if text not in stay)]


def _information(binding: Params) -> str:
    return f"{binding['ip'] or ''}:{binding['port'] or ''}:{binding['hostname'] or ''}"
