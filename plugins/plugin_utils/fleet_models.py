# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""botocore's description of EC2, cut down to what the fleet reads.

botocore builds its client, and a Python value for every element of every answer, from a description of EC2. Most of an
instance is nothing that an inventory needs, and to parse a moment takes longer than all the rest of it. With a smaller
description the same botocore, with its own signing, retries and pages, does a fraction of the work.
"""

from __future__ import annotations

import contextlib
import functools
import typing as t

with contextlib.suppress(ImportError):  # `ec2.Aws` says so
    import botocore.loaders

_OPERATIONS = ("DescribeImages", "DescribeInstances", "DescribeRegions")
Members = t.Mapping[str, frozenset[str]]
# The members to keep of each structure; a structure that is not here keeps all.
_MEMBERS: Members = {
    "Reservation": frozenset({"Instances"}),
    "Instance": frozenset(
        {
            "ImageId", "InstanceId", "InstanceType", "KeyName", "LaunchTime", "Placement", "Platform",
            "PrivateDnsName", "PrivateIpAddress", "PublicDnsName", "PublicIpAddress", "State", "SubnetId", "Tags",
            "VpcId",
        }
    ),
    "Placement": frozenset({"AvailabilityZone"}),
    "InstanceState": frozenset({"Name"}),
    "Image": frozenset({"CreationDate", "DeprecationTime", "ImageId", "Name", "OwnerId", "State", "Tags"}),
}  # fmt: skip
_TEXT = "FleetText"

Model = dict[str, t.Any]


class FleetModels:
    """A loader for botocore's descriptions that has the small one of EC2, and all others as they are."""

    def __init__(self, loader: t.Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._loader, name)

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> t.Any:
        """Return a description, as `botocore.loaders.Loader` does."""
        if (service_name, type_name) == ("ec2", "service-2"):
            return _ec2()
        return self._loader.load_service_model(service_name, type_name, api_version)


@functools.cache
def fleet_models() -> FleetModels:
    """Return the loader that all of the inventory's sessions share. Not to be called first by several threads."""
    _ec2()
    return FleetModels(botocore.loaders.create_loader())


@functools.cache
def _ec2() -> Model:
    # With a loader that is dropped at once: a loader keeps what it has loaded, and the whole of EC2 is large.
    whole = botocore.loaders.create_loader().load_service_model("ec2", "service-2")
    return reduced(whole, _OPERATIONS, _MEMBERS)


def reduced(model: Model, calls: t.Iterable[str], members: Members) -> Model:
    """Return a service's description with nothing but some operations, what they lead to, and moments as text.

    ``members`` are those to keep of each structure; a structure that is not there keeps all.
    """
    operations = {name: model["operations"][name] for name in calls}
    shapes: Model = {_TEXT: {"type": "string"}}
    for operation in operations.values():
        if "input" in operation:
            _collect(operation["input"]["shape"], model["shapes"], shapes, members, moments=True)
        if "output" in operation:
            _collect(operation["output"]["shape"], model["shapes"], shapes, members, moments=False)
        for error in operation.get("errors", ()):  # botocore looks them up when a call has failed
            _collect(error["shape"], model["shapes"], shapes, members, moments=False)
    return {"version": model.get("version"), "metadata": model["metadata"], "operations": operations, "shapes": shapes}


def _collect(name: str, known: Model, shapes: Model, wanted: Members, moments: bool) -> None:
    """Copy a shape and all that it leads to; ``moments`` tells whether moments stay moments."""
    if name in shapes:
        return
    shape = dict(known[name])
    shapes[name] = shape
    if "members" in shape:
        kept = wanted.get(name, shape["members"].keys())
        members = {member: ref for member, ref in shape["members"].items() if member in kept}
        shape["members"] = {member: _reference(ref, known, moments) for member, ref in members.items()}
    if "required" in shape:
        shape["required"] = [member for member in shape["required"] if member in shape["members"]]
    for part in ("member", "key", "value"):
        if part in shape:
            shape[part] = _reference(shape[part], known, moments)
    parts = [shape[part] for part in ("member", "key", "value") if part in shape]
    for reference in (*shape.get("members", {}).values(), *parts):
        _collect(reference["shape"], known, shapes, wanted, moments)


def _reference(reference: Model, known: Model, moments: bool) -> Model:
    is_moment = known[reference["shape"]]["type"] == "timestamp"
    return {**reference, "shape": _TEXT} if is_moment and not moments else reference
