# SPDX-License-Identifier: GPL-3.0-or-later
"""Set a user's WinINet proxy."""

from __future__ import annotations

import typing as t

from lab.windows.machine import Machine
from lab.windows.modules import _proxy_options
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result
from lab.windows.proxy import Proxy, read_wininet, write_wininet

NAMES = ("ansible.windows.win_inet_proxy",)


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Set all four parts of the proxy setting."""
    if params["connection"]:
        # A guest of the lab has a network adapter and no dial-up connection.
        raise ModuleError(f"The connection '{params['connection']}' does not exist.")
    server = _proxy_options.server(params["proxy"])
    bypass = _proxy_options.bypass(params["bypass"], server)
    wanted = Proxy(server, bypass, params["auto_config_url"] or "", params["auto_detect"])
    current = read_wininet(machine, context.user)
    if wanted != current and not context.check_mode:
        write_wininet(machine, context.user, wanted)
    after = _shown(wanted)
    after["proxy"] = after.pop("server")
    return {"changed": wanted != current, "diff": {"before": _shown(current), "after": after}}


def _shown(proxy: Proxy) -> dict[str, t.Any]:
    return {
        "auto_config_url": proxy.auto_config_url or None,
        "auto_detect": proxy.auto_detect,
        "bypass": proxy.bypass or None,
        "server": proxy.server or None,
    }
