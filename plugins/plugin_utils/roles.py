# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles of an image: where they are, which variables they take, and whether those variables fit."""

from __future__ import annotations

import collections.abc as c
import difflib
import importlib
import pathlib
import typing as t
import urllib.parse

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError
from ansible.utils.collection_loader import AnsibleCollectionRef

from .fingerprint import plain
from .images import kind_of

_CHECKSUMS = ("sha256", "checksum")
_INSTALLERS = (".cab", ".exe", ".msi", ".msix", ".msu", ".nupkg", ".zip")


class RoleError(Exception):
    """A role is not there, cannot be read, or got variables that do not fit."""


class YamlLoader(t.Protocol):
    """Ansible's DataLoader, as far as it is needed here."""

    def load_from_file(self, file_name: str, cache: str = ..., trusted_as_template: bool = ...) -> t.Any:
        """Return the content of a YAML file."""


class Role(t.NamedTuple):
    """A role on disk.

    ``specification`` has the options of all its entry points, None when the role specifies none. ``defaults`` and
    ``variables`` (its own, from vars/main.yml) may hold templates.
    """

    name: str
    path: pathlib.Path
    specification: dict[str, t.Any] | None
    defaults: dict[str, t.Any]
    variables: dict[str, t.Any]
    dependencies: tuple[str, ...]

    @property
    def prefix(self) -> str:
        """What the names of the role's variables begin with."""
        return f"{self.name.rpartition('.')[2]}_"

    def takes(self, variable: str) -> bool:
        """Whether a variable belongs to this role: by its specification, or by its name when there is none."""
        if self.specification is None:
            return variable.startswith(self.prefix)
        return variable in self.specification

    def option(self, variable: str) -> dict[str, t.Any]:
        """Return what the specification says about a variable, empty when it says nothing."""
        return (self.specification or {}).get(variable) or {}

    def is_secret(self, variable: str) -> bool:
        """Whether the specification says that a variable, or a part of it, must not be shown."""
        return _has_secret(self.option(variable))


def find_role(name: str, search: c.Sequence[pathlib.Path]) -> pathlib.Path:
    """Return the directory of a role: by its full name in a collection, else below one of these."""
    if AnsibleCollectionRef.is_valid_fqcr(name, "role"):
        return _find_in_collection(name)
    for directory in search:
        if (directory / name).is_dir():
            return directory / name
    raise RoleError(
        f"Role {name!r} does not exist. Looked in {', '.join(map(str, search))}. "
        "A role of a collection needs its full name, such as golden.windows_ami.firewall."
    )


def read_role(name: str, path: pathlib.Path, loader: YamlLoader) -> Role:
    """Read what a role says about itself; raise RoleError when its files have the wrong shape."""
    meta = _mapping(path, "meta/main", loader)
    separate = _mapping(path, "meta/argument_specs", loader).get("argument_specs")
    specifications: dict[str, t.Any] = separate or meta.get("argument_specs") or {}
    options: dict[str, t.Any] = {}
    for entry_point in sorted(specifications, key="main".__eq__):  # main last: it decides
        options |= (specifications[entry_point] or {}).get("options") or {}
    dependencies = [item if isinstance(item, str) else item.get("role", "") for item in meta.get("dependencies") or ()]
    return Role(
        name,
        path,
        options if specifications else None,
        _mapping(path, "defaults/main", loader),
        _mapping(path, "vars/main", loader),
        tuple(str(dependency) for dependency in dependencies if dependency),
    )


def with_dependencies(names: c.Iterable[str], read: c.Callable[[str], Role]) -> list[Role]:
    """Return roles and the roles they depend on, each once, dependencies first."""
    found: dict[str, Role] = {}

    def add(name: str, waiting: tuple[str, ...]) -> None:
        if name in waiting:
            raise RoleError(f"Roles depend on each other in a circle: {' → '.join([*waiting, name])}")
        if name not in found:
            role = read(name)
            for dependency in role.dependencies:
                add(dependency, (*waiting, name))
            found[name] = role

    for name in names:
        add(name, ())
    return list(found.values())


def check_names(roles: c.Sequence[Role], variables: c.Iterable[str]) -> list[str]:
    """Return a problem for each of an image's own variables that looks like a role's but is not."""
    problems = []
    for variable in variables:
        owners = [role for role in roles if variable.startswith(role.prefix)]
        if owners and not any(role.takes(variable) for role in roles):
            known = sorted(owners[0].specification or ())
            near = difflib.get_close_matches(variable, known, 1)
            guess = f" Did you mean {near[0]}?" if near else ""
            problems.append(
                f"{variable} is no variable of {owners[0].name}.{guess} Known: {', '.join(known) or 'none'}."
            )
    return problems


def check_values(role: Role, values: c.Mapping[str, t.Any]) -> list[str]:
    """Return what Ansible's own check of the role's argument specification finds wrong. Secrets are not repeated."""
    if role.specification is None:
        return []
    mine = {name: plain(value) for name, value in values.items() if name in role.specification}
    # A default may be a template, which is no value yet.
    specification = {name: _without_template(option or {}) for name, option in role.specification.items()}
    result = ArgumentSpecValidator(specification).validate(mine, validate_role_argument_spec=True)
    messages = [f"{'unknown option ' * isinstance(error, UnsupportedError)}{error.msg}" for error in result.errors]
    # One mistake deep inside a list comes twice, the first time without the variable's name.
    messages = [text for text in messages if not any(other != text and other.endswith(text) for other in messages)]
    return [_without_secrets(message, role, mine) for message in messages]


def artefacts(values: c.Mapping[str, t.Any], prefix: str = "") -> dict[str, str]:
    """Return the files that variables name: address by variable.

    A file is an address that ends like an installer, or one with a checksum beside it (``x_url`` with ``x_sha256``).
    """
    found: dict[str, str] = {}
    for name, value in values.items():
        where = f"{prefix}{name}"
        if isinstance(value, str):
            if value.startswith(("http://", "https://")) and (_is_installer(value) or _has_checksum(name, values)):
                found[where] = str(value)
        elif isinstance(value, c.Mapping) and not name.startswith("__"):  # a role's table of all it knows
            found |= artefacts(value, f"{where}.")
        elif isinstance(value, c.Sequence):
            for index, item in enumerate(value):
                if isinstance(item, c.Mapping):
                    found |= artefacts(item, f"{where}[{index}].")
    return found


def _find_in_collection(name: str) -> pathlib.Path:
    reference = AnsibleCollectionRef.from_fqcr(name, "role")
    collection = f"ansible_collections.{reference.collection}"
    try:
        directories = [pathlib.Path(path).resolve() for path in importlib.import_module(collection).__path__]
    except ImportError as exc:
        raise RoleError(
            f"Role {name!r} does not exist: the collection {reference.collection} is not installed. "
            f"Install it with: ansible-galaxy collection install {reference.collection}"
        ) from exc
    for directory in directories:
        role = directory / "roles" / reference.resource
        if role.is_dir():
            return pathlib.Path(role)
    roles = sorted(
        {path.name for directory in directories for path in (directory / "roles").glob("*") if path.is_dir()}
    )
    raise RoleError(
        f"Role {name!r} does not exist. Looked in {', '.join(str(path / 'roles') for path in directories)}: "
        f"there is {', '.join(roles) or 'no role'}."
    )


def _mapping(path: pathlib.Path, name: str, loader: YamlLoader) -> dict[str, t.Any]:
    """Return the content of a role's YAML file, or of all files in the directory of that name."""
    merged: dict[str, t.Any] = {}
    for file in _files(path / name):
        content = loader.load_from_file(str(file), cache="none", trusted_as_template=True)
        if content is not None and not isinstance(content, c.Mapping):
            raise RoleError(f"{file} must hold a dictionary, not {kind_of(content)}.")
        merged.update(content or {})
    return merged


def _files(path: pathlib.Path) -> list[pathlib.Path]:
    for suffix in (".yml", ".yaml", ".json", ""):
        file = path.with_name(path.name + suffix)
        if file.is_file():
            return [file]
        if file.is_dir():
            return sorted(item for item in file.rglob("*") if item.suffix in (".yml", ".yaml", ".json"))
    return []


def _without_template(option: c.Mapping[str, t.Any]) -> dict[str, t.Any]:
    default = option.get("default")
    return {key: value for key, value in option.items() if key != "default" or not _is_template(default)}


def _is_template(value: t.Any) -> bool:
    return isinstance(value, str) and "{{" in value


def _without_secrets(message: str, role: Role, values: c.Mapping[str, t.Any]) -> str:
    for name, value in values.items():
        if role.is_secret(name):
            for text in sorted(_texts(value), key=len, reverse=True):
                message = message.replace(text, "(secret)")
    return message


def _texts(value: t.Any) -> set[str]:
    """Return every text in a value that is long enough to be a secret."""
    if isinstance(value, c.Mapping):
        return set().union(*map(_texts, value.values()))
    if isinstance(value, c.Sequence) and not isinstance(value, str):
        return set().union(*map(_texts, value))
    return {str(value)} if len(str(value)) > 3 else set()


def _has_secret(option: c.Mapping[str, t.Any]) -> bool:
    return bool(option.get("no_log")) or any(_has_secret(part or {}) for part in (option.get("options") or {}).values())


def _is_installer(url: str) -> bool:
    return urllib.parse.urlsplit(url).path.lower().endswith(_INSTALLERS)


def _has_checksum(name: str, values: c.Mapping[str, t.Any]) -> bool:
    stem = name.removesuffix("url")
    return stem != name and any(f"{stem}{suffix}" in values for suffix in _CHECKSUMS)
