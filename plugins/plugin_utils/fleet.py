# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs, from which image, and whether it is still safe. Decides from what EC2 and the catalogue said."""

from __future__ import annotations

import typing as t

from .records import BUILDING, USABLE, Build

FLEET = "fleet"
STALE = "stale"
ORPHANED = "orphaned"
UNMANAGED = "unmanaged"
BUILDERS = "builders"
AMIS = "amis"

IMAGE_TAG = "golden:image"
BUILD_TAG = "golden:build"

Raw = t.Mapping[str, t.Any]


class Member(t.NamedTuple):
    """A host of the inventory: its name, the groups it is in (not yet safe as names), and its variables."""

    name: str
    groups: tuple[str, ...]
    variables: dict[str, t.Any]


class Origin(t.NamedTuple):
    """Which of our images an AMI is, as far as the catalogue or the AMI's tags tell."""

    image: str
    build_id: str | None
    build: Build | None


class Registry:
    """All builds, arranged for the questions of this module."""

    def __init__(self, builds: t.Iterable[Build]) -> None:
        """``builds`` come newest first, as the catalogue gives them."""
        self.builds = tuple(builds)
        self.by_id = {build.id: build for build in self.builds}
        self.by_ami = {ami: build for build in reversed(self.builds) for ami in build.amis.values()}

    @property
    def images(self) -> list[str]:
        return sorted({build.image for build in self.builds})

    def amis(self, region: str) -> list[str]:
        """Return every AMI that was ever made in a region."""
        return sorted({build.amis[region] for build in self.builds if region in build.amis})

    def newest(self, image: str, region: str) -> Build | None:
        """Return the newest build of an image that may be started in a region."""
        wanted = (b for b in self.builds if b.image == image and region in b.amis and b.status in USABLE)
        return next(wanted, None)

    def origin(self, ami_id: str, ami: Raw | None) -> Origin | None:
        """Return which of our images an AMI is. The catalogue knows best; tags speak for builds it does not know."""
        build = self.by_ami.get(ami_id)
        if build:
            return Origin(build.image, build.id, build)
        tags = _tags(ami or {})
        return Origin(tags[IMAGE_TAG], tags.get(BUILD_TAG), None) if tags.get(IMAGE_TAG) else None


def instance_members(
    region: str, instances: t.Iterable[Raw], amis: t.Iterable[Raw], registry: Registry
) -> list[Member]:
    """Return the hosts for a region's instances. Other systems than Windows are left out: they are no work of ours."""
    known = {ami["ImageId"]: ami for ami in amis}
    windows = (instance for instance in instances if str(instance.get("Platform", "")).lower() == "windows")
    return [_instance(region, instance, known.get(instance["ImageId"]), registry) for instance in windows]


def ami_members(region: str, amis: t.Iterable[Raw], registry: Registry) -> list[Member]:
    """Return a host for each AMI of ours in a region."""
    found = ((ami, registry.origin(ami["ImageId"], ami)) for ami in amis)
    return [_ami(region, ami, origin, registry) for ami, origin in found if origin]


def group_names(images: t.Iterable[str], list_amis: bool) -> list[str]:
    """Return the groups that always exist, so that a play on one that is empty does nothing instead of warning."""
    names = list(images)
    groups = [FLEET, STALE, ORPHANED, UNMANAGED, *map(image_group, names)]
    return [*groups, AMIS, *map(ami_group, names)] if list_amis else groups


def image_group(image: str) -> str:
    """Return the group of the instances of an image."""
    return f"image_{image}"


def ami_group(image: str) -> str:
    """Return the group of the AMIs of an image; never the one of its instances, which plays configure."""
    return f"amis_{image}"


def _instance(region: str, instance: Raw, ami: Raw | None, registry: Registry) -> Member:
    tags = _tags(instance)
    ami_id = instance["ImageId"]
    origin = registry.origin(ami_id, ami)
    newest = registry.newest(origin.image, region) if origin else None
    running_build = registry.by_id.get(tags.get(BUILD_TAG, ""))
    if running_build and running_build.status == BUILDING:
        groups: tuple[str, ...] = (BUILDERS,)
    else:
        groups = tuple(_groups(ami_id, ami, origin, newest))
    return Member(
        instance["InstanceId"],
        groups,
        {
            **_origin_variables(origin),
            "golden_region": region,
            "golden_ami": ami_id,
            "golden_ami_name": ami.get("Name") if ami else None,
            "golden_newest_ami": newest.amis[region] if newest else None,
            "golden_newest_build": newest.id if newest else None,
            "golden_stale": STALE in groups,
            "golden_orphaned": ORPHANED in groups,
            "golden_instance": _instance_facts(instance, tags),
        },
    )


def _groups(ami_id: str, ami: Raw | None, origin: Origin | None, newest: Build | None) -> t.Iterator[str]:
    yield FLEET
    yield ami_id.replace("-", "_")
    if ami is None or ami.get("State") != "available":
        yield ORPHANED
    if origin is None:
        yield UNMANAGED
        return
    yield image_group(origin.image)
    if newest and newest.id != origin.build_id:
        yield STALE


def _ami(region: str, ami: Raw, origin: Origin, registry: Registry) -> Member:
    newest = registry.newest(origin.image, region)
    build = origin.build
    return Member(
        ami["ImageId"],
        (AMIS, ami_group(origin.image)),
        {
            **_origin_variables(origin),
            "golden_region": region,
            "golden_ami": ami["ImageId"],
            "golden_ami_name": ami.get("Name"),
            "golden_ami_state": ami.get("State"),
            "golden_ami_created": ami.get("CreationDate"),
            "golden_is_newest": newest is not None and newest.id == origin.build_id,
            "golden_source_ami": build.source_ami if build else None,
            "golden_source_ami_name": build.source_ami_name if build else None,
            "golden_parent_build": build.parent_build if build else None,
            "golden_commit": build.commit if build else None,
            "golden_tags": _tags(ami),
        },
    )


def _origin_variables(origin: Origin | None) -> dict[str, t.Any]:
    return {
        "golden_image": origin.image if origin else None,
        "golden_build": origin.build_id if origin else None,
        "golden_status": origin.build.status if origin and origin.build else None,
    }


def _instance_facts(instance: Raw, tags: dict[str, str]) -> dict[str, t.Any]:
    return {
        "id": instance["InstanceId"],
        "name": tags.get("Name"),
        "state": instance.get("State", {}).get("Name"),
        "type": instance.get("InstanceType"),
        "launched": instance.get("LaunchTime"),
        "availability_zone": instance.get("Placement", {}).get("AvailabilityZone"),
        "vpc": instance.get("VpcId"),
        "subnet": instance.get("SubnetId"),
        "private_ip": instance.get("PrivateIpAddress"),
        "public_ip": instance.get("PublicIpAddress"),
        "private_dns": instance.get("PrivateDnsName"),
        "public_dns": instance.get("PublicDnsName"),
        "tags": tags,
    }


def _tags(resource: Raw) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in resource.get("Tags", ())}
