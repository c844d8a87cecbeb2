# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Find and remove what a build left in EC2.

Packer cleans up after itself. This is for what it missed: killed in the middle, or an EC2 that refused. It is found by
the tag golden:build, and by names that are unique to a build for what exists before it can be tagged.
"""

from __future__ import annotations

import collections.abc as c
import time
import typing as t

from .ec2 import Aws, AwsError
from .packer_vars import ami_name, key_pair_name
from .records import Build

# A security group cannot go before the instance in it has gone.
_WAIT_SECONDS = 300
_GONE = ("InvalidGroup.NotFound", "InvalidVolume.NotFound", "InvalidAMIID.NotFound", "InvalidSnapshot.NotFound")


class Leftovers(t.NamedTuple):
    """Ids of what belongs to a build in EC2; names of key pairs."""

    instances: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    snapshots: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    key_pairs: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()

    def describe(self) -> list[str]:
        """Return one phrase for each kind: "volumes vol-1, vol-2"."""
        return [f"{name.replace('_', ' ')} {', '.join(ids)}" for name, ids in self._asdict().items() if ids]


def find(aws: Aws, build: Build, facts: c.Mapping[str, str]) -> Leftovers:
    """Return what is there of a build. ``facts`` are Packer's words: ``instance`` and ``security_group``."""
    with aws.explained(f"look for what build {build.id} left"):
        return _find(aws.client("ec2"), build, facts)


def _find(ec2: t.Any, build: Build, facts: c.Mapping[str, str]) -> Leftovers:
    tagged = {"Name": "tag:golden:build", "Values": [build.id]}
    alive = {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped", "shutting-down"]}
    instances = [
        instance["InstanceId"]
        for reservation in ec2.describe_instances(Filters=[tagged, alive])["Reservations"]
        for instance in reservation["Instances"]
    ]
    images = ec2.describe_images(
        Owners=["self"], Filters=[{"Name": "name", "Values": [build.ami_name or ami_name(build.image, build.id)]}]
    )["Images"]
    snapshots = {
        device["Ebs"]["SnapshotId"]
        for image in images
        for device in image.get("BlockDeviceMappings", ())
        if "SnapshotId" in device.get("Ebs", {})
    }
    snapshots |= {item["SnapshotId"] for item in _snapshots(ec2, [tagged])}
    if instance := facts.get("instance"):
        made_from = {"Name": "description", "Values": [f"Created by CreateImage({instance})*"]}
        snapshots |= {item["SnapshotId"] for item in _snapshots(ec2, [made_from])}
    return Leftovers(
        instances=tuple(instances),
        images=tuple(image["ImageId"] for image in images),
        snapshots=tuple(sorted(snapshots)),
        volumes=tuple(volume["VolumeId"] for volume in ec2.describe_volumes(Filters=[tagged])["Volumes"]),
        key_pairs=_key_pairs(ec2, build),
        security_groups=_security_groups(ec2, [tagged], facts.get("security_group")),
    )


def _snapshots(ec2: t.Any, filters: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    return list(ec2.describe_snapshots(OwnerIds=["self"], Filters=filters)["Snapshots"])


def _key_pairs(ec2: t.Any, build: Build) -> tuple[str, ...]:
    pairs = ec2.describe_key_pairs(Filters=[{"Name": "key-name", "Values": [key_pair_name(build.id)]}])["KeyPairs"]
    return tuple(pair["KeyName"] for pair in pairs)


def _security_groups(ec2: t.Any, filters: list[dict[str, t.Any]], name: str | None) -> tuple[str, ...]:
    found = {group["GroupId"] for group in ec2.describe_security_groups(Filters=filters)["SecurityGroups"]}
    if name:
        named = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])["SecurityGroups"]
        found |= {group["GroupId"] for group in named}
    return tuple(sorted(found))


def clean(aws: Aws, build: Build, facts: c.Mapping[str, str], keep_image: bool) -> tuple[list[str], list[str]]:
    """Remove what is left of a build; ``keep_image`` spares its AMI and the AMI's snapshots.

    Returns what was found and removed, and what could not be removed and why, as phrases.
    """
    try:
        found = _spare(find(aws, build, facts), keep_image)
        problems = remove(aws, found)
        left = _spare(find(aws, build, facts), keep_image) if any(found) else found
    except AwsError as exc:
        return [], [str(exc)]
    if problems and not any(left):
        problems = []
    return found.describe(), problems + [f"Still there: {phrase}" for phrase in left.describe()]


def _spare(found: Leftovers, keep_image: bool) -> Leftovers:
    return found._replace(images=(), snapshots=()) if keep_image else found


def remove(aws: Aws, found: Leftovers) -> list[str]:
    """Remove all of it, in the order that EC2 allows; return a sentence for each thing that it refused."""
    ec2 = aws.client("ec2")
    problems: list[str] = []
    if found.instances:
        _try(aws, problems, "terminate the instance", lambda: _terminate(ec2, found.instances))
    steps: tuple[tuple[str, tuple[str, ...], c.Callable[[str], t.Any]], ...] = (
        # With its snapshots: they may have no tag that they could be found by after a crash.
        (
            "deregister AMI",
            found.images,
            lambda name: ec2.deregister_image(ImageId=name, DeleteAssociatedSnapshots=True),
        ),
        ("delete snapshot", found.snapshots, lambda name: ec2.delete_snapshot(SnapshotId=name)),
        ("delete volume", found.volumes, lambda name: ec2.delete_volume(VolumeId=name)),
        ("delete key pair", found.key_pairs, lambda name: ec2.delete_key_pair(KeyName=name)),
        ("delete security group", found.security_groups, lambda name: ec2.delete_security_group(GroupId=name)),
    )
    for what, names, call in steps:
        for name in names:
            _try(aws, problems, f"{what} {name}", lambda call=call, name=name: call(name))  # type: ignore[misc]
    return problems


def _terminate(ec2: t.Any, instances: tuple[str, ...]) -> None:
    ec2.terminate_instances(InstanceIds=list(instances))
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        reservations = ec2.describe_instances(InstanceIds=list(instances))["Reservations"]
        states = {instance["State"]["Name"] for item in reservations for instance in item["Instances"]}
        if states <= {"terminated"}:
            return
        time.sleep(2)


def _try(aws: Aws, problems: list[str], attempt: str, call: c.Callable[[], t.Any]) -> None:
    try:
        with aws.explained(attempt):
            call()
    except AwsError as exc:
        if exc.code not in _GONE:
            problems.append(str(exc))
