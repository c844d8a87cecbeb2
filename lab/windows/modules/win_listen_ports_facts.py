# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about the ports that are listened on. The module asks for TCP in given states, and for all UDP endpoints."""

from __future__ import annotations

import typing as t

from lab.windows import ports
from lab.windows.machine import Machine
from lab.windows.modules.context import ModuleContext, ModuleError, Params, Result

NAMES = ("ansible.windows.win_listen_ports_facts",)

_STATES = frozenset(
    "Bound Closed CloseWait Closing DeleteTCB Established FinWait1 FinWait2 LastAck Listen SynReceived SynSent TimeWait"
    .lower()
    .split()
)  # fmt: skip


def run(machine: Machine, params: Params, context: ModuleContext) -> Result:
    """Give the facts."""
    states = {state.lower() for state in params["tcp_filter"]}
    if unknown := states - _STATES:
        raise ModuleError(
            "An error occurred while retrieving ports facts: Cannot process argument transformation on parameter "
            f"'State'. Unable to match the identifier name {sorted(unknown)[0]} to a valid enumerator name."
        )
    started = machine.boot_time.strftime(params["date_uformat"])
    tcp = ports.endpoints(machine, "tcp") if "listen" in states else []
    facts = {"tcp_listen": tcp, "udp_listen": ports.endpoints(machine, "udp")}
    return {"ansible_facts": {name: [_describe(one, started) for one in found] for name, found in facts.items()}}


def _describe(one: ports.Endpoint, started: str) -> dict[str, t.Any]:
    return {
        "address": one.address,
        "name": one.process,
        "pid": one.pid,
        "port": one.port,
        "protocol": one.protocol,
        "stime": started,
        "user": one.user,
    }
