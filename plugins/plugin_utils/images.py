# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The images and bases that an inventory describes: read, checked, put in order. Calls nothing."""

from __future__ import annotations

import collections.abc as c
import dataclasses
import difflib
import re
import typing as t

from .fingerprint import FingerprintError, plain

BASE_KINDS = ("ssm_parameter", "name", "ami_id")
_BASE_KEYS = (*BASE_KINDS, "owner", "family")
_IMAGE_KEYS = ("description", "base", "parent", "roles", "vars")
# An image's name becomes part of an AMI name and of an inventory group.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_AMI_ID = re.compile(r"ami-[0-9a-f]{8,17}")


class ImageDataError(Exception):
    """The inventory's images or bases are wrong; the text lists everything that was found."""


@dataclasses.dataclass(frozen=True)
class Base:
    """An AMI of someone else: how to find it (``kind`` is one of BASE_KINDS), and its family's name pattern if told."""

    name: str
    kind: str
    value: str
    owner: str
    family: str | None


@dataclasses.dataclass(frozen=True)
class Image:
    """An image to build; exactly one of ``base`` and ``parent`` is set."""

    name: str
    description: str = ""
    base: str | None = None
    parent: str | None = None
    roles: tuple[str, ...] = ()
    vars: dict[str, t.Any] = dataclasses.field(default_factory=dict)


def parse(images: t.Any, bases: t.Any) -> tuple[dict[str, Image], dict[str, Base]]:
    """Return the images and bases by name; raise ImageDataError with every problem at once."""
    problems: list[str] = []
    known_bases = _parse_all("base", bases, _parse_base, problems)
    known_images = _parse_all("image", images, _parse_image, problems)
    if not images:
        problems.append("There are no images. Describe at least one in golden_images.")
    # An entry that could not be read is still known: a second complaint about its name would mislead.
    for image in known_images.values():
        problems += _check_origin(image, _names(images), _names(bases))
    problems += _find_circles(known_images)
    if problems:
        raise ImageDataError("\n".join(problems))
    return known_images, known_bases


def select(images: c.Mapping[str, Image], wanted: c.Sequence[str] | None) -> tuple[str, ...]:
    """Return the names of the wanted images, parents before children; None wants all."""
    if wanted is None:
        wanted = list(images)
    names = [name.strip() for name in wanted if name.strip()]
    if not names:
        raise ImageDataError(
            f"No image is named. Leave image out to plan all, or name some of: {', '.join(sorted(images))}."
        )
    unknown = [name for name in names if name not in images]
    if unknown:
        what = "Unknown image" if len(unknown) == 1 else "Unknown images"
        raise ImageDataError(f"{what} {', '.join(map(repr, unknown))}.{_hint(unknown[0], list(images))}")
    return in_order(images, names)


def in_order(images: c.Mapping[str, Image], names: c.Iterable[str]) -> tuple[str, ...]:
    """Return names so that a parent comes before its children, and otherwise in the order of the inventory."""
    chosen = set(names)
    return tuple(sorted((name for name in images if name in chosen), key=lambda name: len(ancestors(images, name))))


def ancestors(images: c.Mapping[str, Image], name: str) -> tuple[str, ...]:
    """Return the parent of an image, its parent, and so on."""
    found: list[str] = []
    parent = images[name].parent
    while parent is not None:
        found.append(parent)
        parent = images[parent].parent
    return tuple(found)


def with_ancestors(images: c.Mapping[str, Image], names: c.Sequence[str]) -> tuple[str, ...]:
    """Return names and all that they are based on, parents first."""
    return in_order(images, {*names, *(parent for name in names for parent in ancestors(images, name))})


def _parse_all(
    what: str, data: t.Any, parse_one: c.Callable[[str, c.Mapping[str, t.Any], list[str]], t.Any], problems: list[str]
) -> dict[str, t.Any]:
    """Read a dictionary of dictionaries; entries with problems are left out of the answer."""
    if not isinstance(data or {}, c.Mapping):
        problems.append(f"golden_{what}s must be a dictionary of {what}s by name, not {kind_of(data)}.")
        return {}
    found = {}
    for name, value in (data or {}).items():
        mine: list[str] = []
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            mine.append("a name has up to 64 letters, digits, - and _, and starts with a letter or digit.")
        if isinstance(value, c.Mapping):
            found[str(name)] = parse_one(str(name), value, mine)
        else:
            mine.append(f"must be a dictionary, not {kind_of(value)}.")
        problems += [f"{what.capitalize()} {name}: {problem}" for problem in mine]
    return {name: item for name, item in found.items() if item is not None}


def _parse_base(name: str, value: c.Mapping[str, t.Any], problems: list[str]) -> Base | None:
    _check_keys(value, _BASE_KEYS, problems)
    texts = {key: _text(value, key, problems) for key in _BASE_KEYS}
    kinds = [kind for kind in BASE_KINDS if texts[kind]]
    if len(kinds) != 1:
        found = " and ".join(kinds) if kinds else "none of them"
        problems.append(f"needs exactly one of {', '.join(BASE_KINDS)}; it has {found}.")
        return None
    kind = kinds[0]
    wanted = texts[kind] or ""
    if kind == "ami_id" and not _AMI_ID.fullmatch(wanted):
        problems.append(f"ami_id {wanted!r} is not an AMI id such as ami-0123456789abcdef0.")
    if kind == "ssm_parameter" and not wanted.startswith("/"):
        problems.append(f"ssm_parameter {wanted!r} must be a full name, starting with /.")
    return Base(name, kind, wanted, texts["owner"] or "amazon", texts["family"] or None)


def _parse_image(name: str, value: c.Mapping[str, t.Any], problems: list[str]) -> Image:
    _check_keys(value, _IMAGE_KEYS, problems)
    base, parent = _text(value, "base", problems), _text(value, "parent", problems)
    if bool(base) == bool(parent):
        found = f"it has both (base {base}, parent {parent})" if base else "it has neither"
        problems.append(f"needs exactly one of base and parent; {found}.")
    roles = value.get("roles") or []
    if not isinstance(roles, c.Sequence) or isinstance(roles, str) or not all(isinstance(role, str) for role in roles):
        problems.append("roles must be a list of role names; variables for them go into vars.")
        roles = []
    return Image(
        name,
        _text(value, "description", problems) or "",
        base or None,
        parent or None,
        tuple(str(role) for role in roles),
        _variables(value, problems),
    )


def _variables(value: c.Mapping[str, t.Any], problems: list[str]) -> dict[str, t.Any]:
    variables = value.get("vars") or {}
    if not isinstance(variables, c.Mapping):
        problems.append(f"vars must be a dictionary, not {kind_of(variables)}.")
        return {}
    bad = [key for key in variables if not isinstance(key, str) or not key.isidentifier()]
    if bad:
        problems.append(f"vars has keys that cannot be variable names: {', '.join(map(repr, bad))}.")
    try:
        return dict(plain(variables))
    except FingerprintError as exc:
        problems.append(f"vars: {exc}.")
        return {}


def _check_origin(image: Image, images: list[str], bases: list[str]) -> list[str]:
    """Complain when the base or the parent of an image is not there."""
    problems = []
    for key, name, here, there in (("base", image.base, bases, images), ("parent", image.parent, images, bases)):
        if name and name not in here:
            other = "parent" if key == "base" else "base"
            hint = f" But {other} {name} would work." if name in there else _hint(name, here)
            place = "golden_bases" if key == "base" else "golden_images"
            problems.append(f"Image {image.name}: {key} {name!r} is not in {place}.{hint}")
    return problems


def _names(data: t.Any) -> list[str]:
    return [str(name) for name in data] if isinstance(data, c.Mapping) else []


def _find_circles(images: c.Mapping[str, Image]) -> list[str]:
    """Describe each circle of parents once, from its first member in the order of the inventory."""
    problems = []
    seen: set[str] = set()
    for start in images:
        path: list[str] = []
        name: str | None = start
        while name and name in images and name not in path and name not in seen:
            path.append(name)
            name = images[name].parent
        if name and name in path:
            circle = [*path[path.index(name) :], name]
            problems.append(
                f"Images are based on each other in a circle: {' → '.join(circle)} (each has the next one as parent). "
                "Give one of them a base instead."
            )
        seen.update(path)
    return problems


def _check_keys(value: c.Mapping[str, t.Any], known: c.Sequence[str], problems: list[str]) -> None:
    for key in value:
        if key not in known:
            problems.append(f"unknown key {key!r}.{_hint(str(key), list(known))}")


def _text(value: c.Mapping[str, t.Any], key: str, problems: list[str]) -> str | None:
    text = value.get(key)
    if text is None:
        return None
    if not isinstance(text, str):
        problems.append(f"{key} must be text, not {kind_of(text)}.")
        return None
    return str(text).strip()


def _hint(name: str, known: c.Sequence[str]) -> str:
    """Return a sentence with the nearest known name, and all of them."""
    near = difflib.get_close_matches(name, known, 1)
    guess = f" Did you mean {near[0]}?" if near else ""
    return f"{guess} Known: {', '.join(sorted(known)) or 'none'}."


def kind_of(value: t.Any) -> str:
    """Return what a value is, in words that fit YAML."""
    if value is None:
        return "empty"
    kinds = (
        (c.Mapping, "a dictionary"),
        (str, "text"),
        (bool, "true or false"),
        (c.Sequence, "a list"),
        (int, "a number"),
    )
    return next((text for kind, text in kinds if isinstance(value, kind)), type(value).__name__)
