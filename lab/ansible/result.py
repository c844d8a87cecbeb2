# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON that a module prints, without secrets."""

from __future__ import annotations

import json
import typing as t

from lab.types import Completed

HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


def censor(value: t.Any, secrets: t.Collection[str]) -> t.Any:
    """Take secrets out of a value, as Ansible.Basic does."""
    if isinstance(value, dict):
        return {str(key): censor(item, secrets) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [censor(item, secrets) for item in value]
    if value is None or not secrets:
        return value
    text = str(value)
    if text in secrets:
        return HIDDEN
    if not any(secret in text for secret in secrets):
        return value
    if not isinstance(value, str):
        return HIDDEN
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "********")
    return text


def completed(result: t.Mapping[str, t.Any], failed: bool) -> Completed:
    """Give a module's output and exit code."""
    text = json.dumps(result, separators=(",", ":"), default=_plain)
    return Completed(1 if failed else 0, text.encode() + b"\r\n")


def _plain(value: t.Any) -> t.Any:
    if isinstance(value, set | frozenset | tuple):
        return sorted(value)
    raise TypeError(f"a module's result holds a {type(value).__name__}, which JSON has not: {value!r}")
