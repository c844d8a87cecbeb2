# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which task results tell of an AMI, and what the catalogue should keep of them. Decides; calls nothing."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import typing as t

from .records import BUILDING, BUILT, Build, new_build_id, timestamp

PACKER_BUILD = "golden.windows_ami.packer_build"
MAKE_AMI = "amazon.aws.ec2_ami"
COPY_AMI = "community.aws.ec2_ami_copy"
COPY_BUILD = "golden.windows_ami.ami_copies"
WATCHED = frozenset({PACKER_BUILD, MAKE_AMI, COPY_AMI, COPY_BUILD})

# When nothing says where an AMI is, it is recorded all the same.
UNKNOWN_REGION = "unknown"

_BUILD_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")


class Maker(t.NamedTuple):
    """Who ran the play, when, and where its AMIs are when the result does not say."""

    author: str
    controller: str
    now: dt.datetime
    region: str | None
    versions: dict[str, str]


@dataclasses.dataclass(frozen=True)
class Note:
    """Something to tell a catalogue: a finished build, or that its AMI is a copy of another one.

    ``build`` is `Build.to_dict`'s; it is not looked into before delivery, so that nothing can keep it from the spool.
    """

    build: dict[str, t.Any]
    catalogue: str | None = None
    copy_of: str | None = None


def find_note(action: str, result: t.Mapping[str, t.Any], maker: Maker) -> Note | None:
    """Return what one task result (not a loop's) tells the catalogue; None when it made no AMI and ended no build."""
    if action == PACKER_BUILD:
        build = result.get("build")
        if not isinstance(build, dict) or build.get("status") == BUILDING:
            return None
        return Note(build, result.get("catalogue"))
    if action == COPY_BUILD:
        return _unrecorded(result)
    arguments = _arguments(result)
    image_id = result.get("image_id")
    if not image_id or not result.get("changed") or arguments.get("image_id"):
        # With image_id the module changes or removes an AMI that is there already.
        return None
    build = _made(result, arguments, str(image_id), maker)
    return Note(build.to_dict(), copy_of=arguments.get("source_image_id") if action == COPY_AMI else None)


def _unrecorded(result: t.Mapping[str, t.Any]) -> Note | None:
    """Return the copies that the catalogue did not take when they were made; the action records the others itself."""
    build, amis = _dict(result.get("build")), _dict(result.get("unrecorded"))
    if not build or not amis:
        return None
    snapshots = {region: ids for region, ids in _dict(build.get("snapshots")).items() if region in amis}
    source = _dict(result.get("source")).get("ami_id")
    return Note({**build, "amis": amis, "snapshots": snapshots}, result.get("catalogue"), copy_of=source)


def _made(result: t.Mapping[str, t.Any], arguments: t.Mapping[str, t.Any], image_id: str, maker: Maker) -> Build:
    """Describe an AMI that a module made. Only named values are taken over: arguments may be anything, even secret."""
    tags = {**_dict(arguments.get("tags")), **_dict(result.get("tags"))}
    name = str(result.get("name") or arguments.get("name") or image_id)
    build_id = str(tags.get("golden:build", ""))
    region = str(arguments.get("region") or maker.region or UNKNOWN_REGION)
    now = timestamp(maker.now)
    return Build(
        id=build_id if _BUILD_ID.fullmatch(build_id) else new_build_id(maker.now),
        image=str(tags.get("golden:image") or name),
        status=BUILT,
        started=now,
        finished=now,
        amis={region: image_id},
        snapshots={region: snapshots} if (snapshots := _snapshots(result)) else {},
        source_ami=arguments.get("source_image_id"),
        fingerprint=tags.get("golden:fingerprint"),
        commit=tags.get("golden:commit"),
        author=maker.author,
        controller=maker.controller,
        versions=dict(maker.versions),
        ami_name=name,
    )


def _arguments(result: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return _dict(_dict(result.get("invocation")).get("module_args"))


def _snapshots(result: t.Mapping[str, t.Any]) -> list[str]:
    devices = [_dict(device) for device in _dict(result.get("block_device_mapping")).values()]
    return [str(device["snapshot_id"]) for device in devices if device.get("snapshot_id")]


def _dict(value: t.Any) -> dict[str, t.Any]:
    return value if isinstance(value, dict) else {}
