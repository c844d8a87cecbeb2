# SPDX-License-Identifier: GPL-3.0-or-later
"""An EC2 (moto's server) and an inventory beside a catalogue, for the tests of the fleet."""

from __future__ import annotations

import json
import pathlib
import subprocess
import typing as t
import urllib.request

import boto3
import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import Catalogue, open_catalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

from tests.unit.running import an_ec2, ansible

STARTED = "2026-11-22T16:45:00Z"


@pytest.fixture(scope="session")
def moto_address() -> t.Iterator[str]:
    with an_ec2() as address:
        yield address


class Cloud:
    """An account with Windows instances and AMIs."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._session = boto3.Session("testing", "testing", region_name="eu-west-1")
        self.ec2 = self.client("eu-west-1")
        windows = [{"Name": "platform", "Values": ["windows"]}]
        self.stock_ami: str = self.ec2.describe_images(Filters=windows)["Images"][0]["ImageId"]

    def client(self, region: str) -> t.Any:
        return self._session.client("ec2", region_name=region, endpoint_url=self.address)

    def run(self, ami: str | None = None, name: str | None = None, **tags: str) -> str:
        """Start an instance and return its id."""
        tags = {**tags, **({"Name": name} if name else {})}
        answer = self.ec2.run_instances(ImageId=ami or self.stock_ami, MinCount=1, MaxCount=1)
        instance: str = answer["Instances"][0]["InstanceId"]
        if tags:
            self.ec2.create_tags(Resources=[instance], Tags=_tags(tags))
        return instance

    def make_ami(self, name: str, **tags: str) -> str:
        """Make an AMI of a Windows instance, remove the instance and return the AMI's id."""
        instance = self.run()
        ami: str = self.ec2.create_image(InstanceId=instance, Name=name)["ImageId"]
        self.ec2.terminate_instances(InstanceIds=[instance])
        if tags:
            self.ec2.create_tags(Resources=[ami], Tags=_tags(tags))
        return ami


@pytest.fixture
def cloud(moto_address: str) -> Cloud:
    urllib.request.urlopen(urllib.request.Request(f"{moto_address}/moto-api/reset", method="POST")).close()
    return Cloud(moto_address)


class Project:
    """A directory with an inventory of two files: fleet.yml and the variables of all."""

    def __init__(self, path: pathlib.Path, endpoint: str) -> None:
        self.path = path
        self.catalogue_url = f"sqlite:{path}/catalogue.sqlite"
        self.write(
            "config",
            f"[default]\nregion = eu-west-1\nendpoint_url = {endpoint}\n"
            "aws_access_key_id = testing\naws_secret_access_key = testing\n",
        )
        self.set_variables(
            golden_catalogue="sqlite:{{ inventory_dir }}/../catalogue.sqlite",
            golden_aws={"config_file": "{{ inventory_dir }}/../config", "profile": "default", "region": "eu-west-1"},
        )
        self.configure()

    def write(self, name: str, text: str) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def set_variables(self, **variables: t.Any) -> None:
        self.write("inventory/group_vars/all.yml", json.dumps(variables))

    def configure(self, **options: t.Any) -> None:
        self.write("inventory/fleet.yml", json.dumps({"plugin": "golden.windows_ami.fleet", **options}))

    @property
    def catalogue(self) -> Catalogue:
        return open_catalogue(self.catalogue_url)

    def record(self, image: str, number: int, ami: str | None = None, **values: t.Any) -> Build:
        """Put a build into the catalogue; a bigger number is newer."""
        amis = {"amis": {"eu-west-1": ami}} if ami else {}
        build_id = f"20261122T1600{number:02}Z-{number:06x}"
        build = Build(**{"id": build_id, "image": image, "started": STARTED, "status": "built", **amis, **values})
        if build.status == "building":
            self.catalogue.start(build)
        else:
            self.catalogue.finish(build)
        return build

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return ansible("ansible-inventory", "-i", "inventory", *arguments, home=self.path, **environment)

    def inventory(self, **environment: str) -> Listing:
        """Return what ansible-inventory --list says."""
        result = self.run("--list", **environment)
        assert result.returncode == 0, result.stderr
        return Listing(json.loads(result.stdout))


class Listing:
    """The inventory as ansible-inventory prints it."""

    def __init__(self, values: dict[str, t.Any]) -> None:
        self._values = values
        self.groups: set[str] = set(values) - {"_meta"}

    def hosts(self, group: str) -> list[str]:
        return sorted(self._values.get(group, {}).get("hosts", []))

    def groups_of(self, host: str) -> set[str]:
        return {group for group in self.groups if host in self.hosts(group)}

    def variables(self, host: str) -> dict[str, t.Any]:
        return t.cast(dict[str, t.Any], _plain(self._values["_meta"]["hostvars"][host]))


@pytest.fixture
def project(tmp_path: pathlib.Path, moto_address: str) -> Project:
    return Project(tmp_path, moto_address)


def _plain(value: t.Any) -> t.Any:
    """Undo how ansible-inventory marks text that is no template."""
    if isinstance(value, dict):
        return value.get("__ansible_unsafe") or {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
