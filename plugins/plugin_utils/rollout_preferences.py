# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How instances are to be replaced, checked before anything is touched. Pure."""

from __future__ import annotations

import typing as t

# The names that EC2 Auto Scaling has for them. Two more belong to the plan: see `for_refresh`.
_NAMES = {
    "min_healthy_percentage": "MinHealthyPercentage",
    "max_healthy_percentage": "MaxHealthyPercentage",
    "instance_warmup": "InstanceWarmup",
    "checkpoint_percentages": "CheckpointPercentages",
    "checkpoint_delay": "CheckpointDelay",
    "bake_time": "BakeTime",
    "scale_in_protected_instances": "ScaleInProtectedInstances",
    "standby_instances": "StandbyInstances",
    "skip_matching": "SkipMatching",
    "auto_rollback": "AutoRollback",
}
# As an argument specification. What is not given is left to EC2, and so to the group's instance maintenance policy.
OPTIONS: dict[str, t.Any] = {
    "min_healthy_percentage": {"type": "int"},
    "max_healthy_percentage": {"type": "int"},
    "instance_warmup": {"type": "int"},
    "checkpoint_percentages": {"type": "list", "elements": "int"},
    "checkpoint_delay": {"type": "int"},
    "alarms": {"type": "list", "elements": "str"},
    "bake_time": {"type": "int"},
    "scale_in_protected_instances": {"type": "str", "choices": ["Refresh", "Ignore", "Wait"]},
    "standby_instances": {"type": "str", "choices": ["Terminate", "Ignore", "Wait"]},
    "skip_matching": {"type": "bool", "default": True},
    "auto_rollback": {"type": "bool", "default": True},
}
_TWO_DAYS = 172800
_RANGES = {
    "min_healthy_percentage": (0, 100),
    "max_healthy_percentage": (100, 200),
    "checkpoint_delay": (0, _TWO_DAYS),
    "bake_time": (0, _TWO_DAYS),
}
_ALARMS = 10
_IN_THE_WAY = ("scale_in_protected_instances", "standby_instances")

Preferences = t.Mapping[str, t.Any]


def problems(given: Preferences) -> list[str]:
    """Return what EC2 would refuse, all at once."""
    found = [
        f"{name} is {given[name]}, and must be from {low} to {high}"
        for name, (low, high) in _RANGES.items()
        if given.get(name) is not None and not low <= given[name] <= high
    ]
    low, high, points = (
        given.get(name) for name in ("min_healthy_percentage", "max_healthy_percentage", "checkpoint_percentages")
    )
    if high is not None and low is None:
        found.append("max_healthy_percentage needs min_healthy_percentage")
    elif high is not None and low is not None and high - low > 100:
        found.append(f"max_healthy_percentage {high} is more than 100 above min_healthy_percentage {low}")
    if given.get("checkpoint_delay") is not None and not points:
        found.append("checkpoint_delay needs checkpoint_percentages")
    if points and (sorted(set(points)) != list(points) or not 1 <= points[0] <= points[-1] <= 100):
        found.append(f"checkpoint_percentages must rise from 1 to at most 100: {points}")
    elif points and points[-1] != 100:
        found.append(f"checkpoint_percentages must end with 100, or the rest of the instances would stay: {points}")
    if len(given.get("alarms") or ()) > _ALARMS:
        found.append(f"alarms are {len(given['alarms'])}, and at most {_ALARMS} can be watched")
    return found


def for_refresh(given: Preferences, skip_matching: bool, auto_rollback: bool) -> dict[str, t.Any]:
    """Return the preferences of one refresh: ``skip_matching`` and ``auto_rollback`` where they are possible."""
    return {
        **given,
        "skip_matching": skip_matching and given.get("skip_matching", True),
        "auto_rollback": auto_rollback,
    }


def for_way_back(given: Preferences) -> dict[str, t.Any]:
    """Return the preferences of a refresh that only undoes one: an alarm that rings must not stop it."""
    kept = ("min_healthy_percentage", "max_healthy_percentage", "instance_warmup", *_IN_THE_WAY)
    return {**{name: given.get(name) for name in kept}, "skip_matching": True, "auto_rollback": False}


def as_ec2(preferences: Preferences) -> dict[str, t.Any]:
    """Return preferences as EC2 takes them, without what is not given."""
    found = {ec2: preferences[name] for name, ec2 in _NAMES.items() if preferences.get(name) not in (None, [])}
    if preferences.get("alarms"):
        found["AlarmSpecification"] = {"Alarms": list(preferences["alarms"])}
    return found


def words(preferences: Preferences) -> str:
    """Return preferences for people, "as EC2 does by default" when there are none."""
    shown = [
        f"{name.replace('_', ' ')} {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in preferences.items()
        if value not in (None, [], False) and value is not True
    ]
    shown += [name.replace("_", " ") for name, value in preferences.items() if value is True]
    return "; ".join(shown) or "as EC2 does by default"
