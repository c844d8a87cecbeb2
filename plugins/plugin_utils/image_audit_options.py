# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that say where an audit looks and how it judges, for every action that audits."""

from __future__ import annotations

import datetime as dt
import typing as t

from .estate_ec2 import Scope
from .fingerprint import plain
from .fleet_places import Account
from .image_audit import Acceptance
from .image_audit_ami import Policy
from .image_audit_rules import RULES

DAYS: dict[str, int] = {name: default for name, default in Policy._field_defaults.items() if name != "owners"}
AUDIT_OPTIONS: dict[str, t.Any] = {
    "accounts": {"type": "list", "elements": "dict", "default": []},
    "regions": {"type": "list", "elements": "str", "default": []},
    "prefix": {"type": "str"},
    "parameters": {"type": "list", "elements": "str", "default": []},
    "accept": {"type": "list", "elements": "dict", "default": []},
    "owners": {"type": "list", "elements": "str", "default": []},
    **{name: {"type": "int", "default": default} for name, default in DAYS.items()},
}
Options = t.Mapping[str, t.Any]


def scope_of(options: Options) -> Scope:
    """Return where to look. Raises ValueError, or TypeError, for an account that makes no sense."""
    return Scope(tuple(map(Account.of, plain(options["accounts"]))), options["regions"], options["parameters"])


def policy_of(options: Options) -> Policy:
    """Return from when on it matters. Raises ValueError."""
    days = {name: options[name] for name in DAYS}
    if min(days.values()) < 0:
        raise ValueError(f"{', '.join(days)} are numbers of days, 0 or more")
    return Policy(**days, owners=tuple(options["owners"]))


def accepted_of(options: Options) -> list[Acceptance]:
    """Return what is accepted. Raises ValueError, or TypeError for keys that there are not."""
    found = [Acceptance(**{key: str(value) for key, value in one.items()}) for one in plain(options["accept"])]
    for one in found:
        if one.rule not in RULES:
            raise ValueError(f"accept: there is no rule {one.rule}. Known: {', '.join(RULES)}")
        if one.until is not None:
            dt.date.fromisoformat(one.until)
    return found
