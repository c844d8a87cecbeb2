# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Decides which images are built, from what, and why. Knows neither AWS nor Ansible: facts come in as plain records."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import typing as t

from .fingerprint import changed_inputs, fingerprint
from .images import Image, ancestors, in_order
from .records import USABLE, Build

BUILD = "build"
SKIP = "skip"
_FILES = {
    "provision": "the provisioning playbook",
    "roles": "the list of roles",
    "template": "the Packer template",
    "user_data": "the user data",
}
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

    def as_source(self) -> Source:
        """Return what an image that has this one as parent starts from."""
        return Source(self.ami, self.build.ami_name or self.build.image, self.build.id)


class Artefact(t.NamedTuple):
    """A file that a role fetches: the variable that names it, and its address.

    ``required`` is false when the address is a role's own idea: it may never be needed.
    """

    variable: str
    url: str
    required: bool = True


class Contents(t.NamedTuple):
    """What goes into an image besides the AMI that it starts from."""

    inputs: dict[str, str]
    vars: dict[str, t.Any]
    secret_vars: tuple[str, ...] = ()
    artefacts: tuple[Artefact, ...] = ()


class Facts(t.NamedTuple):
    """What is known before anything is decided; dictionaries by name of the base or image."""

    region: str
    images: c.Mapping[str, Image]
    bases: c.Mapping[str, Source]
    contents: c.Mapping[str, Contents]
    existing: c.Mapping[str, Existing]
    last_failures: c.Mapping[str, Build]


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
    notes: tuple[str, ...] = ()
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
        artefacts = tuple(Artefact(**item) for item in values.get("artefacts", ()))
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


def with_missing_parents(
    images: c.Mapping[str, Image], selected: c.Sequence[str], existing: c.Mapping[str, Existing]
) -> tuple[str, ...]:
    """Return the selected images and, where a parent has no usable build, that parent too; parents first."""
    names = set(selected)
    for name in selected:
        for parent in ancestors(images, name):
            if parent in names:
                continue
            if parent in existing and existing[parent].problem is None:
                break
            names.add(parent)
    return in_order(images, names)


def make_plan(facts: Facts, selected: c.Sequence[str], *, force: bool = False) -> list[PlanEntry]:
    """Decide about each selected image and the parents that it lacks; ``force`` rebuilds the selected ones."""
    entries: dict[str, PlanEntry] = {}
    for name in with_missing_parents(facts.images, selected, facts.existing):
        entries[name] = _decide(facts, name, entries, force=force and name in selected)
    return list(entries.values())


def _decide(facts: Facts, name: str, decided: c.Mapping[str, PlanEntry], *, force: bool) -> PlanEntry:
    image = facts.images[name]
    contents = facts.contents[name]
    source = _source(facts, image, decided)
    inputs = {**contents.inputs, PARENT_AMI: source.ami} if source else dict(contents.inputs)
    entry = PlanEntry(
        image=name,
        action=BUILD,
        region=facts.region,
        description=image.description,
        notes=tuple(_notes(facts, image, decided)),
        source_ami=source.ami if source else None,
        source_ami_name=source.name if source else None,
        base=image.base,
        parent_image=image.parent,
        parent_build=source.build if source else None,
        roles=image.roles,
        vars=contents.vars,
        secret_vars=contents.secret_vars,
        artefacts=contents.artefacts,
        inputs=inputs,
        fingerprint=fingerprint(inputs) if source else None,
    )
    existing = facts.existing.get(name)
    if existing is None or existing.problem:
        return dataclasses.replace(entry, reasons=tuple(_why_there_is_none(facts, name, existing)))
    changed = changed_inputs(existing.build.inputs, inputs)
    if source is None:
        changed = tuple(input_name for input_name in changed if input_name != PARENT_AMI)
    reasons = [describe_change(input_name, existing.build, entry) for input_name in changed]
    if source is None:
        reasons.insert(0, f"its parent {image.parent} is built in this run")
        changed = (PARENT_AMI, *changed)
    if force:
        reasons.insert(0, "forced")
    if reasons:
        return dataclasses.replace(entry, reasons=tuple(reasons), changed_inputs=changed)
    return dataclasses.replace(
        entry, action=SKIP, reasons=(_up_to_date(existing),), ami_id=existing.ami, build_id=existing.build.id
    )


def _source(facts: Facts, image: Image, decided: c.Mapping[str, PlanEntry]) -> Source | None:
    """Return what an image starts from; None when its parent is built in the same run."""
    if image.parent is None:
        return facts.bases[t.cast(str, image.base)]
    if image.parent in decided and decided[image.parent].action == BUILD:
        return None
    return facts.existing[image.parent].as_source()


def _why_there_is_none(facts: Facts, name: str, existing: Existing | None) -> t.Iterator[str]:
    if existing is None:
        yield f"never built in {facts.region}"
    else:
        yield f"the AMI of its newest build, {existing.build.id}, cannot be used: {existing.problem}"
    failure = facts.last_failures.get(name)
    if failure:
        yield f"the last attempt, {failure.id}, failed: {first_line(failure.error) or 'no reason recorded'}"


def _notes(facts: Facts, image: Image, decided: c.Mapping[str, PlanEntry]) -> t.Iterator[str]:
    """Say what the user may want to know but did not ask for."""
    for parent in ancestors(facts.images, image.name):
        if parent in decided or parent not in facts.contents or parent not in facts.existing:
            continue
        before, after = facts.existing[parent].build, facts.contents[parent].inputs
        changed = [name for name in changed_inputs(before.inputs, after) if name != PARENT_AMI]
        if changed:
            entry = PlanEntry(image=parent, action=BUILD, region=facts.region, inputs=after)
            what = "; ".join(describe_change(name, before, entry) for name in changed)
            yield f"its parent {parent} is not up to date ({what}) and was not asked for: build {before.id} is used"


def _up_to_date(existing: Existing) -> str:
    build = existing.build
    when = f", {build.finished}" if build.finished else ""
    return f"up to date: no input changed since build {build.id}{when}, and its AMI {existing.ami} is available"


def describe_change(name: str, before: Build, after: PlanEntry) -> str:
    """Say in words that an input differs between a build and what would be built now."""
    old, new = before.inputs.get(name), after.inputs.get(name)
    if name == PARENT_AMI:
        what = f"parent {after.parent_image}" if after.parent_image else f"base {after.base}"
        was = f"{before.source_ami_name or 'another'} ({old or 'not recorded'})"
        return f"{what} is {after.source_ami_name} ({new}) now, was {was}"
    kind, _colon, subject = name.partition(":")
    verb = "is new" if old is None else "is gone" if new is None else "changed"
    if kind == "version":
        return f"{subject} is {new or 'gone'} now, was {old or 'not used'}"
    if kind == "var":
        return f"variable {subject} {verb}"
    if kind == "role":
        return f"role {subject} {verb}" if verb != "changed" else f"the files of role {subject} changed"
    if kind == "builder":
        return f"builder setting {subject} is {new or 'gone'} now, was {old or 'not set'}"
    return f"{_FILES.get(name, name)} {verb}"


def first_line(text: str | None) -> str:
    """Return the first line of a text, for a summary."""
    return next((line.strip() for line in (text or "").splitlines() if line.strip()), "")
