# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Audit everything that may launch an instance. The documentation is in plugins/modules/image_audit.py."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import pathlib
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils.catalogue import Catalogue, open_catalogue
from ..plugin_utils.contents import collection_version
from ..plugin_utils.ec2 import AWS_OPTIONS, AwsSettings
from ..plugin_utils.estate_ec2 import Scope
from ..plugin_utils.fingerprint import plain
from ..plugin_utils.fleet_places import Account
from ..plugin_utils.image_audit import Acceptance, Audit
from ..plugin_utils.image_audit_ami import Policy
from ..plugin_utils.image_audit_lines import faults, lines, summary
from ..plugin_utils.image_audit_reports import FORMATS
from ..plugin_utils.image_audit_rules import RULES, SEVERITIES
from ..plugin_utils.image_audit_run import run_audit

display = Display()

_POLICY = {name: default for name, default in Policy._field_defaults.items() if name != "owners"}
ARGUMENTS: dict[str, t.Any] = {
    "catalogue": {"type": "str", "required": True},
    "aws": AWS_OPTIONS,
    "accounts": {"type": "list", "elements": "dict", "default": []},
    "regions": {"type": "list", "elements": "str", "default": []},
    "prefix": {"type": "str"},
    "parameters": {"type": "list", "elements": "str", "default": []},
    "fail_on": {"type": "str", "choices": ["error", "warning", "never"], "default": "error"},
    "accept": {"type": "list", "elements": "dict", "default": []},
    "owners": {"type": "list", "elements": "str", "default": []},
    **{name: {"type": "int", "default": default} for name, default in _POLICY.items()},
    **{name: {"type": "path"} for name in FORMATS},
}
Options = dict[str, t.Any]


class ActionModule(ActionBase):
    """Looks at everything that may launch, shows what is not well, and fails when it is bad enough."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Audit. In check mode nothing is written; there is nothing else that could be changed."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(ARGUMENTS)
        settings = AwsSettings(**options["aws"])
        try:
            scope, policy, accepted = _scope(options), _policy(options), _accepted(options)
        except (TypeError, ValueError) as exc:
            raise AnsibleActionFail(f"The audit cannot begin. {exc}") from None
        found, _estate = run_audit(
            settings, scope, lambda: self._open(options, settings), options["prefix"], policy, accepted
        )
        display.display("\n".join(["", *lines(found)]))
        written = [] if self._task.check_mode else _write(found, options)
        return {**result, **_answer(found, options["fail_on"]), "changed": bool(written), "written": written}

    def _open(self, options: Options, settings: AwsSettings) -> Catalogue:
        return open_catalogue(options["catalogue"], self._loader.get_basedir(), readonly=True, aws=settings)


def _answer(found: Audit, fail_on: str) -> Options:
    answer: Options = {
        "counts": found.counts,
        "findings": [one.to_dict() for one in found.findings],
        "things": len(found.things),
        "places": [str(place) for place in found.places],
        "summary": summary(found),
    }
    if not found.fails(fail_on):
        return answer
    bad = faults(found, SEVERITIES[: SEVERITIES.index(fail_on) + 1])
    more = [f"and {len(bad) - 10} more"] if len(bad) > 10 else []
    return {**answer, "failed": True, "msg": "\n".join([summary(found), *bad[:10], *more])}


def _scope(options: Options) -> Scope:
    accounts = tuple(map(Account.of, plain(options["accounts"])))
    return Scope(accounts, options["regions"], options["parameters"])


def _policy(options: Options) -> Policy:
    days = {name: options[name] for name in _POLICY}
    if min(days.values()) < 0:
        raise ValueError(f"{', '.join(days)} are numbers of days, 0 or more")
    return Policy(**days, owners=tuple(options["owners"]))


def _accepted(options: Options) -> list[Acceptance]:
    """Return what is accepted. Raises ValueError, or TypeError for keys that there are not."""
    found = [Acceptance(**{key: str(value) for key, value in one.items()}) for one in plain(options["accept"])]
    for one in found:
        if one.rule not in RULES:
            raise ValueError(f"accept: there is no rule {one.rule}. Known: {', '.join(RULES)}")
        if one.until is not None:
            dt.date.fromisoformat(one.until)
    return found


def _write(found: Audit, options: Options) -> list[str]:
    """Write the reports that were asked for, each whole or not at all, and return their paths."""
    version = collection_version("golden.windows_ami") or "unknown"
    written = []
    for name, make in FORMATS.items():
        if options[name]:
            path = pathlib.Path(options[name])
            beside = path.with_name(f".{path.name}.{os.getpid()}")
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                beside.write_text(make(found, version, options["fail_on"]), encoding="utf-8")
                beside.replace(path)
            except OSError as exc:
                with contextlib.suppress(OSError):
                    beside.unlink()
                raise AnsibleActionFail(f"Cannot write {path}: {exc.strerror}. {summary(found)}") from None
            written.append(str(path))
    return written
