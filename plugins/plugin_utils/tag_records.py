# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds as the tags of their AMIs tell of them: enough to fill a catalogue that was lost. Decides; calls nothing."""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing as t

from .records import BUILT, DEPRECATED, DISABLED, Build, RecordError, timestamp

_DIRTY = "-dirty"

Raw = t.Mapping[str, t.Any]


class Rebuilt(t.NamedTuple):
    """The builds that the tags tell of, oldest first, and a line for each AMI whose tags make no sense."""

    builds: tuple[Build, ...]
    problems: tuple[str, ...]


def builds_from_tags(amis: t.Mapping[str, t.Sequence[Raw]], now: dt.datetime) -> Rebuilt:
    """Return the builds behind AMIs by region, as DescribeImages answers; those without our tags are not ours.

    An AMI in each of several regions is one build. Two of one region that claim the same build are both left out: no
    tag says which one is right.
    """
    found: dict[str, Build] = {}
    problems: list[str] = []
    for region, images in sorted(amis.items()):
        for image in sorted(images, key=lambda one: str(one["ImageId"])):
            if "golden:build" not in _tags(image):
                continue
            try:
                build = _build(region, image, now)
                found[build.id] = _joined(found.get(build.id), build)
            except (RecordError, ValueError) as exc:
                problems.append(f"{image['ImageId']} in {region}: {exc}")
    claimed = _claimed_twice(amis)
    problems += [
        f"{' and '.join(ids)} in {region} both claim build {build_id}: remove the tag golden:build of the wrong one"
        for (region, build_id), ids in sorted(claimed.items())
    ]
    unsure = {build_id for _region, build_id in claimed}
    builds = [_with_parent(build, found.values()) for key, build in sorted(found.items()) if key not in unsure]
    return Rebuilt(tuple(builds), tuple(problems))


def _build(region: str, image: Raw, now: dt.datetime) -> Build:
    tags = _tags(image)
    ami, build_id, commit = str(image["ImageId"]), tags["golden:build"], tags.get("golden:commit") or None
    if not tags.get("golden:image"):
        raise RecordError("it has the tag golden:build and no tag golden:image")
    snapshots = [
        device["Ebs"]["SnapshotId"]
        for device in image.get("BlockDeviceMappings", ())
        if device.get("Ebs", {}).get("SnapshotId")
    ]
    return Build(
        id=build_id,
        image=tags["golden:image"],
        status=_status(image, now),
        started=_started(build_id),
        finished=_moment(image.get("CreationDate")),
        amis={region: ami},
        snapshots={region: snapshots} if snapshots else {},
        source_ami=tags.get("golden:parent") or None,
        fingerprint=tags.get("golden:fingerprint") or None,
        commit=commit and commit.removesuffix(_DIRTY),
        dirty=bool(commit and commit.endswith(_DIRTY)),
        ami_name=image.get("Name") or None,
    )


def _joined(known: Build | None, build: Build) -> Build:
    if known is None:
        return build
    if known.image != build.image:
        raise RecordError(f"it claims build {build.id} for image {build.image}, which elsewhere is of {known.image}")
    first = min(known, build, key=lambda one: one.finished or "")
    return dataclasses.replace(
        first, amis={**known.amis, **build.amis}, snapshots={**known.snapshots, **build.snapshots}
    )


def _with_parent(build: Build, builds: t.Collection[Build]) -> Build:
    parent = next((one.id for one in builds if build.source_ami in one.amis.values()), None)
    return dataclasses.replace(build, parent_build=parent)


def _claimed_twice(amis: t.Mapping[str, t.Sequence[Raw]]) -> dict[tuple[str, str], list[str]]:
    claims: dict[tuple[str, str], list[str]] = {}
    for region, images in amis.items():
        for image in images:
            if build_id := _tags(image).get("golden:build"):
                claims.setdefault((region, build_id), []).append(str(image["ImageId"]))
    return {key: sorted(ids) for key, ids in claims.items() if len(ids) > 1}


def _status(image: Raw, now: dt.datetime) -> str:
    if image.get("State") == "disabled":
        return DISABLED
    deprecated = image.get("DeprecationTime")
    return DEPRECATED if deprecated and _parse(str(deprecated)) <= now else BUILT


def _started(build_id: str) -> str:
    """Return when a build began, which its id says; raise RecordError when it is no id."""
    try:
        moment = dt.datetime.strptime(build_id[:16], "%Y%m%dT%H%M%SZ")
    except ValueError as exc:
        raise RecordError(f"its tag golden:build is {build_id!r}, which is no build's id") from exc
    return timestamp(moment.replace(tzinfo=dt.UTC))


def _moment(text: t.Any) -> str | None:
    return timestamp(_parse(str(text))) if text else None


def _parse(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC)


def _tags(image: Raw) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in image.get("Tags", ())}
