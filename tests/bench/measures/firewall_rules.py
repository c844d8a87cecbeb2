# SPDX-License-Identifier: GPL-3.0-or-later
"""How many modules the role firewall runs for fifty rules: all new, and then all there."""

from __future__ import annotations

import pathlib
import tempfile
import typing as t

from lab.windows.firewall import Rule
from tests.bench.table import Row
from tests.bench.workshop import BuildError, Workshop
from tests.lab.roles.guests import running_guest

ORDER = 55
RULES = [{"name": f"Rule {number}", "port": str(8000 + number)} for number in range(50)]


def measure(place: Workshop) -> t.Iterator[Row]:
    with tempfile.TemporaryDirectory() as home, running_guest(pathlib.Path(home), "2022") as guest:
        guest.machine.firewall.add(Rule("{1}", "First boot", protocol="TCP", local_ports="5986"))
        for when in ("first run", "second run"):
            run = guest.role("firewall", firewall_rules=RULES)
            if run.status != 0:
                raise BuildError(run.output)
            yield Row(f"modules for 50 firewall rules, {when}", "", run.modules.total())
