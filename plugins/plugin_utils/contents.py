# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes into an image: its roles with their variables, the template, the versions of the tools, as named inputs."""

from __future__ import annotations

import collections.abc as c
import importlib
import json
import pathlib
import typing as t

import yaml

from .fingerprint import digest_files, digest_playbook, digest_tree, digest_value, plain, public_value, read_playbook
from .images import Image
from .plan import Artefact, Contents
from .roles import Role, artefacts, check_names, check_values

# What of golden_builder is still there when the builder is gone.
_BUILDER_KEYS = ("root_volume_gib",)


class ContentsError(Exception):
    """What an image is made of has mistakes; the text lists all of them."""


class Variables(t.Protocol):
    """The variables of the inventory and of the command line, templates resolved."""

    def names(self) -> t.Iterable[str]:
        """Return the names of all variables."""

    def value(self, name: str) -> t.Any:
        """Return the value of a variable."""

    def is_encrypted(self, name: str) -> bool:
        """Whether a variable came from a vault."""

    def overlaid(self, values: c.Mapping[str, t.Any]) -> Variables:
        """Return the same variables with some values in front of them, which templates see too."""

    def is_extra(self, name: str) -> bool:
        """Whether a variable was given on the command line, where it beats everything else."""

    def resolved(self, templates: c.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Return those of some more variables whose templates can be resolved here."""


class Common(t.NamedTuple):
    """What all images share: inputs, and the roles that the provisioning playbook itself runs."""

    inputs: dict[str, str]
    roles: tuple[str, ...]


def common(
    template: pathlib.Path, provision: pathlib.Path, versions: c.Mapping[str, str], builder: c.Mapping[str, t.Any]
) -> Common:
    """Return what is the same for every image; raise FingerprintError when a file is missing."""
    playbook = read_playbook(provision)
    inputs = {
        "template": digest_files(template, template.glob("*.pkr.hcl")),
        "user_data": digest_tree(template / "bootstrap"),
        "provision": digest_playbook(playbook, provision.parent),
    }
    inputs |= {f"version:{name}": version for name, version in versions.items()}
    inputs |= {f"builder:{key}": str(builder[key]) for key in _BUILDER_KEYS if builder.get(key)}
    return Common(inputs, playbook.roles)


def contents_of(image: Image, roles: c.Sequence[Role], shared: Common, variables: Variables) -> Contents:
    """Return what goes into an image; raise ContentsError with everything that does not fit.

    A role gets the variables that its specification names, or, without one, those that begin with its name. The
    image's own ones beat the inventory's, and those of the command line beat both.
    """
    problems = check_names(roles, image.vars)
    own = {name: value for name, value in image.vars.items() if not variables.is_extra(name)}
    variables = variables.overlaid(own)
    values = _values(roles, image.vars, own, variables)
    hidden = {name for name in values if _is_hidden(name, roles, own, variables)}
    secrets = hidden | {name for name in values if any(role.is_secret(name) for role in roles)}
    problems += [
        f"{name} is a secret and does not belong in an image's vars. Put it into the inventory, in a vault."
        for name in sorted(secrets & set(own))
    ]
    for role in roles:
        problems += [f"role {role.name}: {message}" for message in check_values(role, values)]
    if problems:
        raise ContentsError("\n".join(f"Image {image.name}: {problem}" for problem in problems))
    public = {name: value for name, value in sorted(values.items()) if name not in secrets}
    return Contents(
        inputs=_inputs(image, roles, shared, {name: values[name] for name in values.keys() - hidden}),
        vars=public,
        secret_vars=tuple(sorted(secrets)),
        artefacts=_artefacts(roles, values, secrets, variables),
    )


def collection_version(name: str) -> str | None:
    """Return the version of an installed collection, None when it is not installed."""
    try:
        package = importlib.import_module(f"ansible_collections.{name}")
    except ImportError:
        return None
    for directory in map(pathlib.Path, package.__path__):
        manifest, source = directory / "MANIFEST.json", directory / "galaxy.yml"
        if manifest.is_file():
            return str(json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"])
        if source.is_file():
            return str(yaml.safe_load(source.read_text(encoding="utf-8"))["version"])
    return "unknown"


def _values(
    roles: c.Sequence[Role], vars_: c.Mapping[str, t.Any], own: c.Mapping[str, t.Any], variables: Variables
) -> dict[str, t.Any]:
    """Return the effective values by name."""
    from_outside = {
        name
        for name in variables.names()
        if name not in own and (name in vars_ or any(role.takes(name) for role in roles))
    }
    return {**{name: plain(variables.value(name)) for name in from_outside}, **own}


def _is_hidden(name: str, roles: c.Sequence[Role], own: c.Mapping[str, t.Any], variables: Variables) -> bool:
    """Whether nothing of a variable may be shown, not even a digest."""
    declared = any(role.option(name).get("no_log") for role in roles)
    return declared or (name not in own and variables.is_encrypted(name))


def _inputs(image: Image, roles: c.Sequence[Role], shared: Common, values: c.Mapping[str, t.Any]) -> dict[str, str]:
    inputs = dict(shared.inputs)
    inputs["roles"] = digest_value(list(image.roles))
    inputs |= {f"role:{role.name}": digest_tree(role.path) for role in roles}
    for name, value in values.items():
        option = next((role.option(name) for role in roles if role.option(name)), {})
        inputs[f"var:{name}"] = digest_value(public_value(value, option))
    return inputs


def _artefacts(
    roles: c.Sequence[Role], values: c.Mapping[str, t.Any], secrets: c.Container[str], variables: Variables
) -> tuple[Artefact, ...]:
    """Return the files that will be fetched, each address once; none whose address holds a secret."""
    own = {name: value for role in roles for name, value in {**role.defaults, **role.variables}.items()}
    untouched = artefacts(variables.resolved(own))
    found = artefacts({name: value for name, value in values.items() if name not in secrets})
    found |= {
        name: url for name, url in artefacts(variables.resolved({**own, **values})).items() if name not in secrets
    }
    hidden = [str(value) for name, value in values.items() if name in secrets and len(str(value)) > 3]
    by_url = {url: name for name, url in reversed(found.items()) if not any(secret in url for secret in hidden)}
    return tuple(Artefact(name, url, untouched.get(name) != url) for url, name in sorted(by_url.items()))
