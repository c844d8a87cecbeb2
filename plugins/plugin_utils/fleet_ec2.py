# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls to EC2 behind the fleet inventory. What they return is what EC2 said, as JSON-safe values."""

from __future__ import annotations

import datetime as dt
import itertools
import typing as t

from .ec2 import Aws
from .fleet import IMAGE_TAG

# The most values that EC2 takes in one filter.
_VALUES = 200


def describe_instances(aws: Aws, states: t.Sequence[str]) -> list[dict[str, t.Any]]:
    """Return the instances in these states. Raises AwsError."""
    filters = [{"Name": "instance-state-name", "Values": list(states)}]
    with aws.explained("list instances"):
        pages = aws.client("ec2").get_paginator("describe_instances").paginate(Filters=filters)
        found = [instance for page in pages for group in page["Reservations"] for instance in group["Instances"]]
    return t.cast(list[dict[str, t.Any]], _json_safe(found))


def describe_amis(aws: Aws, ids: t.Iterable[str], tagged: bool) -> list[dict[str, t.Any]]:
    """Return the AMIs with these ids that exist and, if wanted, those of this account that carry our tag.

    Asking by filter, unlike by id, does not fail for the ones that are gone. Raises AwsError.
    """
    found: dict[str, t.Any] = {}
    wanted = sorted(set(ids))
    with aws.explained("list AMIs"):
        for start in range(0, len(wanted), _VALUES):
            found.update(_amis(aws, [{"Name": "image-id", "Values": wanted[start : start + _VALUES]}]))
        if tagged:
            found.update(_amis(aws, [{"Name": "tag-key", "Values": [IMAGE_TAG]}], Owners=["self"]))
    return t.cast(list[dict[str, t.Any]], _json_safe(list(found.values())))


def _amis(aws: Aws, filters: list[dict[str, t.Any]], **more: t.Any) -> dict[str, t.Any]:
    paginator = aws.client("ec2").get_paginator("describe_images")
    pages = paginator.paginate(Filters=filters, IncludeDeprecated=True, IncludeDisabled=True, **more)
    return {image["ImageId"]: image for image in itertools.chain.from_iterable(page["Images"] for page in pages)}


def _json_safe(value: t.Any) -> t.Any:
    """Return a value of botocore for a cache: its datetimes as text."""
    if isinstance(value, dict):
        return {key: _json_safe(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_json_safe(item) for item in value]
    return value.isoformat() if isinstance(value, dt.datetime) else value
