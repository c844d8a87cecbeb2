# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab with three servers that run, started from stock AMIs, and the inventory of someone who keeps them."""

from __future__ import annotations

import base64
import json
import pathlib
import re
import time
import typing as t

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.e2e.conftest import ROOT, Finished, Lab, running_lab

# What is said of all servers unless a test says otherwise. `web` is based on `edge`, which lists the sealing role, too.
GROUP_VARIABLES: dict[str, t.Any] = {
    "golden_images": {
        "edge": {
            "base": "windows_server_2022",
            "roles": ["golden.windows_ami.proxy", "golden.windows_ami.sysprep"],
            "vars": {
                "proxy_bypass": ["*.corp.example.com"],
                "firewall_rules": [{"name": "Of the parent", "port": "1"}],
            },
        },
        "web": {
            "parent": "edge",
            "roles": ["golden.windows_ami.firewall"],
            "vars": {"firewall_rules": [{"name": "Web", "port": "80,443"}, {"name": "Metrics", "port": "9182"}]},
        },
    },
}
# What the fleet inventory would say of servers that were started from that image.
IMAGE = {"golden_image": "web"}
CELLS = re.compile(r"  +")


class Row(t.NamedTuple):
    """A line of a table that a play ends with."""

    server: str
    role: str
    status: str
    what: str


class Site:
    """Servers in a lab, and plays on them."""

    def __init__(self, lab: Lab, servers: list[str], key_file: pathlib.Path) -> None:
        self.lab = lab
        self.servers = servers
        self._key_file = key_file
        self._inventory = lab.directory / "site"
        (self._inventory / "group_vars").mkdir(parents=True)

    def play(self, playbook: str, *arguments: str, hosts: dict[str, t.Any] | None = None, **group: t.Any) -> Finished:
        """Run a playbook; ``hosts`` and ``group`` are variables of single servers and of all."""
        members = {server: {**IMAGE, **(hosts or {}).get(server, {})} for server in self.servers}
        (self._inventory / "hosts.yml").write_text(json.dumps({"all": {"children": {"fleet": {"hosts": members}}}}))
        variables = {**GROUP_VARIABLES, "golden_key_file": str(self._key_file), **group}
        (self._inventory / "group_vars" / "fleet.yml").write_text(json.dumps(variables))
        inventories = ["-i", str(ROOT / "inventories" / "lab"), "-i", str(self._inventory)]
        return self.lab.run("ansible-playbook", *inventories, playbook, *arguments)

    def configure(self, *arguments: str, batch: int = 3, **more: t.Any) -> Finished:
        return self.play("playbooks/configure.yml", "-e", json.dumps({"golden_batch": batch}), *arguments, **more)

    def audit(self, *arguments: str, **more: t.Any) -> Finished:
        return self.play("playbooks/audit_servers.yml", *arguments, **more)

    def drop_rule(self, server: str, rule: str) -> None:
        done = self.play("tests/live/drop_rule.yml", "--limit", server, "-e", json.dumps({"rule": rule}))
        assert done.status == 0, done.output

    def address(self, server: str) -> str:
        return str(self._instance(server)["PrivateIpAddress"])

    def password(self, server: str) -> str:
        """Return the Administrator password that EC2 made."""
        data = self.lab.client("ec2").get_password_data(InstanceId=server)["PasswordData"]
        key = t.cast("t.Any", load_pem_private_key(self._key_file.read_bytes(), None))
        return t.cast("str", key.decrypt(base64.b64decode(data), padding.PKCS1v15()).decode())

    def commands(self) -> dict[str, int]:
        """Return how many commands each server was given since it started."""
        rows = self.lab.get("/lab/status")["instances"]
        return {row["instance_id"]: row["winrm"]["commands"] for row in rows if row["instance_id"] in self.servers}

    def _instance(self, server: str) -> dict[str, t.Any]:
        found = self.lab.client("ec2").describe_instances(InstanceIds=[server])
        return t.cast("dict[str, t.Any]", found["Reservations"][0]["Instances"][0])


def table(finished: Finished) -> list[Row]:
    """Return the lines of the last table in what a play said; cells that are blank there repeat those above."""
    lines = finished.output.splitlines()
    start = max(index for index, line in enumerate(lines) if line.startswith("SERVER "))
    columns = [match.start() for match in re.finditer(r"\S+", lines[start])]
    rows: list[Row] = []
    for line in lines[start + 1 :]:
        padded = line.ljust(columns[-1] + 1)
        if not line.strip() or any(padded[column - 1] != " " for column in columns[1:]):
            break
        cells = [padded[begin:end].strip() for begin, end in zip(columns, [*columns[1:], None], strict=True)]
        above = rows[-1] if rows else Row("", "", "", "")
        server, role, status = (cell or old for cell, old in zip(cells[:3], above[:3], strict=True))
        rows.append(Row(server, role, status, cells[3]))
    return rows


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Site]:
    with running_lab(tmp_path_factory.mktemp("live")) as lab:
        yield start_servers(lab)


def start_servers(lab: Lab, count: int = 3) -> Site:
    """Start servers of the newest stock AMI, with WinRM opened by the same user data as in a build."""
    ec2 = lab.client("ec2")
    key_file = lab.directory / "key.pem"
    key_file.write_text(ec2.create_key_pair(KeyName="live")["KeyMaterial"])
    key_file.chmod(0o600)
    group = ec2.create_security_group(GroupName="live", Description="live", VpcId=lab.info["vpc_id"])["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 5986, "ToPort": 5986, "CidrIp": "127.0.0.1/32"}
    ec2.authorize_security_group_ingress(GroupId=group, **rule)
    name = "/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base"
    image = lab.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    script = (ROOT / "packer" / "bootstrap" / "winrm.ps1").read_text()
    for placeholder, value in {"PROXY_URL": "", "PROXY_BYPASS": "", "BUILDER_ADDRESSES": "127.0.0.1/32"}.items():
        script = script.replace(f"@{placeholder}@", value)
    instances = ec2.run_instances(
        ImageId=image, MinCount=count, MaxCount=count, InstanceType="m5.large", KeyName="live",
        SecurityGroupIds=[group], SubnetId=lab.info["subnet_id"], UserData=f"<powershell>\n{script}\n</powershell>\n",
    )["Instances"]  # fmt: skip
    servers = [instance["InstanceId"] for instance in instances]
    deadline = time.monotonic() + 30
    for server in servers:
        while not ec2.get_password_data(InstanceId=server)["PasswordData"]:
            assert time.monotonic() < deadline, f"{server} has no password after 30 s"
            time.sleep(0.1)
    return Site(lab, servers, key_file)
