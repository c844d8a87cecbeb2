# SPDX-License-Identifier: GPL-3.0-or-later
"""A server started from a finished image is new: its own password and name, and the roles' work on it."""

from __future__ import annotations

import base64
import json
import pathlib
import time
import typing as t
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from .conftest import ROOT, Built, Lab, ec2_contents

IMAGES = {
    "octopus_tentacle": ["golden.windows_ami.firewall", "golden.windows_ami.octopus_tentacle"],
    "iis_dotnet": ["golden.windows_ami.octopus_tentacle", "golden.windows_ami.iis_dotnet"],
}


class Server(t.NamedTuple):
    """A server of the test: how it is reached, and what it is called."""

    instance_id: str
    address: str
    password: str
    key_pair: str
    security_group: str


def user_data() -> str:
    """Open WinRM again, which no finished image has."""
    script = (ROOT / "packer" / "bootstrap" / "winrm.ps1").read_text()
    for name, value in {"PROXY_URL": "", "PROXY_BYPASS": "", "BUILDER_ADDRESSES": "127.0.0.1/32"}.items():
        script = script.replace(f"@{name}@", value)
    return f"<powershell>\n{script}\n</powershell>\n"


def start(lab: Lab, image_id: str) -> Server:
    ec2 = lab.client("ec2")
    name = f"test-{uuid.uuid4()}"
    pair = ec2.create_key_pair(KeyName=name)
    group = ec2.create_security_group(GroupName=name, Description=name, VpcId=lab.info["vpc_id"])["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 5986, "ToPort": 5986, "CidrIp": "127.0.0.1/32"}
    ec2.authorize_security_group_ingress(GroupId=group, **rule)
    instance = ec2.run_instances(
        ImageId=image_id, MinCount=1, MaxCount=1, InstanceType="m5.large", KeyName=name, SecurityGroupIds=[group],
        SubnetId=lab.info["subnet_id"], UserData=user_data(),
    )["Instances"][0]  # fmt: skip
    assert instance["MetadataOptions"]["HttpTokens"] == "required"
    deadline = time.monotonic() + 30
    data = ""
    while not data:
        assert time.monotonic() < deadline, "EC2 gives no password for an instance of the finished image"
        time.sleep(0.2)
        data = ec2.get_password_data(InstanceId=instance["InstanceId"])["PasswordData"]
    key = t.cast("t.Any", load_pem_private_key(pair["KeyMaterial"].encode(), None))
    password = key.decrypt(base64.b64decode(data), padding.PKCS1v15()).decode()
    return Server(instance["InstanceId"], instance["PrivateIpAddress"], password, name, group)


def end(lab: Lab, server: Server) -> None:
    ec2 = lab.client("ec2")
    ec2.terminate_instances(InstanceIds=[server.instance_id])
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[server.instance_id], WaiterConfig={"Delay": 1})
    ec2.delete_security_group(GroupId=server.security_group)
    ec2.delete_key_pair(KeyName=server.key_pair)


def look(lab: Lab, server: Server, image: str, directory: pathlib.Path) -> dict[str, t.Any]:
    """Verify the roles on a server, and return what is on it."""
    report = directory / f"{server.instance_id}.json"
    connection = {
        "ansible_connection": "winrm", "ansible_port": 5986, "ansible_winrm_transport": "ntlm",
        "ansible_user": "Administrator", "ansible_password": server.password,
        "ansible_winrm_server_cert_validation": "ignore",
    }  # fmt: skip
    hosts = directory / "hosts.yml"
    hosts.write_text(json.dumps({"all": {"hosts": {server.address: connection}}}))
    # The lab's variables say which version of the Tentacle is in the image.
    if not (directory / "group_vars").exists():
        (directory / "group_vars").symlink_to(ROOT / "inventories" / "lab" / "group_vars")
    variables = json.dumps({"verify_roles": IMAGES[image], "report": str(report)})
    done = lab.run("ansible-playbook", "-i", str(hosts), "tests/e2e/first_boot.yml", "-e", variables)
    assert done.status == 0, done.output
    return t.cast("dict[str, t.Any]", json.loads(report.read_text()))


@pytest.mark.parametrize("image", IMAGES)
def test_two_servers_of_an_image_are_two_servers(lab: Lab, built: Built, image: str, tmp_path: pathlib.Path) -> None:
    before = ec2_contents(lab)
    build = next(build for build in lab.catalogue() if build["image"] == image)
    servers = [start(lab, build["amis"][lab.info["region"]]) for _ in range(2)]
    try:
        first, second = (look(lab, server, image, tmp_path) for server in servers)
        graph = lab.run("ansible-inventory", "--graph", f"image_{image}").output
    finally:
        for server in servers:
            end(lab, server)
    assert servers[0].password != servers[1].password
    assert first["name"] != second["name"]
    for found in (first, second):
        assert found["tentacle"]
        assert found["instances"] == []
        assert not [name for name in found["services"] if name.startswith("OctopusDeploy Tentacle")]
        assert ("W3SVC" in found["services"]) == (image == "iis_dotnet")
        # The server's own first boot wrote two of these. Of the build there is only the log of the seal.
        assert sorted(found["left"]) == ["first-boot.log", "first-boot.signal", "seal.log"]
    for server in servers:
        assert server.instance_id in graph or server.address in graph
    assert ec2_contents(lab) == before
