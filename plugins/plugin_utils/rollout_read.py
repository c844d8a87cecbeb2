# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what a roll-out must know of one region: all groups briefly, those that it concerns in detail."""

from __future__ import annotations

import collections
import dataclasses
import typing as t

from .ec2 import AwsError
from .records import Build
from .rollout import DEFAULT, LATEST, SSM, Config, Group, Member, Place, Refresh, Spec, Wanted
from .rollout_ec2 import Raw, Region, is_active, refresh_of
from .rollout_plan import chosen

# Text of a template, and its version: what they were asked for.
_Asked = tuple[str, str]


class Templates:
    """The versions of launch templates that groups name, each read once, and what their AMIs mean."""

    def __init__(self, region: Region) -> None:
        self._region = region
        self._rows: dict[_Asked, Raw] = {}
        self._parameters: dict[str, str | None] = {}
        self.notes: list[str] = []

    def read(self, configs: t.Iterable[Config]) -> None:
        """Read all versions that configurations name: what moves in pages, numbers by template."""
        asked = {_asked(one) for config in configs for one in _specifications(config)} - set(self._rows)
        if any(version in (LATEST, DEFAULT) for _template, version in asked):
            self._keep_moving(self._region.moving_versions())
        wanted: dict[str, list[str]] = collections.defaultdict(list)
        for template, version in asked - set(self._rows):
            if version.isdecimal():
                wanted[template].append(version)
        for template, numbers in sorted(wanted.items()):
            for row in self._region.versions(template, sorted(numbers)):
                self._keep(row, str(row["VersionNumber"]))

    def specs(self, config: Config) -> tuple[Spec, ...]:
        """Return all ways in which a configuration launches, without overrides that inherit the group's template."""
        if "LaunchTemplate" in config:
            return (self._spec(None, config["LaunchTemplate"], None, ""),)
        launch = config.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
        base = launch.get("LaunchTemplateSpecification")
        if not base:
            return ()
        found = [self._spec(None, base, None, "")]
        for slot, override in enumerate(launch.get("Overrides", ())):
            own, image = override.get("LaunchTemplateSpecification"), override.get("ImageId")
            if own or image:
                label = f"override {override.get('InstanceType') or slot + 1}"
                found.append(self._spec(slot, own or base, image, label))
        return tuple(found)

    def _spec(self, slot: int | None, template: t.Mapping[str, str], image: str | None, label: str) -> Spec:
        row = self._rows.get(_asked(template))
        written = image or (row["LaunchTemplateData"].get("ImageId") if row else None)
        return Spec(
            slot=slot,
            template_id=row["LaunchTemplateId"] if row else template.get("LaunchTemplateId", ""),
            template_name=(row or template).get("LaunchTemplateName") or template.get("LaunchTemplateId", ""),
            asked=_asked(template)[1],
            version=row["VersionNumber"] if row else None,
            image=written,
            ami=self.meaning(written),
            own_image=bool(image),
            label=label,
        )

    def meaning(self, image: str | None) -> str | None:
        """Return the AMI that an ImageId stands for."""
        if not image or not image.startswith(SSM):
            return image
        name = image.removeprefix(SSM)
        if name not in self._parameters:
            try:
                self._parameters[name] = self._region.aws.parameter(name)
            except AwsError as exc:
                if not exc.denied:
                    raise
                self._parameters[name] = None
                self.notes.append(f"Nobody can tell what launches by {name}: {exc}")
        return self._parameters[name]

    def _keep_moving(self, rows: t.Iterable[Raw]) -> None:
        by_template: dict[str, list[Raw]] = collections.defaultdict(list)
        for row in rows:
            by_template[row["LaunchTemplateId"]].append(row)
        for found in by_template.values():
            self._keep(max(found, key=lambda row: int(row["VersionNumber"])), LATEST)
            self._keep(next((row for row in found if row.get("DefaultVersion")), found[0]), DEFAULT)

    def _keep(self, row: Raw, version: str) -> None:
        self._rows[row["LaunchTemplateId"], version] = row
        self._rows[row["LaunchTemplateName"], version] = row


class _Reader:
    """Reads one region. ``of_image`` tells whether an AMI is of the image."""

    def __init__(self, region: Region, wanted: Wanted, of_image: t.Callable[[str], bool]) -> None:
        self.region = region
        self.templates = Templates(region)
        self._wanted = wanted
        self._of_image = of_image
        self._configured: dict[str, str] | None = None

    def place(self, raw: list[Raw], target: str | None, problem: str | None) -> Place:
        """Return what answers about groups come to."""
        self.templates.read([_config(one) for one in raw])
        if self._configured is None and any(one.get("LaunchConfigurationName") for one in raw):
            self._configured = self.region.configurations()
        groups = tuple(_group(one, self.region, self.templates, self._configured or {}) for one in raw)
        return Place(
            account=self.region.account,
            region=self.region.name,
            target=target,
            problem=problem,
            groups=groups,
            ours=frozenset(ami for group in groups for ami in group.amis if ami and self._of_image(ami)),
            parameter=_published(groups, self._wanted, self.templates),
        )


def read_place(
    region: Region, wanted: Wanted, build: Build, of_image: t.Callable[[str], bool]
) -> tuple[Place, list[str]]:
    """Return a region as the plan wants it, and what could not be found out. Raises AwsError.

    What a group launches is read after the refresh that may change it: one that has just ended is never taken for a
    group that was left as it was.
    """
    reader = _Reader(region, wanted, of_image)
    raw = region.groups()
    first = reader.place(raw, *_target(region, build))
    names = sorted(group.name for group in first.groups if chosen(group, first, wanted))
    refreshes = {name: region.refreshes(name) for name in names}
    newer = {row["AutoScalingGroupName"]: row for row in region.groups(names)}
    raw = [newer.get(row["AutoScalingGroupName"], row) for row in raw]
    place = reader.place(raw, first.target, first.problem)
    instances = {name: _staying(row) for name, row in newer.items()}
    amis = region.amis_of(sorted(one for ids in instances.values() for one in ids))
    groups = tuple(
        _detailed(group, instances[group.name], amis, refreshes[group.name], reader.templates)
        if group.name in newer
        else group
        for group in place.groups
    )
    used = sorted({ami for group in groups if group.name in newer for ami in group.amis if ami})
    usable = frozenset(region.usable(used))
    return dataclasses.replace(place, groups=groups, usable=usable), reader.templates.notes


def _target(region: Region, build: Build) -> tuple[str | None, str | None]:
    """Return the build's AMI in a region, or why there is none."""
    ami = build.amis.get(region.name)
    if ami is None:
        known = ", ".join(sorted(build.amis)) or "none"
        return None, (
            f"build {build.id} has no AMI in {region.name} (it has: {known}). Copy it: copy.yml -e build={build.id} "
            f"-e copy_regions={region.name}"
        )
    found = region.aws.image(ami)
    if found is None:
        return None, (
            f"{ami} of build {build.id} is not there, or not shared with this account ({region.name} "
            f"{region.account}). promote.yml shares it"
        )
    if found.state != "available":
        return None, f"{ami} of build {build.id} is {found.state}, not available"
    return ami, None


def _staying(group: Raw) -> list[str]:
    """Return the instances of a group that are not on their way out."""
    return [one["InstanceId"] for one in group.get("Instances", ()) if "Terminat" not in one["LifecycleState"]]


def _detailed(
    group: Group, instances: t.Sequence[str], amis: t.Mapping[str, str], refresh: Raw | None, templates: Templates
) -> Group:
    """Return a group with the AMIs of its instances and the refresh that runs."""
    members = tuple(Member(one, amis[one]) for one in instances if one in amis)
    running = _refresh(t.cast(Raw, refresh), templates) if is_active(refresh) else None
    return dataclasses.replace(group, members=members, refresh=running)


def _refresh(raw: Raw, templates: Templates) -> Refresh:
    config = _config(raw.get("DesiredConfiguration", {}))
    if not config:
        return refresh_of(raw)
    templates.read([config])
    return refresh_of(raw, frozenset(spec.ami for spec in templates.specs(config)))


def _group(raw: Raw, region: Region, templates: Templates, configured: t.Mapping[str, str]) -> Group:
    config, name = _config(raw), raw.get("LaunchConfigurationName")
    return Group(
        account=region.account,
        region=region.name,
        name=raw["AutoScalingGroupName"],
        config=config,
        specs=templates.specs(config),
        configuration=name,
        configuration_ami=templates.meaning(configured.get(name)) if name else None,
        capacity=int(raw.get("DesiredCapacity", 0)),
        suspended=tuple(one["ProcessName"] for one in raw.get("SuspendedProcesses", ())),
        tags={tag["Key"]: tag.get("Value", "") for tag in raw.get("Tags", ())},
    )


def _published(groups: t.Iterable[Group], wanted: Wanted, templates: Templates) -> str | None:
    image = f"{SSM}{wanted.parameter}"
    return templates.meaning(image) if any(spec.image == image for one in groups for spec in one.specs) else None


def _config(raw: Raw) -> Config:
    return {name: raw[name] for name in ("LaunchTemplate", "MixedInstancesPolicy") if raw.get(name)}


def _specifications(config: Config) -> t.Iterator[t.Mapping[str, str]]:
    if "LaunchTemplate" in config:
        yield config["LaunchTemplate"]
    launch = config.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    if launch.get("LaunchTemplateSpecification"):
        yield launch["LaunchTemplateSpecification"]
    for override in launch.get("Overrides", ()):
        if override.get("LaunchTemplateSpecification"):
            yield override["LaunchTemplateSpecification"]


def _asked(template: t.Mapping[str, str]) -> _Asked:
    return template.get("LaunchTemplateId") or template["LaunchTemplateName"], template.get("Version") or DEFAULT
