# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of the seal check."""

from __future__ import annotations

import typing as t

from ..plugin_utils.seal import Allowed, judge, readable


def seal_check(
    found: t.Mapping[str, t.Any], allowed: t.Mapping[str, t.Sequence[str]] | None = None
) -> dict[str, t.Any]:
    """Judge what was found on a machine; see sidecar documentation."""
    verdict = judge(found, Allowed(**{name: tuple(values) for name, values in (allowed or {}).items()}))
    return verdict._asdict()


def seal_check_readable(paths: t.Sequence[str]) -> list[str]:
    """Return the files whose content has to be looked at; see sidecar documentation."""
    return readable(paths)


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by name."""
        return {"seal_check": seal_check, "seal_check_readable": seal_check_readable}
