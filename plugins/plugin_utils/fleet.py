# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs, from which image, and whether it is still safe. Decides from what EC2 and the catalogue said."""

from __future__ import annotations

import datetime as dt
import itertools
import typing as t

from .fleet_registry import BUILD_TAG, IMAGE_TAG, Origin, Raw, Registry
from .records import DEPRECATED, REVOKED

if t.TYPE_CHECKING:
    from .fleet_places import Answer

__all__ = ["IMAGE_TAG", "Fleet", "Member", "age_group_names", "ami_group", "group_names", "image_group"]

FLEET = "fleet"
STALE = "stale"
ORPHANED = "orphaned"
UNMANAGED = "unmanaged"
BUILDERS = "builders"
AMIS = "amis"
AGE_UNKNOWN = "age_unknown"

# EC2 Auto Scaling gives it to what it starts, and nobody else may.
ASG_TAG = "aws:autoscaling:groupName"


class Member(t.NamedTuple):
    """A host of the inventory: its name, the groups it is in (not yet safe as names), and its variables.

    ``shared`` are the variables that everything of ``shared_by``, one of its groups, has in common.
    """

    name: str
    groups: tuple[str, ...]
    variables: dict[str, t.Any]
    shared_by: str = ""
    shared: dict[str, t.Any] = {}


class Image(t.NamedTuple):
    """What is to be said of an AMI in a place, once for all that runs from it."""

    group: str
    groups: tuple[str, ...]
    variables: dict[str, t.Any]


class Fleet:
    """The hosts for what EC2 said in all places."""

    def __init__(
        self, answers: t.Sequence[Answer], registry: Registry, now: dt.datetime, age_days: t.Sequence[int]
    ) -> None:
        """``age_days`` are the ends of the age groups, ascending."""
        self._answers = answers
        self._registry = registry
        self._now = now
        self._age_days = age_days
        self._tags = _ami_tags(answers)
        self.complaints: list[str] = []
        self._origins = self._find_origins()

    def instances(self) -> t.Iterator[Member]:
        """Yield a host for each instance with Windows. Other systems are left out: they are no work of ours."""
        for answer in self._answers:
            visible: dict[str, Raw] | None = (
                None if answer.amis is None else {ami["ImageId"]: ami for ami in answer.amis}
            )
            images: dict[str, Image] = {}
            for instance in answer.instances:
                if str(instance.get("Platform", "")).lower() != "windows":
                    continue
                ami_id = instance["ImageId"]
                if ami_id not in images:
                    images[ami_id] = self._image(answer, ami_id, visible)
                yield self._instance(answer, instance, images[ami_id])

    def amis(self) -> t.Iterator[Member]:
        """Yield a host for each AMI of ours; one that several accounts see is there once."""
        seen = set()
        for answer in self._answers:
            for ami in answer.amis or ():
                origin = self._origins.get((answer.region, ami["ImageId"]))
                if origin and ami["ImageId"] not in seen:
                    seen.add(ami["ImageId"])
                    yield self._ami(answer.region, ami, origin)

    def _find_origins(self) -> dict[tuple[str, str], Origin | None]:
        """Return what every AMI is, and note what is wrong with their tags."""
        used = {(answer.region, one["ImageId"]) for answer in self._answers for one in answer.instances}
        origins: dict[tuple[str, str], Origin | None] = {}
        claims: dict[tuple[str, str], list[str]] = {}
        for region, ami_id in sorted({*used, *self._tags}):
            origin, complaint = self._registry.origin(region, ami_id, self._tags.get((region, ami_id), {}))
            origins[region, ami_id] = origin
            if complaint:
                self.complaints.append(f"AMI {ami_id} in {region}: {complaint}")
            if origin and origin.build_id:
                claims.setdefault((region, origin.build_id), []).append(ami_id)
        for (region, build_id), amis in claims.items():
            self._settle(
                region, build_id, [ami for ami in amis if not _is_recorded(origins[region, ami], ami)], origins
            )
        return origins

    def _settle(
        self, region: str, build_id: str, amis: list[str], origins: dict[tuple[str, str], Origin | None]
    ) -> None:
        """Believe none of several AMIs that say, by their tags only, that they are the same build."""
        if len(amis) < 2:
            return
        self.complaints.append(
            f"The AMIs {' and '.join(amis)} in {region} both claim by their tags to be build {build_id}"
        )
        for ami_id in amis:
            origin = origins[region, ami_id]
            origins[region, ami_id] = origin and Origin(origin.image, None, None)

    def _image(self, answer: Answer, ami_id: str, visible: dict[str, Raw] | None) -> Image:
        region = answer.region
        origin = self._origins[region, ami_id]
        ami = (visible or {}).get(ami_id)
        wanted = self._registry.wanted(origin, region) if origin else None
        orphaned = visible is not None and (ami is None or ami.get("State") != "available")
        age = self._age(ami, origin)
        groups = [*_groups(origin, ami, orphaned, self._now)]
        stale = origin is not None and wanted is not None and wanted.id != origin.build_id
        channels = self._registry.channels_at(origin.build_id) if origin else []
        groups += [STALE] * stale + [channel_group(name) for name in channels] + [age_group(age, self._age_days)]
        group = ami_id.replace("-", "_")
        variables = {
            **_origin_variables(origin),
            "golden_region": region,
            "golden_ami": ami_id,
            "golden_ami_name": ami.get("Name") if ami else None,
            "golden_ami_age_days": age,
            "golden_channels": channels,
            "golden_newest_ami": wanted.amis.get(region) if wanted else None,
            "golden_newest_build": wanted.id if wanted else None,
            "golden_stale": stale,
            "golden_orphaned": orphaned if visible is not None else None,
        }
        return Image(group, (FLEET, group, *groups), variables)

    def _instance(self, answer: Answer, instance: Raw, image: Image) -> Member:
        tags = _tags(instance)
        own = {"golden_instance": _instance_facts(instance, tags)}
        if self._registry.is_going_on(tags.get(BUILD_TAG)):
            spared = {**image.variables, "golden_stale": False, "golden_orphaned": False}
            return Member(instance["InstanceId"], (BUILDERS,), {**spared, **own})
        more = [asg_group(tags[ASG_TAG])] if tags.get(ASG_TAG) else []
        if answer.account:
            more.append(account_group(answer.account))
        return Member(instance["InstanceId"], (*image.groups, *more), own, image.group, image.variables)

    def _ami(self, region: str, ami: Raw, origin: Origin) -> Member:
        newest = self._registry.newest(origin.image, region)
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
                "golden_ami_age_days": self._age(ami, origin),
                "golden_channels": self._registry.channels_at(origin.build_id),
                "golden_is_newest": newest is not None and newest.id == origin.build_id,
                "golden_source_ami": build.source_ami if build else None,
                "golden_source_ami_name": build.source_ami_name if build else None,
                "golden_parent_build": build.parent_build if build else None,
                "golden_commit": build.commit if build else None,
                "golden_tags": self._tags.get((region, ami["ImageId"]), {}),
            },
        )

    def _age(self, ami: Raw | None, origin: Origin | None) -> int | None:
        """Return the days since an AMI was made, by EC2 or, when it is gone, by the catalogue."""
        build = origin.build if origin else None
        created = (ami or {}).get("CreationDate") or (build.created if build else None)
        moment = _moment(created)
        return None if moment is None else max(0, (self._now - moment).days)


def group_names(registry: Registry, age_days: t.Sequence[int], list_amis: bool) -> list[str]:
    """Return the groups that always exist, so that a play on one that is empty does nothing instead of warning."""
    groups = [FLEET, STALE, ORPHANED, UNMANAGED, DEPRECATED, REVOKED, BUILDERS, *age_group_names(age_days)]
    groups += [*map(image_group, registry.images), *map(channel_group, registry.channels)]
    return [*groups, AMIS, *map(ami_group, registry.images)] if list_amis else groups


def image_group(image: str) -> str:
    """Return the group of the instances of an image."""
    return f"image_{image}"


def channel_group(channel: str) -> str:
    """Return the group of the instances that run what a channel points at."""
    return f"channel_{channel}"


def ami_group(image: str) -> str:
    """Return the group of the AMIs of an image; never the one of its instances, which plays configure."""
    return f"amis_{image}"


def asg_group(name: str) -> str:
    """Return the group of the instances of an Auto Scaling group."""
    return f"asg_{name}"


def account_group(name: str) -> str:
    """Return the group of the instances of an account."""
    return f"account_{name}"


def age_group_names(age_days: t.Sequence[int]) -> list[str]:
    """Return the groups of ages: [30, 90] makes age_0_30, age_30_90, age_90_or_more and age_unknown."""
    ends = [0, *age_days]
    return [*(f"age_{start}_{end}" for start, end in itertools.pairwise(ends)), f"age_{ends[-1]}_or_more", AGE_UNKNOWN]


def age_group(days: int | None, age_days: t.Sequence[int]) -> str:
    """Return the group of an age: its days are at least the first number of the name, and below the second."""
    if days is None:
        return AGE_UNKNOWN
    return age_group_names(age_days)[sum(days >= end for end in age_days)]


def _groups(origin: Origin | None, ami: Raw | None, orphaned: bool, now: dt.datetime) -> t.Iterator[str]:
    if orphaned:
        yield ORPHANED
    status = origin.build.status if origin and origin.build else None
    ends = _moment((ami or {}).get("DeprecationTime"))
    if status == DEPRECATED or (ends is not None and ends <= now):
        yield DEPRECATED
    if status == REVOKED:
        yield REVOKED
    yield image_group(origin.image) if origin else UNMANAGED


def _is_recorded(origin: Origin | None, ami_id: str) -> bool:
    return bool(origin and origin.build and ami_id in origin.build.amis.values())


def _ami_tags(answers: t.Sequence[Answer]) -> dict[tuple[str, str], dict[str, str]]:
    """Return the tags of every AMI. EC2 shows them to the AMI's own account only, so any account may know them."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for answer in answers:
        for ami in answer.amis or ():
            found.setdefault((answer.region, ami["ImageId"]), {}).update(_tags(ami))
    return found


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
        "autoscaling_group": tags.get(ASG_TAG),
        "key_name": instance.get("KeyName"),
        "vpc": instance.get("VpcId"),
        "subnet": instance.get("SubnetId"),
        "private_ip": instance.get("PrivateIpAddress"),
        "public_ip": instance.get("PublicIpAddress"),
        "private_dns": instance.get("PrivateDnsName"),
        "public_dns": instance.get("PublicDnsName"),
        "tags": tags,
    }


def _tags(resource: Raw) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value", "") for tag in resource.get("Tags", ())}


def _moment(text: str | None) -> dt.datetime | None:
    """Return the moment that EC2 or the catalogue wrote; None for nothing, and for what is no moment."""
    try:
        found = dt.datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=dt.UTC)
