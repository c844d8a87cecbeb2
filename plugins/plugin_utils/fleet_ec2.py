# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls to EC2 behind the fleet inventory. What they return is what EC2 said, as JSON-safe values."""

from __future__ import annotations

import datetime as dt
import itertools
import typing as t

from .ec2 import Aws
from .fleet_registry import IMAGE_TAG

# The most values that EC2 takes in one filter.
_VALUES = 200

Raw = dict[str, t.Any]


def describe_regions(aws: Aws) -> list[str]:
    """Return the regions that are enabled for the account. Raises AwsError."""
    with aws.explained("list the regions"):
        answer = aws.client("ec2").describe_regions()
    return sorted(region["RegionName"] for region in answer["Regions"])


def describe_instances(aws: Aws, filters: t.Mapping[str, t.Sequence[str]], page_size: int | None = None) -> list[Raw]:
    """Return the instances that filters of EC2 let pass, in pages of EC2's own size or a given one. Raises AwsError."""
    wanted = [{"Name": name, "Values": list(values)} for name, values in filters.items()]
    with aws.explained("list instances"):
        paginator = aws.client("ec2").get_paginator("describe_instances")
        pages = paginator.paginate(Filters=wanted, PaginationConfig={"PageSize": page_size})
        return [_json_safe(one) for page in pages for group in page["Reservations"] for one in group["Instances"]]


def describe_amis(aws: Aws, ids: t.Iterable[str], tagged: bool) -> list[Raw]:
    """Return the AMIs with these ids that exist and, if wanted, those of this account that carry our tag.

    Asking by filter, unlike by id, does not fail for the ones that are gone. Raises AwsError.
    """
    found: Raw = {}
    with aws.explained("list AMIs"):
        if tagged:
            found.update(_amis(aws, [{"Name": "tag-key", "Values": [IMAGE_TAG]}], Owners=["self"]))
        wanted = sorted(set(ids) - set(found))
        for start in range(0, len(wanted), _VALUES):
            found.update(_amis(aws, [{"Name": "image-id", "Values": wanted[start : start + _VALUES]}]))
    return list(found.values())


def _amis(aws: Aws, filters: list[Raw], **more: t.Any) -> Raw:
    paginator = aws.client("ec2").get_paginator("describe_images")
    pages = paginator.paginate(Filters=filters, IncludeDeprecated=True, IncludeDisabled=True, **more)
    images = itertools.chain.from_iterable(page["Images"] for page in pages)
    return {image["ImageId"]: _json_safe(image) for image in images}


def _json_safe(value: t.Any) -> t.Any:
    """Return a value of botocore for a cache: its datetimes as text. There are none with `fleet_models`."""
    if isinstance(value, dict):
        return {key: _json_safe(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_json_safe(item) for item in value]
    return value.isoformat() if isinstance(value, dt.datetime) else value
