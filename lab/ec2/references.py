# SPDX-License-Identifier: GPL-3.0-or-later
"""What refers to an image: instances, launch templates and parameters; and what an instance was launched from."""

from __future__ import annotations

import typing as t

from moto.ec2.exceptions import InvalidInstanceIdError
from moto.ssm.models import ssm_backends

from lab.ec2 import errors
from lab.ec2.image import Image

KINDS = (
    "ec2:Instance",
    "ec2:LaunchTemplate",
    "ssm:Parameter",
    "imagebuilder:ImageRecipe",
    "imagebuilder:ContainerRecipe",
)
TEMPLATE_VERSIONS = 10
METADATA_FILTERS = frozenset(
    {"availability-zone", "instance-id", "instance-state-name", "instance-type", "owner-id", "image-id", "owner-alias"}
)


class Reference(t.NamedTuple):
    """One resource that names an image."""

    ImageId: str
    ResourceType: str
    Arn: str


def references(
    backend: t.Any, image_ids: t.Collection[str], kinds: t.Sequence[t.Mapping[str, t.Any]]
) -> list[Reference]:
    """Return who refers to images. `kinds` are the request's ResourceTypes, each with its options.

    The lab has no EC2 Image Builder, and so no recipes.
    """
    found = []
    for kind in kinds:
        options = {option["OptionName"]: option["OptionValues"] for option in kind.get("ResourceTypeOptions", [])}
        name = kind["ResourceType"]
        if name == "ec2:Instance":
            found += _instances(backend, image_ids, options.get("state-name"))
        elif name == "ec2:LaunchTemplate":
            found += _templates(backend, image_ids, int(options.get("version-depth", [TEMPLATE_VERSIONS])[0]))
        elif name == "ssm:Parameter":
            found += _parameters(backend, image_ids)
        elif name not in KINDS:
            raise errors.action_unknown(f"DescribeImageReferences for {name}")
    return found


def instance_metadata(
    backend: t.Any, instance_ids: t.Sequence[str], filters: t.Mapping[str, t.Sequence[str]]
) -> list[dict[str, t.Any]]:
    """Return for instances what DescribeInstanceImageMetadata says of their images, gone ones included."""
    if unknown := sorted(set(filters) - METADATA_FILTERS):
        raise errors.action_unknown(f"DescribeInstanceImageMetadata with the filters {unknown}")
    instances = {instance.id: instance for instance in backend.all_instances()}
    if missing := [name for name in instance_ids if name not in instances]:
        raise InvalidInstanceIdError(missing)
    chosen = [instances[name] for name in instance_ids] or list(instances.values())
    rows = [(instance, backend.trace_image(instance.image_id)) for instance in chosen]
    return [_metadata(*row) for row in rows if all(_value(*row, name) in filters[name] for name in filters)]


def _value(instance: t.Any, image: Image | None, name: str) -> str | None:
    if name in ("owner-id", "owner-alias"):
        return getattr(image, name.replace("-", "_"), None)
    values = {
        "availability-zone": instance.placement.zone,
        "instance-id": instance.id,
        "instance-state-name": instance.state,
        "instance-type": instance.instance_type,
        "image-id": instance.image_id,
    }
    return t.cast("str", values[name])


def _metadata(instance: t.Any, image: Image | None) -> dict[str, t.Any]:
    told: dict[str, t.Any] = {"ImageId": instance.image_id}
    if image is not None:
        told |= {
            "Name": image.name,
            "OwnerId": image.owner_id,
            "State": image.state,
            "ImageOwnerAlias": image.owner_alias,
            "CreationDate": image.creation_date.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "DeprecationTime": image.deprecation_time,
            "ImageAllowed": True,
            "IsPublic": image.is_public,
        }
    return {
        "InstanceId": instance.id,
        "InstanceType": instance.instance_type,
        "LaunchTime": instance.launch_time,
        "AvailabilityZone": instance.placement.zone,
        "State": {"Name": instance.state, "Code": instance.state_code},
        "OwnerId": instance.owner_id,
        "Tags": instance.get_tags(),
        "ImageMetadata": {key: value for key, value in told.items() if value is not None},
    }


def _instances(backend: t.Any, image_ids: t.Collection[str], states: t.Collection[str] | None) -> list[Reference]:
    return [
        Reference(instance.image_id, "ec2:Instance", _arn(backend, f"instance/{instance.id}"))
        for instance in backend.all_instances()
        if instance.image_id in image_ids and (states is None or instance.state in states)
    ]


def _templates(backend: t.Any, image_ids: t.Collection[str], depth: int) -> list[Reference]:
    named = {
        (version.data.get("ImageId"), template.id)
        for template in backend.launch_templates.values()
        for version in template.versions[-depth:]
    }
    return [
        Reference(image_id, "ec2:LaunchTemplate", _arn(backend, f"launch-template/{template_id}"))
        for image_id, template_id in sorted(named, key=str)
        if image_id in image_ids
    ]


def _parameters(backend: t.Any, image_ids: t.Collection[str]) -> list[Reference]:
    ssm = ssm_backends[backend.account_id][backend.region_name]
    newest = {name: versions[-1] for name, versions in ssm._parameters.items() if versions}
    return [
        Reference(
            parameter.value,
            "ssm:Parameter",
            f"arn:aws:ssm:{backend.region_name}:{backend.account_id}:parameter/{name.lstrip('/')}",
        )
        for name, parameter in newest.items()
        if parameter.data_type == "aws:ec2:image" and parameter.value in image_ids and not name.startswith("/aws/")
    ]


def _arn(backend: t.Any, resource: str) -> str:
    return f"arn:aws:ec2:{backend.region_name}:{backend.account_id}:{resource}"
