# SPDX-License-Identifier: GPL-3.0-or-later
"""Set the machine's WinHTTP proxy."""

from __future__ import annotations

from lab.windows.machine import Machine
from lab.windows.modules import _proxy_options
from lab.windows.modules.context import ModuleContext, Params, Result
from lab.windows.proxy import Proxy, read_winhttp, read_wininet, write_winhttp

NAMES = ("ansible.windows.win_http_proxy",)


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Set the proxy that is given, or copy the user's; without options there is none."""
    current = read_winhttp(machine)
    if params["source"] == "ie":
        user = read_wininet(machine, context.user)
        wanted = Proxy(user.server, user.bypass)
    else:
        server = _proxy_options.server(params["proxy"])
        wanted = Proxy(server, _proxy_options.bypass(params["bypass"], server))
    changed = (current.server, current.bypass) != (wanted.server, wanted.bypass)
    if changed and not context.check_mode:
        write_winhttp(machine, wanted)
    return {"changed": changed, "diff": {"before": _shown(current), "after": _shown(wanted)}}


def _shown(proxy: Proxy) -> dict[str, str | None]:
    return {"proxy": proxy.server or None, "bypass": proxy.bypass or None}
