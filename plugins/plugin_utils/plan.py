# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Decides which images are built, from what, and why. Knows neither AWS nor Ansible: facts come in as plain records."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from .fingerprint import fingerprint
from .records import USABLE, Build

BUILD = "build"
SKIP = "skip"
# The input that is only known once the parent has been built.
PARENT_AMI = "parent_ami"


class PlanError(Exception):
    """The plan cannot be made, or an entry of it cannot be used the way it was."""


class Source(t.NamedTuple):
    """The AMI that an image starts from; ``build`` is the parent's build when one of our images is the parent."""

    ami: str
    name: str
    build: str | None = None


class Existing(t.NamedTuple):
    """The newest build of an image that should be usable; ``problem`` says why its AMI is not."""

    build: Build
    ami: str
    problem: str | None = None


class Artefact(t.NamedTuple):
    """A file that a role fetches: the variable that names it, and its address."""

    variable: str
    url: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlanEntry:
    """What happens to one image.

    ``source_ami`` and ``fingerprint`` are None when the parent is built in the same run: `finalize` fills them in then.
    ``parent_build`` is the build of the parent that the image starts from, None for a base image.
    ``ami_id`` and ``build_id`` name the build that is up to date; None unless ``action`` is "skip".
    ``vars`` are the variables that go to the roles, secrets left out: ``secret_vars`` has their names only.
    """

    image: str
    action: str
    region: str
    description: str = ""
    reasons: tuple[str, ...] = ()
    changed_inputs: tuple[str, ...] = ()
    source_ami: str | None = None
    source_ami_name: str | None = None
    base: str | None = None
    parent_image: str | None = None
    parent_build: str | None = None
    roles: tuple[str, ...] = ()
    vars: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    secret_vars: tuple[str, ...] = ()
    artefacts: tuple[Artefact, ...] = ()
    inputs: dict[str, str] = dataclasses.field(default_factory=dict)
    fingerprint: str | None = None
    ami_id: str | None = None
    build_id: str | None = None

    def to_dict(self) -> dict[str, t.Any]:
        """Return the entry as JSON-safe values, keys in the order of the fields."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        values["artefacts"] = [artefact._asdict() for artefact in self.artefacts]
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    @classmethod
    def from_dict(cls, values: c.Mapping[str, t.Any]) -> PlanEntry:
        """Make an entry from ``to_dict``'s values; raise PlanError when keys are unknown or missing."""
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(values) - known)
        missing = sorted({"image", "action", "region"} - set(values))
        if unknown or missing:
            raise PlanError(
                f"This is not an entry of a plan: unknown keys {unknown}, missing keys {missing}. "
                "Pass one item of the list that golden.windows_ami.build_plan returns, as it is."
            )
        lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        artefacts = tuple(Artefact(item["variable"], item["url"]) for item in values.get("artefacts", ()))
        return cls(**{**values, **lists, "artefacts": artefacts})


def finalize(entry: PlanEntry, parent: Build) -> PlanEntry:
    """Return the entry with the AMI of the parent that was just built, and with the fingerprint that follows from it.

    Raises PlanError when ``parent`` is not a usable build of the entry's parent image in the entry's region.
    """
    what = f"Image {entry.image} starts from image {entry.parent_image}"
    if entry.parent_image is None or parent.image != entry.parent_image:
        raise PlanError(f"Image {entry.image} has parent {entry.parent_image}, but was given a build of {parent.image}")
    if parent.status not in USABLE:
        raise PlanError(f"{what}, but its build {parent.id} is {parent.status}: {parent.error or 'no reason recorded'}")
    ami = parent.amis.get(entry.region)
    if ami is None:
        raise PlanError(f"{what}, but its build {parent.id} has no AMI in {entry.region}")
    inputs = {**entry.inputs, PARENT_AMI: ami}
    return dataclasses.replace(
        entry,
        source_ami=ami,
        source_ami_name=parent.ami_name or parent.image,
        parent_build=parent.id,
        inputs=inputs,
        fingerprint=fingerprint(inputs),
    )
