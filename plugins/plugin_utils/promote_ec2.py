# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls to one region of EC2 and Parameter Store that publishing needs. They answer with plain records."""

from __future__ import annotations

import collections.abc as c
import itertools
import typing as t

from .copy_calls import Region
from .promote_plan import DATA_TYPE, Found, Parameter, View

# What EC2 takes as values of one filter, and Parameter Store as names, in one call.
_FILTER_VALUES = 200
_NAMES = 10


class Publisher(Region):
    """One region where AMIs are published. Every failure is an AwsError that names it."""

    def look(self, ami_ids: c.Iterable[str], names: c.Iterable[str], shared: str | None) -> View:
        """Return AMIs and parameters that are there. Of the AMI ``shared`` also who may use it, and its keys."""
        images = {image["ImageId"]: image for image in self._own(ami_ids)}
        amis = {ami_id: _found(image) for ami_id, image in images.items()}
        if shared and shared in amis:
            snapshots = amis[shared].snapshots
            amis[shared] = amis[shared]._replace(accounts=self._accounts(shared, snapshots), keys=self._keys(snapshots))
        return View(self.name, amis, self.parameters(names))

    def parameters(self, names: c.Iterable[str]) -> dict[str, Parameter]:
        """Return the parameters that are there, by name. Those of type String only have a readable value."""
        found = {}
        for some in _batches(names, _NAMES):
            with self._aws.explained(f"read the SSM parameters {', '.join(some)}"):
                answer = self._ssm.get_parameters(Names=list(some))
            for one in answer["Parameters"]:
                found[one["Name"]] = Parameter(one["Name"], one["Value"], one["Type"], one.get("DataType", "text"))
        return found

    def publish(self, name: str, ami_id: str, description: str) -> None:
        """Ask for a parameter to get a value. AWS looks at the AMI afterwards, and may throw the value away."""
        with self._aws.explained(f"set the SSM parameter {name} to {ami_id}"):
            self._ssm.put_parameter(
                Name=name, Value=ami_id, Type="String", DataType=DATA_TYPE, Overwrite=True, Description=description
            )

    def protect(self, ami_id: str) -> None:
        """Forbid to deregister an AMI, until the protection is lifted."""
        with self._aws.explained(f"protect {ami_id} from being deregistered"):
            self._ec2.enable_image_deregistration_protection(ImageId=ami_id, WithCooldown=False)

    def lift(self, ami_id: str) -> None:
        """Allow to deregister an AMI."""
        with self._aws.explained(f"lift the protection of {ami_id}"):
            self._ec2.disable_image_deregistration_protection(ImageId=ami_id)

    @property
    def _ssm(self) -> t.Any:
        return self._aws.client("ssm")

    def _own(self, ami_ids: c.Iterable[str]) -> t.Iterator[dict[str, t.Any]]:
        """Yield the AMIs of this account with these ids. Unlike a list of ids, a filter forgives one that is gone."""
        for some in _batches(ami_ids, _FILTER_VALUES):
            with self._aws.explained(f"look for the AMIs {', '.join(some[:5])}{' …' if some[5:] else ''}"):
                pages = self._ec2.get_paginator("describe_images").paginate(
                    Owners=["self"],
                    Filters=[{"Name": "image-id", "Values": list(some)}],
                    IncludeDeprecated=True,
                    IncludeDisabled=True,
                )
                yield from [image for page in pages for image in page["Images"]]


def _found(image: t.Mapping[str, t.Any]) -> Found:
    devices = [device.get("Ebs", {}) for device in image.get("BlockDeviceMappings", ())]
    return Found(
        ami_id=image["ImageId"],
        state=image["State"],
        ends=image.get("DeprecationTime"),
        protected=str(image.get("DeregistrationProtection", "")).startswith("enabled"),
        snapshots=tuple(device["SnapshotId"] for device in devices if "SnapshotId" in device),
    )


def _batches(values: c.Iterable[str], size: int) -> t.Iterator[tuple[str, ...]]:
    rest = iter(values)
    while some := tuple(itertools.islice(rest, size)):
        yield some
