# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All questions to one region of one account, in the order in which their answers lead on."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import typing as t

from . import estate
from .ec2 import Aws, AwsError
from .estate import AmiState, Gap, Place, SnapshotState, Use
from .estate_answers import (
    CONFIGURATIONS,
    PARAMETERS,
    TEMPLATES,
    VERSIONS,
    Answers,
    Raw,
    Reading,
    ami_state,
    family_of,
    snapshot_in,
)

# The most that AWS takes: values in one filter of EC2, names in one GetParameters, versions of one template.
_VALUES = 200
_NAMES = 10
# The largest page of each list.
_PAGES = {
    "describe_auto_scaling_groups": 100,
    "describe_fleets": 1000,
    "describe_images": 1000,
    "describe_instances": 1000,
    "describe_launch_configurations": 100,
    "describe_launch_template_versions": 200,
    "describe_launch_templates": 200,
    "describe_snapshots": 1000,
    "describe_spot_fleet_requests": 1000,
    "get_parameters_by_path": 10,
}
_STOCK = "/aws/service/ami-windows-latest"
_LIVING = ("pending", "running", "shutting-down", "stopping", "stopped")


@dataclasses.dataclass
class Told:
    """What one place said, as records."""

    place: Place
    uses: list[Use] = dataclasses.field(default_factory=list)
    amis: list[AmiState] = dataclasses.field(default_factory=list)
    gaps: list[Gap] = dataclasses.field(default_factory=list)
    stock: dict[tuple[str, str], str] = dataclasses.field(default_factory=dict)
    parameters: dict[str, str | None] = dataclasses.field(default_factory=dict)


def read_place(aws: Aws, place: Place, paths: t.Sequence[str], families: t.Collection[str]) -> Told:
    """Ask a place everything. Raises nothing; see `Told.gaps`."""
    asker = _Asker(aws, place)
    answers = asker.launchers()
    for path in paths:
        answers.published.update(asker.parameters_under(path))
    reading = Reading(place, answers)
    for template_id, numbers in reading.pinned().items():
        answers.versions.update(asker.versions_of(template_id, sorted(numbers)))
    answers.parameters = asker.parameters(reading.wanted_parameters())
    answers.failed = {gap.question for gap in asker.gaps}
    uses = list(reading.uses())
    raw = asker.amis({use.ami for use in uses if use.ami})
    stock = asker.stock({*families, *_families(raw)})
    raw.update(asker.described(set(stock.values()) - set(raw), "stock AMIs"))
    snapshots = asker.snapshots(raw.values())
    gone = (AmiState(use.ami, place) for use in uses if use.ami and use.ami not in raw and asker.saw_amis)
    amis = {
        one.id: one for one in itertools.chain(gone, (ami_state(image, place, snapshots) for image in raw.values()))
    }
    region = {(place.region, family): ami for family, ami in stock.items()}
    return Told(place, uses, list(amis.values()), asker.gaps, region, {**answers.published, **answers.parameters})


def _families(raw: t.Mapping[str, Raw]) -> set[str]:
    names = (family_of(image.get("Name", "")) for image in raw.values() if image.get("ImageOwnerAlias") == "amazon")
    return {name for name in names if name}


class _Asker:
    """Asks one place, and keeps what it did not answer."""

    def __init__(self, aws: Aws, place: Place) -> None:
        self._aws = aws
        self._place = place
        self.gaps: list[Gap] = []
        self.saw_amis = True

    @contextlib.contextmanager
    def _question(self, question: str, attempt: str) -> t.Iterator[None]:
        """Let calls fail; what they had answered before that counts."""
        try:
            with self._aws.explained(attempt):
                yield
        except AwsError as exc:
            self.gaps.append(Gap(self._place, question, str(exc)))

    def _all(self, service: str, operation: str, key: str, question: str, **more: t.Any) -> list[Raw]:
        """Return all pages of a list."""
        found: list[Raw] = []
        size = {"PageSize": _PAGES[operation]}
        with self._question(question, f"list {question}"):
            for page in self._aws.client(service).get_paginator(operation).paginate(PaginationConfig=size, **more):
                found += page.get(key, [])
        return found

    def launchers(self) -> Answers:
        """Return everything that may launch, and the versions of templates that are the default or the latest."""
        states = [{"Name": "instance-state-name", "Values": list(_LIVING)}]
        instances = self._all("ec2", "describe_instances", "Reservations", "instances", Filters=states)
        answers = Answers(
            instances=[one for group in instances for one in group["Instances"]],
            groups=self._all("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", "Auto Scaling Groups"),
            configurations=self._all(
                "autoscaling", "describe_launch_configurations", "LaunchConfigurations", CONFIGURATIONS
            ),
            templates=self._all("ec2", "describe_launch_templates", "LaunchTemplates", TEMPLATES),
            spot_fleets=self._all("ec2", "describe_spot_fleet_requests", "SpotFleetRequestConfigs", "spot fleets"),
            fleets=self._all("ec2", "describe_fleets", "Fleets", "EC2 fleets"),
        )
        if answers.templates:
            both = ["$Latest", "$Default"]
            versions = self._all(
                "ec2", "describe_launch_template_versions", "LaunchTemplateVersions", VERSIONS, Versions=both
            )
            answers.versions = _versions(versions)
        return answers

    def versions_of(self, template_id: str, numbers: t.Sequence[int]) -> dict[tuple[str, int], str | None]:
        """Return what versions of a template say; one that does not exist is not there."""
        found: list[Raw] = []
        with self._question(VERSIONS, f"read launch template {template_id}"):
            for some in _batches(numbers, _VALUES):
                found += self._some_versions(template_id, [str(number) for number in some])
        return _versions(found)

    def _some_versions(self, template_id: str, numbers: list[str]) -> list[Raw]:
        attempt = f"read versions {', '.join(numbers)} of launch template {template_id}"
        try:
            with self._aws.explained(attempt):
                answer = self._aws.client("ec2").describe_launch_template_versions(
                    LaunchTemplateId=template_id, Versions=numbers
                )
        except AwsError as exc:
            if exc.code != "InvalidLaunchTemplateId.VersionNotFound":
                raise
            # One that does not exist spoils the answer about the others.
            return (
                [one for number in numbers for one in self._some_versions(template_id, [number])] if numbers[1:] else []
            )
        return list(answer["LaunchTemplateVersions"])

    def parameters_under(self, path: str) -> dict[str, str]:
        """Return the parameters below a path, by name."""
        found = self._all(
            "ssm", "get_parameters_by_path", "Parameters", f"SSM parameters under {path}", Path=path, Recursive=True
        )
        return {one["Name"]: one["Value"] for one in found}

    def parameters(self, names: t.Sequence[str], question: str = PARAMETERS) -> dict[str, str | None]:
        """Return the values of parameters, each perhaps with a version or a label; None for those that do not exist."""
        found: dict[str, str | None] = {}
        for some in _batches(names, _NAMES):
            try:
                found.update(self._some_parameters(some))
            except AwsError:
                # Perhaps one of them is denied, or malformed, and the others are not.
                for name in some:
                    with self._question(question, f"read SSM parameter {name}"):
                        found.update(self._some_parameters([name]))
        return found

    def _some_parameters(self, names: list[str]) -> dict[str, str | None]:
        with self._aws.explained(f"read SSM parameters {', '.join(names)}"):
            answer = self._aws.client("ssm").get_parameters(Names=names)
        found: dict[str, str | None] = dict.fromkeys(answer.get("InvalidParameters", ()))
        for one in answer["Parameters"]:
            for name in (one["Name"], one.get("ARN", "")):
                found[f"{name}{one.get('Selector') or ''}"] = one["Value"]
        return {name: found[name] for name in names if name in found}

    def amis(self, used: t.Collection[str]) -> dict[str, Raw]:
        """Return the AMIs that the account owns, and those of others that are used, by id."""
        own = self._all("ec2", "describe_images", "Images", "own AMIs", Owners=["self"], **_EVERY_AMI)
        found = {image["ImageId"]: image for image in own}
        before = len(self.gaps)
        found.update(self.described(set(used) - set(found), "AMIs in use"))
        self.saw_amis = len(self.gaps) == before
        return found

    def described(self, ids: t.Collection[str], question: str) -> dict[str, Raw]:
        """Return AMIs by id. Asking by filter, unlike by id, does not fail for the ones that are gone."""
        found: list[Raw] = []
        for some in _batches(sorted(ids), _VALUES):
            filters = [{"Name": "image-id", "Values": some}]
            found += self._all("ec2", "describe_images", "Images", question, Filters=filters, **_EVERY_AMI)
        return {image["ImageId"]: image for image in found}

    def stock(self, families: t.Collection[str]) -> dict[str, str]:
        """Return the AMI that Amazon publishes for each family of Windows AMIs, if it does."""
        names = {f"{_STOCK}/{family}": family for family in sorted(families)}
        found = self.parameters(list(names), "Amazon's newest AMIs")
        return {names[name]: ami for name, ami in found.items() if ami}

    def snapshots(self, images: t.Iterable[Raw]) -> dict[str, SnapshotState]:
        """Return the snapshots behind AMIs, by id; not those behind stock AMIs, which nobody may see."""
        owners = {
            mapping["Ebs"]["SnapshotId"]: image.get("OwnerId", "")
            for image in images
            if image.get("ImageOwnerAlias") != "amazon"
            for mapping in image.get("BlockDeviceMappings", ())
            if snapshot_in(mapping)
        }
        found: dict[str, Raw] = {}
        before = len(self.gaps)
        for some in _batches(sorted(owners), _VALUES):
            filters = [{"Name": "snapshot-id", "Values": some}]
            answer = self._all("ec2", "describe_snapshots", "Snapshots", "snapshots", Filters=filters)
            found.update((one["SnapshotId"], one) for one in answer)
        answered = len(self.gaps) == before
        keys = self._keys({one["KmsKeyId"] for one in found.values() if one.get("KmsKeyId")})
        return {one: self._snapshot(one, owner, found.get(one), keys, answered) for one, owner in owners.items()}

    def _snapshot(
        self, snapshot_id: str, owner: str, raw: Raw | None, keys: t.Mapping[str, str], answered: bool
    ) -> SnapshotState:
        if raw is None:
            own = owner == self._place.account
            state = (estate.MISSING if own else estate.HIDDEN) if answered else estate.UNKNOWN
            return SnapshotState(snapshot_id, state)
        key = raw.get("KmsKeyId")
        return SnapshotState(snapshot_id, raw["State"], key, keys.get(key) if key else None)

    def _keys(self, keys: t.Collection[str]) -> dict[str, str]:
        """Return the state of KMS keys."""
        found = {}
        for key in sorted(keys):
            found[key] = estate.UNKNOWN
            try:
                with self._aws.explained(f"look at KMS key {key}"):
                    found[key] = self._aws.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
            except AwsError as exc:
                if exc.code == "NotFoundException":
                    found[key] = estate.MISSING
                else:
                    self.gaps.append(Gap(self._place, "KMS keys", str(exc)))
        return found


_EVERY_AMI: dict[str, t.Any] = {"IncludeDeprecated": True, "IncludeDisabled": True}


def _versions(raw: t.Iterable[Raw]) -> dict[tuple[str, int], str | None]:
    return {
        (one["LaunchTemplateId"], int(one["VersionNumber"])): one.get("LaunchTemplateData", {}).get("ImageId")
        for one in raw
    }


def _batches(values: t.Sequence[t.Any], size: int) -> t.Iterator[list[t.Any]]:
    for start in range(0, len(values), size):
        yield list(values[start : start + size])
