# SPDX-License-Identifier: GPL-3.0-or-later
"""What a group did and why: the records behind DescribeScalingActivities."""

from __future__ import annotations

import dataclasses
import datetime
import json
import typing as t
import uuid

from moto.core.utils import utcnow

KEPT = 300


@dataclasses.dataclass
class Activity:
    """One launch or termination. An activity without an end is in progress."""

    group_name: str
    group_arn: str
    description: str
    cause: str
    details: dict[str, str]
    activity_id: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))
    start: datetime.datetime = dataclasses.field(default_factory=utcnow)
    end: datetime.datetime | None = None
    status: str = "InProgress"
    message: str | None = None
    progress: int = 30

    def succeed(self) -> None:
        self.status, self.progress, self.end = "Successful", 100, utcnow()

    def fail(self, message: str) -> None:
        """End in failure, with EC2's own words and Auto Scaling's after them."""
        self.status, self.progress, self.end = "Failed", 100, utcnow()
        self.message = message
        self.description = f"{self.description.rstrip('.')}.  Status Reason: {message}"

    def to_dict(self, deleted: bool) -> dict[str, t.Any]:
        return {
            "ActivityId": self.activity_id,
            "AutoScalingGroupName": self.group_name,
            "Description": self.description,
            "Cause": self.cause,
            "StartTime": self.start,
            "EndTime": self.end,
            "StatusCode": self.status,
            "StatusMessage": self.message,
            "Progress": self.progress,
            "Details": json.dumps(self.details),
            "AutoScalingGroupState": "Deleted" if deleted else "InService",
            "AutoScalingGroupARN": self.group_arn,
        }


class Journal:
    """The activities of one group, newest first."""

    def __init__(self, name: str, arn: str) -> None:
        self.name = name
        self.arn = arn
        self.deleted = False
        self._activities: list[Activity] = []

    def begin(self, description: str, cause: str, details: dict[str, str]) -> Activity:
        activity = Activity(self.name, self.arn, description, cause, details)
        self._activities.insert(0, activity)
        del self._activities[KEPT:]
        return activity

    @property
    def busy(self) -> bool:
        return any(activity.end is None for activity in self._activities)

    def rows(self) -> list[dict[str, t.Any]]:
        """Return all activities as the API gives them: those in progress first, then the newest."""
        ordered = sorted(self._activities, key=lambda activity: activity.end is not None)
        return [activity.to_dict(self.deleted) for activity in ordered]


def at(cause: str) -> str:
    """Return a cause as Auto Scaling words it: when, and then what."""
    return f"At {utcnow():%Y-%m-%dT%H:%M:%SZ} {cause}"
