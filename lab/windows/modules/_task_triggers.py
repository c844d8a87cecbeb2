# SPDX-License-Identifier: GPL-3.0-or-later
"""Triggers of scheduled tasks: what win_scheduled_task takes, and what the scheduler then has.

Source of facts: win_scheduled_task.ps1 and win_scheduled_task_stat.ps1 of community.windows.
"""

from __future__ import annotations

import datetime
import re
import typing as t

from lab.windows.errors import UnsupportedError
from lab.windows.modules.context import ModuleContext, ModuleError

Trigger = dict[str, t.Any]

# Kind -> keys that must be there, and keys that may; what every kind has is added to the second.
_MANDATORY: dict[str, tuple[str, ...]] = {
    "event": ("subscription",),
    "time": ("start_boundary",),
    "daily": ("start_boundary",),
    "weekly": ("days_of_week", "start_boundary"),
    "monthly": ("days_of_month", "start_boundary"),
    "monthlydow": ("start_boundary",),
}
_OWN: dict[str, tuple[str, ...]] = {
    "event": ("delay",),
    "time": ("random_delay",),
    "daily": ("days_interval", "random_delay"),
    "weekly": ("random_delay", "weeks_interval"),
    "monthly": ("months_of_year", "random_delay", "run_on_last_day_of_month"),
    "monthlydow": ("days_of_week", "months_of_year", "random_delay", "weeks_of_month", "run_on_last_week_of_month"),
    "idle": (),
    "registration": ("delay",),
    "boot": ("delay",),
    "logon": ("delay", "user_id"),
    "session_state_change": ("delay", "state_change", "user_id"),
}
KINDS = tuple(_OWN)
_EVERY = ("enabled", "end_boundary", "execution_time_limit", "start_boundary", "repetition")
_DEFAULTS = {"days_interval": 1, "weeks_interval": 1, "run_on_last_day_of_month": False}
_DEFAULTS |= {"run_on_last_week_of_month": False, "enabled": True}
_REPETITION: dict[str, t.Any] = {"duration": None, "interval": None, "stop_at_duration_end": False}
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_STATE_CHANGES = {
    "console_connect": 1,
    "console_disconnect": 2,
    "remote_connect": 3,
    "remote_disconnect": 4,
    "session_lock": 7,
    "session_unlock": 8,
}
# Key -> the names it takes, and what the module says of another one.
_NAMES: dict[str, tuple[tuple[str, ...], str]] = {
    "days_of_week": (_DAYS, "invalid day of week '{}', check the spelling matches the full day name"),
    "days_of_month": (
        tuple(map(str, range(1, 32))),
        "invalid day of month '{}', please specify numbers from 1-31",
    ),
    "weeks_of_month": (tuple("1234"), "invalid week of month '{}', please specify weeks from 1-4"),
    "months_of_year": (_MONTHS, "invalid month name '{}', please specify full month name"),
}
_DURATION = re.compile(
    r"(-)?P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)
_SECONDS = (31536000, 2592000, 86400, 3600, 60, 1)  # of a year, month, day, hour, minute and second, as .NET counts


def prepare(given: Trigger) -> Trigger:
    """Check a trigger's values and give it as the scheduler keeps it.

    :raises ModuleError: a value that the module refuses before it touches the task.
    """
    trigger = {key: value for key, value in given.items() if value is not None}
    kinds = "', '".join(KINDS)
    if "type" not in trigger:
        raise ModuleError(f"a trigger entry must contain a key 'type' with a value of '{kinds}'")
    kind = str(trigger["type"])
    if kind.lower() not in KINDS:
        raise ModuleError(f"the specified trigger type '{kind}' is not valid, type must be a value of '{kinds}'")
    trigger["type"] = kind.lower()
    for key in ("start_boundary", "end_boundary"):
        if key in trigger:
            trigger[key] = _date(key, trigger[key])
    for key in ("execution_time_limit", "delay", "random_delay"):
        if key in trigger:
            _duration(key, trigger[key])
    if "repetition" in trigger:
        _check_repetition(trigger["repetition"])
    for key in _NAMES:
        if key in trigger:
            trigger[key] = _listed(key, trigger[key])
    if "state_change" in trigger and str(trigger["state_change"]).lower() not in _STATE_CHANGES:
        raise ModuleError(f"invalid state_change '{trigger['state_change']}'")
    return trigger


def complete(trigger: Trigger, context: ModuleContext) -> None:
    """Check that a trigger has what its kind needs, and warn of what it cannot have.

    :raises ModuleError: a key is missing. The module looks when the task is there already.
    """
    mandatory, known = _MANDATORY.get(trigger["type"], ()), _known(trigger["type"])
    for key in mandatory:
        if key not in trigger:
            names = "', '".join(mandatory)
            raise ModuleError(f"mandatory key '{key}' for trigger is not set, mandatory keys are '{names}'")
    for key in [one for one in trigger if one not in known and one != "type"]:
        names = "', '".join(known)
        context.warn(f"key '{key}' for trigger entry is not valid and will be ignored, valid keys are '{names}'")
        del trigger[key]


def differ(old: t.Sequence[Trigger], new: t.Sequence[Trigger]) -> bool:
    """Say whether the module sees a change: of number, kind, or of a key that is given."""
    if len(old) != len(new):
        return True
    return any(_differs(one, other) for one, other in zip(old, new, strict=True))


def _differs(old: Trigger, new: Trigger) -> bool:
    shown = _with_defaults(old)
    for key, value in new.items():
        current = shown.get(key)
        if isinstance(value, dict) and isinstance(current, dict):
            if any(item is not None and item != current.get(name) for name, item in value.items()):
                return True
        elif value != current:
            return True
    return False


def describe(trigger: Trigger) -> dict[str, t.Any]:
    """Give a trigger with every property of its kind, as win_scheduled_task_stat shows it."""
    shown = _with_defaults(trigger)
    if trigger["type"] == "session_state_change":
        change = shown["state_change"]
        shown["state_change"] = _STATE_CHANGES[str(change).lower()] if change else None
        shown["state_change_str"] = f"TASK_{change.upper()}" if change else None
    if "weeks_of_month" in shown:
        shown["weeks_of_month"] = _shown_weeks((shown["weeks_of_month"] or "").split(","))
    return shown | {"id": None, "type": f"TASK_TRIGGER_{trigger['type'].upper()}"}


def _shown_weeks(weeks: list[str]) -> str:
    """Give the weeks as the module reads them: its table has the third week's bit for the fourth one too."""
    return ",".join(week for week in "1234" if ("3" if week == "4" else week) in weeks)


def _known(kind: str) -> tuple[str, ...]:
    return (*_MANDATORY.get(kind, ()), *_OWN[kind], *(key for key in _EVERY if key not in _MANDATORY.get(kind, ())))


def _with_defaults(trigger: Trigger) -> Trigger:
    shown = {key: trigger.get(key, _DEFAULTS.get(key)) for key in _known(trigger["type"])} | {"type": trigger["type"]}
    return shown | {"repetition": _REPETITION | (trigger.get("repetition") or {})}


def _date(key: str, value: t.Any) -> str:
    """Give a moment as Get-Date formats it: with an offset, in the machine's own zone, when it was given with one."""
    try:
        moment = datetime.datetime.fromisoformat(str(value))
    except ValueError as exc:
        raise ModuleError(
            f"trigger option '{key}' must be in the format 'YYYY-MM-DDThh:mm:ss' format but was '{value}'"
        ) from exc
    if moment.tzinfo is not None:
        moment = moment.astimezone(datetime.UTC)
    return moment.isoformat(timespec="seconds")


def _duration(key: str, value: t.Any) -> float:
    """Give a duration's seconds."""
    match = _DURATION.fullmatch(str(value))
    if match is None:
        raise ModuleError(f"trigger option '{key}' must be in the XML duration format but was '{value}'")
    numbers = (float(part or 0) for part in match.groups()[1:])
    seconds = sum(number * factor for number, factor in zip(numbers, _SECONDS, strict=True))
    return -seconds if match[1] else seconds


def _check_repetition(repetition: t.Any) -> None:
    if isinstance(repetition, str):
        raise ModuleError(
            "Unhandled exception while executing module: Method invocation failed because [System.String] does not "
            "contain a method named 'ContainsKey'."
        )
    if not isinstance(repetition, dict):
        raise UnsupportedError("win_scheduled_task: a repetition that is no dictionary")
    seconds = {
        key: _duration(key, repetition[key]) for key in ("interval", "duration") if repetition.get(key) is not None
    }
    if len(seconds) == 2 and seconds["interval"] > seconds["duration"]:
        raise ModuleError(
            f"trigger repetition option 'interval' value '{repetition['interval']}' must be less than or equal to "
            f"'duration' value '{repetition['duration']}'"
        )


def _listed(key: str, value: t.Any) -> str:
    """Give names in the order of the calendar, with commas."""
    names, refusal = _NAMES[key]
    given = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else [value]
    wanted = [str(one).strip().lower() for one in given]
    for one in wanted:
        if one not in names:
            raise ModuleError(refusal.format(one))
    return ",".join(name for name in names if name in wanted)
