# SPDX-License-Identifier: GPL-3.0-or-later
"""What a group starts instances from: a launch template, a mixed instances policy or a launch configuration."""

from __future__ import annotations

import typing as t

from moto.core.exceptions import ServiceException

from lab.autoscaling import errors
from lab.ec2.templates import RESOLVE

FLOATING = ("$latest", "$default")
DISTRIBUTION = {
    "OnDemandAllocationStrategy": "prioritized",
    "OnDemandBaseCapacity": 0,
    "OnDemandPercentageAboveBaseCapacity": 100,
    "SpotAllocationStrategy": "lowest-price",
    "SpotInstancePools": 2,
}


class Source(t.NamedTuple):
    """What one instance is started from, with versions and parameters resolved to what they mean now."""

    image_id: str
    instance_type: str | None = None
    template_id: str | None = None
    template_name: str | None = None
    version: str | None = None
    configuration: str | None = None
    weight: int = 1
    spot: bool = False

    @property
    def template(self) -> dict[str, str] | None:
        """The template as DescribeAutoScalingGroups shows it for an instance."""
        if self.template_id is None:
            return None
        name, version = str(self.template_name), str(self.version)
        return {"LaunchTemplateId": self.template_id, "LaunchTemplateName": name, "Version": version}


class Settings:
    """One of three: `template`, `policy` or `configuration`. Not changed once made."""

    def __init__(
        self,
        ec2: t.Any,
        template: dict[str, t.Any] | None = None,
        policy: dict[str, t.Any] | None = None,
        configuration: t.Any = None,
    ) -> None:
        self._ec2 = ec2
        self.template = self._named(template) if template else None
        self.policy = self._policy(policy) if policy else None
        self.configuration = configuration

    def sources(self) -> list[Source]:
        """Return what instances can be started from now: one, or one for each override of a policy.

        Raises ServiceException when a template, a version or a parameter is not there.
        """
        if self.configuration is not None:
            found = self.configuration
            return [Source(self._ec2.resolve_image(found.image_id), found.instance_type, configuration=found.name)]
        if self.template is not None:
            return [self._source(self.template)]
        launch = t.cast("dict[str, t.Any]", self.policy)["LaunchTemplate"]
        overrides = launch.get("Overrides") or [{}]
        return [self._source(launch["LaunchTemplateSpecification"], override) for override in overrides]

    def next_source(self, started: int, capacity: int) -> Source:
        """Return what the next instance of a group that has `started` of its `capacity` is started from.

        On-Demand instances take the first override, as "prioritized" does while there is capacity; Spot instances take
        the overrides in turn.
        """
        sources = self.sources()
        if self.policy is None:
            return sources[0]
        distribution = self.policy["InstancesDistribution"]
        base = int(distribution.get("OnDemandBaseCapacity", 0))
        percent = int(distribution.get("OnDemandPercentageAboveBaseCapacity", 100))
        on_demand = base + -(-max(capacity - base, 0) * percent // 100)
        if started < on_demand:
            return sources[0]
        return sources[started % len(sources)]._replace(spot=True)

    def check(self) -> None:
        """Fail as Auto Scaling does when it is given something that it could not launch."""
        try:
            for source in self.sources():
                self._ec2.launchable_image(source.image_id)
        except ServiceException as exc:
            raise errors.template_invalid(exc.message) from exc

    def why_irreversible(self) -> str:
        """Say why a refresh to or from these settings could not be undone; "" when it could."""
        if self.configuration is not None:
            return "the group uses a launch configuration."
        for specification in self._specifications():
            if str(specification.get("Version") or "$Default").lower() in FLOATING:
                return "it uses the launch template's $Latest or $Default version."
            if str(self._ec2.find_version(specification).image_id).startswith(RESOLVE):
                return "the launch template uses an AWS Systems Manager parameter instead of an AMI ID."
        return ""

    def to_dict(self) -> dict[str, t.Any]:
        """Return the settings as a DesiredConfiguration shows them."""
        return {key: value for key, value in self._shown().items() if value is not None}

    def _shown(self) -> dict[str, t.Any]:
        return {"LaunchTemplate": self.template, "MixedInstancesPolicy": self.policy}

    def _specifications(self) -> list[dict[str, t.Any]]:
        if self.template is not None:
            return [self.template]
        launch = t.cast("dict[str, t.Any]", self.policy)["LaunchTemplate"]
        own = [item["LaunchTemplateSpecification"] for item in launch["Overrides"] if item.get(_SPECIFICATION)]
        return [launch["LaunchTemplateSpecification"], *own]

    def _source(self, specification: dict[str, t.Any], override: t.Mapping[str, t.Any] | None = None) -> Source:
        override = override or {}
        version = self._ec2.find_version(override.get(_SPECIFICATION) or specification)
        image = override.get("ImageId") or version.image_id
        return Source(
            self._ec2.resolve_image(image),
            override.get("InstanceType") or version.instance_type or None,
            version.template.id,
            version.template.name,
            str(version.number),
            weight=int(override.get("WeightedCapacity", 1)),
        )

    def _named(self, specification: dict[str, t.Any]) -> dict[str, t.Any]:
        """Return a template with both its id and its name, and the version only if it was given."""
        if bool(specification.get("LaunchTemplateId")) == bool(specification.get("LaunchTemplateName")):
            raise errors.bad_preference("Valid requests must contain either launchTemplateId or LaunchTemplateName")
        try:
            template = self._ec2.find_template(specification)
            self._ec2.find_version(specification)
        except ServiceException as exc:
            raise errors.template_invalid(exc.message) from exc
        named = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name}
        return named | ({"Version": specification["Version"]} if specification.get("Version") else {})

    def _policy(self, policy: dict[str, t.Any]) -> dict[str, t.Any]:
        launch = policy.get("LaunchTemplate")
        if not launch or not launch.get("LaunchTemplateSpecification"):
            raise errors.bad_preference("A mixed instances policy must have a launch template.")
        overrides = []
        for override in launch.get("Overrides", []):
            if "InstanceRequirements" in override:
                raise errors.unknown("InstanceRequirements in the overrides of a mixed instances policy")
            own = override.get(_SPECIFICATION)
            overrides.append({**override, _SPECIFICATION: self._named(own)} if own else dict(override))
        return {
            "LaunchTemplate": {
                "LaunchTemplateSpecification": self._named(launch["LaunchTemplateSpecification"]),
                "Overrides": overrides,
            },
            "InstancesDistribution": {**DISTRIBUTION, **policy.get("InstancesDistribution", {})},
        }


_SPECIFICATION = "LaunchTemplateSpecification"
