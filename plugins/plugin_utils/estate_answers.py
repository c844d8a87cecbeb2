# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what EC2, Auto Scaling and SSM answered for one place to the records of `estate`. Pure, calls nothing."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from . import estate
from .estate import AmiState, Place, SnapshotState, Use

Raw = dict[str, t.Any]
# Questions, as `estate.Gap` calls them.
CONFIGURATIONS = "launch configurations"
TEMPLATES = "launch templates"
VERSIONS = "launch template versions"
PARAMETERS = "SSM parameters"
# A version of a launch template: id of the template, number of the version.
Version = tuple[str, int]

_SSM = "resolve:ssm:"
_DATE = re.compile(r"-\d{4}\.\d{2}\.\d{2}$")
# Fleets in any other state never launch anything again.
_LIVING_FLEETS = frozenset({"submitted", "active", "modifying"})


@dataclasses.dataclass
class Answers:
    """What a place has answered so far. ``failed`` are the questions that it did not answer, or not in full.

    ``versions`` has what launch templates say for ImageId, ``parameters`` the values of SSM parameters, None for those
    that do not exist.
    """

    instances: list[Raw] = dataclasses.field(default_factory=list)
    groups: list[Raw] = dataclasses.field(default_factory=list)
    configurations: list[Raw] = dataclasses.field(default_factory=list)
    templates: list[Raw] = dataclasses.field(default_factory=list)
    spot_fleets: list[Raw] = dataclasses.field(default_factory=list)
    fleets: list[Raw] = dataclasses.field(default_factory=list)
    versions: dict[Version, str | None] = dataclasses.field(default_factory=dict)
    published: dict[str, str] = dataclasses.field(default_factory=dict)
    parameters: dict[str, str | None] = dataclasses.field(default_factory=dict)
    failed: set[str] = dataclasses.field(default_factory=set)


class Launch(t.NamedTuple):
    """A way in which a thing launches: from a template, with an AMI of its own or not, or from an AMI alone."""

    template: t.Mapping[str, t.Any] | None
    image: str | None
    via: str


def family_of(name: str) -> str | None:
    """Return the family of a stock AMI, which is its name without the date; None for other names."""
    return _DATE.sub("", name) if _DATE.search(name) else None


def parameter_in(image: str | None) -> str | None:
    """Return the SSM parameter, with its version or label if any, that an ImageId stands for."""
    return image.removeprefix(_SSM) if image and image.startswith(_SSM) else None


def launches_of_group(group: Raw) -> list[Launch]:
    """Return all ways in which an Auto Scaling Group launches, but a launch configuration."""
    if "LaunchTemplate" in group:
        return [Launch(group["LaunchTemplate"], None, "")]
    policy = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    base = policy.get("LaunchTemplateSpecification")
    if not base:
        return []
    return [Launch(base, None, ""), *(_override(base, one) for one in policy.get("Overrides", ()))]


def launches_of_fleet(config: Raw) -> list[Launch]:
    """Return all ways in which a spot fleet or an EC2 fleet launches."""
    alone = config.get("LaunchSpecifications", ())
    found = [Launch(None, one.get("ImageId"), one.get("InstanceType", "")) for one in alone]
    for one in config.get("LaunchTemplateConfigs", ()):
        base = one.get("LaunchTemplateSpecification", {})
        found += [Launch(base, None, ""), *(_override(base, override) for override in one.get("Overrides", ()))]
    return found


def _override(base: Raw, override: Raw) -> Launch:
    return Launch(
        override.get("LaunchTemplateSpecification") or base,
        override.get("ImageId"),
        f"override {override.get('InstanceType', '')}".strip(),
    )


def living_fleets(answers: Answers) -> t.Iterator[tuple[str, str, Raw, Raw]]:
    """Yield kind, id, what it launches and the fleet itself, for all fleets that may still launch something."""
    for fleet in answers.spot_fleets:
        if fleet.get("SpotFleetRequestState") in _LIVING_FLEETS:
            yield estate.SPOT_FLEET, fleet["SpotFleetRequestId"], fleet.get("SpotFleetRequestConfig", {}), fleet
    for fleet in answers.fleets:
        if fleet.get("FleetState") in _LIVING_FLEETS:
            yield estate.EC2_FLEET, fleet["FleetId"], fleet, fleet


class Reading:
    """Makes sense of the answers of one place."""

    def __init__(self, place: Place, answers: Answers) -> None:
        self._place = place
        self._answers = answers
        self._templates = {one["LaunchTemplateId"]: one for one in answers.templates}
        self._names = {one["LaunchTemplateName"]: one["LaunchTemplateId"] for one in answers.templates}

    def pinned(self) -> dict[str, set[int]]:
        """Return the versions of templates that something names and that are neither default nor latest."""
        found: dict[str, set[int]] = {}
        for version in self._named():
            if version not in self._answers.versions and version[0] in self._templates:
                found.setdefault(version[0], set()).add(version[1])
        return found

    def wanted_parameters(self) -> list[str]:
        """Return the SSM parameters that something launches by, as they are named there."""
        images = [*self._answers.versions.values(), *(launch.image for launch in self._all_launches())]
        images += [one.get("ImageId") for one in self._answers.configurations]
        found = (parameter_in(image) for image in images)
        return sorted({name for name in found if name})

    def uses(self) -> t.Iterator[Use]:
        """Yield everything that may launch, once for each AMI."""
        yield from self._instances()
        yield from self._groups()
        yield from self._configurations()
        yield from self._launch_templates()
        yield from self._fleets()
        for name, value in self._answers.published.items():
            if value.startswith("ami-"):
                yield Use(estate.PARAMETER, name, name, self._place, value, "its value")

    def _instances(self) -> t.Iterator[Use]:
        for one in self._answers.instances:
            tags, running = _tags(one), one["State"]["Name"] in ("pending", "running")
            name = tags.get("Name", "")
            yield Use(estate.INSTANCE, one["InstanceId"], name, self._place, one["ImageId"], "", None, running, tags)

    def _groups(self) -> t.Iterator[Use]:
        images = {one["LaunchConfigurationName"]: one.get("ImageId") for one in self._answers.configurations}
        for group in self._answers.groups:
            name, alive = group["AutoScalingGroupName"], group.get("MaxSize", 1) > 0
            thing = Use(estate.GROUP, name, name, self._place, None, running=alive, tags=_tags(group))
            configuration = group.get("LaunchConfigurationName")
            if configuration:
                via = f"launch configuration {configuration}"
                if configuration in images:
                    yield self._resolved(thing, images[configuration], via)
                else:
                    yield self._lost(thing, via, via, CONFIGURATIONS)
            yield from self._launched(thing, launches_of_group(group))

    def _configurations(self) -> t.Iterator[Use]:
        for one in self._answers.configurations:
            name = one["LaunchConfigurationName"]
            yield self._resolved(
                Use(estate.LAUNCH_CONFIGURATION, name, name, self._place, None), one.get("ImageId"), ""
            )

    def _fleets(self) -> t.Iterator[Use]:
        for kind, fleet_id, config, fleet in living_fleets(self._answers):
            thing = Use(kind, fleet_id, _tags(fleet).get("Name", ""), self._place, None, tags=_tags(fleet))
            yield from self._launched(thing, launches_of_fleet(config))

    def _launch_templates(self) -> t.Iterator[Use]:
        named: dict[str, set[int]] = {}
        for template_id, number in self._named():
            named.setdefault(template_id, set()).add(number)
        for template_id, one in self._templates.items():
            words: dict[int, list[str]] = {one["DefaultVersionNumber"]: ["default"]}
            words.setdefault(one["LatestVersionNumber"], []).append("latest")
            for number in named.get(template_id, ()):
                words.setdefault(number, ["in use"])
            name = one["LaunchTemplateName"]
            thing = Use(estate.LAUNCH_TEMPLATE, template_id, name, self._place, None, tags=_tags(one))
            for number, roles in sorted(words.items()):
                via = f"version {number} ({', '.join(roles)})"
                if (template_id, number) not in self._answers.versions:
                    yield self._lost(thing, via, f"version {number}", VERSIONS)
                elif self._answers.versions[template_id, number]:  # a template may leave the AMI to whoever launches
                    yield self._resolved(thing, self._answers.versions[template_id, number], via)

    def _launched(self, thing: Use, launches: t.Iterable[Launch]) -> t.Iterator[Use]:
        """Yield a thing once for each AMI that its launches lead to."""
        seen: set[tuple[str | None, str | None]] = set()
        for launch in launches:
            use = self._launch(thing, launch)
            if (use.ami, use.problem) not in seen:
                seen.add((use.ami, use.problem))
                yield use

    def _launch(self, thing: Use, launch: Launch) -> Use:
        if launch.image:
            return self._resolved(thing, launch.image, launch.via)
        if not launch.template:
            return thing._replace(via=launch.via, problem="it names neither an AMI nor a launch template")
        template_id = self._template_id(launch.template)
        asked = launch.template.get("Version") or "$Default"
        shown = launch.template.get("LaunchTemplateName") or launch.template.get("LaunchTemplateId") or ""
        shown = f"launch template {shown} version {asked}"
        via = _joined(launch.via, shown)
        version = self._version(template_id, asked) if template_id else None
        if version is None:
            return self._lost(thing, via, shown, TEMPLATES)
        if version not in self._answers.versions:
            return self._lost(thing, via, shown, VERSIONS)
        image = self._answers.versions[version]
        return self._resolved(thing, image, via) if image else thing._replace(via=via, problem=f"{shown} names no AMI")

    def _resolved(self, thing: Use, image: str | None, via: str) -> Use:
        """Return a thing with the AMI that an ImageId means."""
        parameter = parameter_in(image)
        if parameter is None:
            return thing._replace(ami=image or None, via=via, problem=None if image else "it names no AMI")
        via = _joined(via, str(image))
        if parameter not in self._answers.parameters:
            return self._lost(thing, via, f"SSM parameter {parameter}", PARAMETERS)
        value = self._answers.parameters[parameter]
        if value is None:
            return thing._replace(via=via, problem=f"SSM parameter {parameter} does not exist")
        if not value.startswith("ami-"):
            return thing._replace(via=via, problem=f"SSM parameter {parameter} holds no AMI: {value[:40]}")
        return thing._replace(ami=value, via=via)

    def _lost(self, thing: Use, via: str, what: str, question: str) -> Use:
        """Return a thing whose way to an AMI ends: because there is nothing, or because nobody answered."""
        certain = question not in self._answers.failed and TEMPLATES not in self._answers.failed
        problem = f"{what} does not exist" if certain else f"{what} could not be read"
        return thing._replace(via=via, problem=problem, certain=certain)

    def _all_launches(self) -> t.Iterator[Launch]:
        for group in self._answers.groups:
            yield from launches_of_group(group)
        for _kind, _id, config, _fleet in living_fleets(self._answers):
            yield from launches_of_fleet(config)

    def _named(self) -> t.Iterator[Version]:
        """Yield the versions that groups and fleets name."""
        for launch in self._all_launches():
            template_id = self._template_id(launch.template or {})
            version = self._version(template_id, (launch.template or {}).get("Version")) if template_id else None
            if version:
                yield version

    def _template_id(self, specification: t.Mapping[str, t.Any]) -> str | None:
        name = specification.get("LaunchTemplateName")
        return specification.get("LaunchTemplateId") or (self._names.get(name) if name else None)

    def _version(self, template_id: str, asked: str | None) -> Version | None:
        """Return the version that a text such as $Latest means; None when there is no such template."""
        template = self._templates.get(template_id)
        if template is None:
            return None
        known = {"$Latest": "LatestVersionNumber", "$Default": "DefaultVersionNumber"}.get(asked or "$Default")
        return template_id, int(template[known] if known else str(asked))


def ami_state(raw: Raw, place: Place, snapshots: t.Mapping[str, SnapshotState]) -> AmiState:
    """Return an AMI as DescribeImages told it; ``snapshots`` are those that were looked at."""
    protection = str(raw.get("DeregistrationProtection", "disabled"))
    ids = [mapping["Ebs"]["SnapshotId"] for mapping in raw.get("BlockDeviceMappings", ()) if snapshot_in(mapping)]
    return AmiState(
        id=raw["ImageId"],
        place=place,
        owner=raw.get("OwnerId", ""),
        alias=raw.get("ImageOwnerAlias", ""),
        name=raw.get("Name", ""),
        state=raw.get("State", ""),
        created=raw.get("CreationDate", ""),
        deprecated=raw.get("DeprecationTime"),
        public=bool(raw.get("Public")),
        protected=protection != "disabled",
        allowed=raw.get("ImageAllowed") is not False,
        last_launched=raw.get("LastLaunchedTime"),
        source=raw.get("SourceImageId"),
        snapshots=tuple(snapshots[one] for one in ids if one in snapshots),
        tags=_tags(raw),
        reason=raw.get("StateReason", {}).get("Message", ""),
    )


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def snapshot_in(mapping: Raw) -> bool:
    """Whether a block device comes from a snapshot."""
    return bool(mapping.get("Ebs", {}).get("SnapshotId"))


def _tags(raw: Raw) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in raw.get("Tags", ())}
