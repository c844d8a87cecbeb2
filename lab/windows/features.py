# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles, role services and features: what is installed, what an installation pulls in, and its consequences."""

from __future__ import annotations

import dataclasses
import typing as t
import zlib

from lab.windows.errors import WindowsError
from lab.windows.feature_list import TREE

SOURCE_MISSING = (
    "The request to add or remove features on the specified server failed.\r\nInstallation of one or more roles, role "
    'services, or features failed.\r\nThe source files could not be found.\r\nUse the "Source" option to specify '
    "the location of the files that are required to restore the feature. For more information on specifying a source "
    "location, see http://go.microsoft.com/fwlink/?LinkId=243077. Error: 0x800f081f"
)
_TYPES = {"R": "Role", "S": "Role Service", "F": "Feature"}


@dataclasses.dataclass
class Feature:
    """One entry; ``state`` is Installed, Available or Removed (no payload on the disk)."""

    name: str
    display_name: str
    feature_type: str
    parent: str
    depth: int
    state: str
    depends_on: tuple[str, ...]
    default: bool
    management: bool
    restart_to_install: bool
    restart_to_remove: bool

    @property
    def installed(self) -> bool:
        """Say whether it is installed."""
        return self.state == "Installed"

    @property
    def id(self) -> int:
        """Give a number that is the same on every machine."""
        return zlib.crc32(self.name.encode()) % 900 + 1


class FeatureResult(t.NamedTuple):
    """What an installation or removal did; ``exit_code`` is Server Manager's word for it."""

    changed: tuple[Feature, ...]
    restart_needed: bool
    exit_code: str  # NoChangeNeeded | Success | SuccessRestartRequired


class Features:
    """Server Manager's catalogue of one release. ``effect`` is told of each feature that comes or goes."""

    def __init__(self, release: str, net: str, *, core: bool = False) -> None:
        self._features: dict[str, Feature] = {}
        self._read(TREE.format(net=net), release, core)

    def find(self, name: str) -> Feature | None:
        """Give a feature by name in any case, or None."""
        return self._features.get(name.lower())

    def get(self, name: str) -> Feature:
        """Give a feature.

        :raises WindowsError: the release has none of that name.
        """
        feature = self.find(name)
        if feature is None:
            raise WindowsError(
                87,
                message="The target of the specified cmdlet cannot be any of the following: Roles, role services, or "
                f"features that are not found on the specified server. Name: {name}",
            )
        return feature

    def all(self) -> list[Feature]:
        """Give every feature in Server Manager's order."""
        return list(self._features.values())

    def children(self, name: str) -> list[Feature]:
        """Give the features directly below one."""
        return [feature for feature in self.all() if feature.parent.lower() == name.lower()]

    def plan_install(self, names: t.Iterable[str], *, subfeatures: bool, tools: bool) -> list[Feature]:
        """Give what an installation would add, parents and dependencies first."""
        wanted: dict[str, Feature] = {}
        for name in names:
            self._want(self.get(name), wanted, subfeatures, tools)
        return [feature for feature in wanted.values() if not feature.installed]

    def install(
        self, names: t.Iterable[str], *, subfeatures: bool = False, tools: bool = False, source: bool = False
    ) -> FeatureResult:
        """Install features with what they need.

        :raises WindowsError: code 0x800f081f, a payload is not on the disk and no source was given.
        """
        added = self.plan_install(names, subfeatures=subfeatures, tools=tools)
        if any(feature.state == "Removed" for feature in added) and not source:
            raise WindowsError(0x800F081F, message=SOURCE_MISSING)
        for feature in added:
            feature.state = "Installed"
        return _result(added, any(feature.restart_to_install for feature in added))

    def plan_remove(self, names: t.Iterable[str], *, tools: bool = False) -> list[Feature]:
        """Give what a removal would take away: all below it and all that needs it, those first."""
        going: dict[str, Feature] = {}
        for name in names:
            self._unwant(self.get(name), going)
        return [feature for feature in reversed(going.values()) if feature.installed]

    def remove(self, names: t.Iterable[str], *, tools: bool = False) -> FeatureResult:
        """Remove features, all below them and all that needs them."""
        gone = self.plan_remove(names, tools=tools)
        for feature in gone:
            feature.state = "Available"
        return _result(gone, any(feature.restart_to_remove for feature in gone))

    def _want(self, feature: Feature, wanted: dict[str, Feature], subfeatures: bool, tools: bool) -> None:
        if feature.name in wanted:
            return
        if feature.parent:
            self._want_upwards(self.get(feature.parent), wanted)
        for name in feature.depends_on:
            self._want(self.get(name), wanted, False, False)
        wanted[feature.name] = feature
        for child in self.children(feature.name):
            # What comes by default comes once: one that somebody has removed since stays away.
            default = child.default and not child.management and not feature.installed
            if subfeatures or default or (tools and child.management):
                self._want(child, wanted, subfeatures, tools)

    def _want_upwards(self, feature: Feature, wanted: dict[str, Feature]) -> None:
        """Take the parents of what was asked for, without their default children."""
        if feature.name in wanted:
            return
        if feature.parent:
            self._want_upwards(self.get(feature.parent), wanted)
        wanted[feature.name] = feature

    def _unwant(self, feature: Feature, going: dict[str, Feature]) -> None:
        if feature.name in going:
            return
        going[feature.name] = feature
        for other in self.all():
            if other.parent == feature.name or (feature.name in other.depends_on and other.installed):
                self._unwant(other, going)

    def _read(self, tree: str, release: str, core: bool) -> None:
        above: list[str] = []
        for line in filter(None, tree.splitlines()):
            name, display, marks = (part.strip() for part in line.split("|"))
            depth = (len(line) - len(line.lstrip())) // 2
            flags = marks.split()
            above = [*above[:depth], name]
            if not _offered(flags, release) or ("g" in flags and core):
                continue
            self._features[name.lower()] = Feature(
                name=name,
                display_name=display,
                feature_type=_TYPES[flags[0]],
                parent=above[depth - 1] if depth else "",
                depth=depth + 1,
                state="Installed" if "i" in flags else "Removed" if "x" in flags else "Available",
                depends_on=tuple(flag[1:] for flag in flags if flag.startswith(">")),
                default="d" in flags,
                management="m" in flags,
                restart_to_install="r" in flags,
                restart_to_remove="u" in flags,
            )


def _offered(flags: list[str], release: str) -> bool:
    for flag in flags:
        first, dash, last = flag.partition("-")
        if dash and first.isdigit():
            return first <= release <= last
    return True


def _result(changed: list[Feature], restart: bool) -> FeatureResult:
    if not changed:
        return FeatureResult((), False, "NoChangeNeeded")
    return FeatureResult(tuple(changed), restart, "SuccessRestartRequired" if restart else "Success")
