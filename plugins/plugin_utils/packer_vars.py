# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What goes into a build: Packer's and the playbook's variables, tags, names, the environment. Calls nothing."""

from __future__ import annotations

import collections.abc as c
import os
import pathlib
import typing as t
import urllib.parse

from .plan import PlanEntry
from .records import Build

# Packer's variable for each key of `golden_builder` that goes to it.
_BUILDER_VARIABLES = {
    "instance_type": "instance_type",
    "subnet_id": "subnet_id",
    "security_group_id": "security_group_id",
    "source_cidrs": "builder_addresses",
    "interface": "interface",
    "associate_public_ip_address": "associate_public_ip_address",
    "iam_instance_profile": "iam_instance_profile",
    "root_volume_gib": "root_volume_gib",
    "kms_key_id": "kms_key_id",
    "winrm_timeout": "winrm_timeout",
    "password_timeout": "password_timeout",
    "poll_seconds": "poll_seconds",
    "poll_attempts": "poll_attempts",
}
# Reached without the proxy, always: instance metadata, time and KMS live on link-local addresses.
ALWAYS_BYPASSED = ("169.254.169.254", "169.254.169.250", "169.254.169.251", "169.254.169.123", "localhost", "127.0.0.1")
# How Ansible reaches the instance. Packer's own inventory says basic, which the instance does not accept.
_CONNECTION = {
    "ansible_port": 5986,
    "ansible_winrm_scheme": "https",
    "ansible_winrm_transport": "ntlm",
    "ansible_winrm_server_cert_validation": "ignore",
    "ansible_winrm_operation_timeout_sec": 60,
    "ansible_winrm_read_timeout_sec": 90,
}
# Variables of the caller that would send Packer or its Ansible somewhere else.
_AWS_CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_DEFAULT_PROFILE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_EC2",
)


class Files(t.NamedTuple):
    """The files of one build. All but the log and the outcome are in a private directory that is removed."""

    directory: pathlib.Path
    log: pathlib.Path
    outcome: pathlib.Path

    @property
    def packer_vars(self) -> pathlib.Path:
        return self.directory / "packer.json"

    @property
    def extra_vars(self) -> pathlib.Path:
        return self.directory / "extra-vars.json"

    @property
    def manifest(self) -> pathlib.Path:
        return self.directory / "manifest.json"

    @property
    def run_file(self) -> pathlib.Path:
        return self.directory / "run.json"


def ami_name(image: str, build_id: str) -> str:
    """Return the name of the AMI that a build makes; no other build has it."""
    return f"golden-{image}-{build_id}"


def key_pair_name(build_id: str) -> str:
    """Return the name of the temporary key pair of a build."""
    return f"golden-{build_id}"


def run_tags(build: Build) -> dict[str, str]:
    """Return the tags of what exists only while the image is built."""
    return {"Name": f"golden builder of {build.image}", "golden:image": build.image, "golden:build": build.id}


def ami_tags(build: Build) -> dict[str, str]:
    """Return the tags of the finished AMI and its snapshots: enough to rebuild the catalogue from."""
    tags = {
        "Name": build.ami_name,
        "golden:image": build.image,
        "golden:build": build.id,
        "golden:fingerprint": build.fingerprint,
        "golden:parent": build.source_ami,
        "golden:commit": build.commit and f"{build.commit}{'-dirty' if build.dirty else ''}",
    }
    return {name: value for name, value in tags.items() if value}


def packer_variables(
    build: Build, entry: PlanEntry, builder: c.Mapping[str, t.Any], files: Files, **more: t.Any
) -> dict[str, t.Any]:
    """Return the values for packer/variables.pkr.hcl; ``more`` are those that come from neither entry nor builder."""
    chosen = {
        variable: builder[key] for key, variable in _BUILDER_VARIABLES.items() if builder.get(key) not in (None, "")
    }
    return {
        **chosen,
        "image": build.image,
        "ami_name": build.ami_name,
        # EC2 takes ASCII only here.
        "ami_description": entry.description.encode("ascii", "replace").decode()[:255],
        "source_ami": build.source_ami,
        "ami_tags": ami_tags(build),
        "run_tags": run_tags(build),
        "key_pair_name": key_pair_name(build.id),
        "extra_vars_file": str(files.extra_vars),
        "manifest": str(files.manifest),
        "region": entry.region,
        **more,
    }


def extra_variables(
    build: Build, entry: PlanEntry, secrets: c.Mapping[str, t.Any], provision: c.Mapping[str, t.Any]
) -> dict[str, t.Any]:
    """Return the variables for the provisioning playbook: the roles, what they are given, and how to connect.

    The values are final. What looks like a template in them is meant literally.
    """
    values = {
        **provision,
        **entry.vars,
        **secrets,
        "golden_image": entry.image,
        "golden_build": build.id,
        "golden_roles": list(entry.roles),
        **_CONNECTION,
    }
    return {name: _literal(value) for name, value in values.items()}


def proxy_variables(proxy: str, bypass: c.Iterable[str]) -> dict[str, t.Any]:
    """Return Packer's variables for the proxy of the first boot, none when there is no proxy."""
    if not proxy:
        return {}
    return {"proxy_url": proxy, "proxy_bypass": list(dict.fromkeys((*ALWAYS_BYPASSED, *bypass)))}


def environment(
    inherited: c.Mapping[str, str], aws: c.Mapping[str, str | None], files: Files, project: c.Mapping[str, str]
) -> dict[str, str]:
    """Return the environment of Packer and of the playbook it runs; ``project`` has Ansible's own settings.

    A config file of AWS that is given counts alone: no credentials from the environment or the home directory.
    """
    result = dict(inherited)
    if aws.get("config_file"):
        for name in _AWS_CREDENTIALS:
            result.pop(name, None)
        result["AWS_CONFIG_FILE"] = str(aws["config_file"])
        result["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
        result["AWS_PROFILE"] = aws.get("profile") or "default"
    elif aws.get("profile"):
        result["AWS_PROFILE"] = str(aws["profile"])
    return {
        **result,
        **project,
        "AWS_SDK_LOAD_CONFIG": "1",
        "GOLDEN_RUN_FILE": str(files.run_file),
        "TMPDIR": str(files.directory),
        "CHECKPOINT_DISABLE": "1",
        "PACKER_NO_COLOR": "1",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_FORCE_COLOR": "0",
        "PYTHONUNBUFFERED": "1",
    }


def texts(value: t.Any) -> list[str]:
    """Return all text in a value: what has to be masked when the value is a secret."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, c.Mapping):
        return [text for item in value.values() for text in texts(item)]
    if isinstance(value, c.Iterable):
        return [text for item in value for text in texts(item)]
    return []


def _literal(value: t.Any) -> t.Any:
    """Mark text that Ansible would take for a template; its JSON loader knows the mark."""
    if isinstance(value, str):
        return {"__ansible_unsafe": value} if "{{" in value or "{%" in value or "{#" in value else value
    if isinstance(value, c.Mapping):
        return {key: _literal(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_literal(item) for item in value]
    return value


def passwords_in(url: str) -> list[str]:
    """Return the password in a URL, as it is written there and decoded; none when there is none."""
    password = urllib.parse.urlsplit(url).password
    return [password, urllib.parse.unquote(password)] if password else []
