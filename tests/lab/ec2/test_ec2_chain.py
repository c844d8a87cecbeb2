# SPDX-License-Identifier: GPL-3.0-or-later
"""One instance from the stock image to an image of its own and to that image's first boot, with real Ansible."""

from __future__ import annotations

import base64
import os
import pathlib
import socket
import subprocess
import sys
import typing as t
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.lab.ec2.support import ROOT, Lab, eventually, newest_image

BOOTSTRAP = ROOT / "packer" / "bootstrap" / "winrm.ps1"
ANSIBLE = pathlib.Path(sys.executable).parent / "ansible-playbook"
SEAL = pathlib.Path(__file__).parent / "seal.yml"
LOOK = pathlib.Path(__file__).parent / "look.yml"


def user_data(builder: str) -> str:
    script = BOOTSTRAP.read_text()
    for name, value in (("PROXY_URL", ""), ("PROXY_BYPASS", ""), ("BUILDER_ADDRESSES", builder)):
        script = script.replace(f"@{name}@", value)
    return f"<powershell>\n{script}\n</powershell>\n"


def password_of(ec2: t.Any, instance_id: str, pair: dict[str, t.Any]) -> str:
    """Wait for the password and decrypt it as its owner would."""
    data = eventually(lambda: ec2.get_password_data(InstanceId=instance_id)["PasswordData"], "a password", 30)
    key = t.cast("rsa.RSAPrivateKey", load_pem_private_key(pair["KeyMaterial"].encode(), None))
    return key.decrypt(base64.b64decode(data), padding.PKCS1v15()).decode()


def open_port(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), 1).close()
    except OSError:
        return False
    return True


def answer_of(address: str) -> bytes:
    """Return the first bytes that WinRM's port says to a stranger, or nothing when it hangs up."""
    try:
        with socket.create_connection((address, 5986), 2) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
            return connection.recv(10)
    except ConnectionResetError:
        return b""


def play(playbook: pathlib.Path, address: str, password: str, tmp_path: pathlib.Path, *variables: str) -> str:
    inventory = tmp_path / f"{uuid.uuid4()}.ini"
    options = "ansible_connection=winrm ansible_port=5986 ansible_winrm_transport=ntlm ansible_user=Administrator"
    inventory.write_text(f"{address} {options} ansible_winrm_server_cert_validation=ignore\n")
    # Not the project's own configuration: no callback, no inventory of the user's.
    config = tmp_path / "ansible.cfg"
    config.write_text(f"[defaults]\nhome = {tmp_path}\n")
    environment = {**os.environ, "ANSIBLE_CONFIG": str(config), "GUEST_PASSWORD": password}
    extra = [word for variable in variables for word in ("-e", variable)]
    command = [str(ANSIBLE), "-i", str(inventory), *extra, str(playbook)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture
def group(ec2: t.Any, lab: Lab) -> str:
    """A security group that lets the builder in to WinRM over HTTPS."""
    made = ec2.create_security_group(GroupName=f"winrm-{uuid.uuid4()}", Description="x", VpcId=lab.state["vpc_id"])
    ec2.authorize_security_group_ingress(
        GroupId=made["GroupId"], IpProtocol="tcp", FromPort=5986, ToPort=5986, CidrIp=lab.state["builder_cidr"]
    )
    return t.cast("str", made["GroupId"])


@pytest.mark.parametrize(("version", "agent"), [("2022", "v2"), ("2019", "v1")])
def test_from_stock_to_golden_to_first_boot(
    lab: Lab,
    ec2: t.Any,
    run: t.Any,
    wait_state: t.Any,
    key_pair: t.Any,
    group: str,
    tmp_path: pathlib.Path,
    version: str,
    agent: str,
) -> None:
    options = {
        "KeyName": key_pair["KeyName"],
        "SecurityGroupIds": [group],
        "UserData": user_data(lab.state["builder_cidr"]),
    }
    started = run(ImageId=newest_image(lab, version), **options)
    builder_id, address = started["InstanceId"], started["PrivateIpAddress"]
    password = password_of(ec2, builder_id, key_pair)
    eventually(lambda: open_port(address, 5986), "WinRM")
    told = play(LOOK, address, password, tmp_path)
    name = lab.instance(builder_id)["computer_name"]
    assert f"computer: {name}" in told
    assert lab.instance(builder_id)["boots"] == 2, "win_reboot restarts the guest"

    play(SEAL, address, password, tmp_path, f"agent={agent}")
    wait_state(builder_id, "stopped")
    assert not open_port(address, 5986)
    image_id = ec2.create_image(InstanceId=builder_id, Name=f"golden-{uuid.uuid4()}")["ImageId"]
    ec2.get_waiter("image_available").wait(ImageIds=[image_id], WaiterConfig={"Delay": 1})

    second = run(ImageId=image_id, **options)
    fresh = password_of(ec2, second["InstanceId"], key_pair)
    assert fresh != password
    eventually(lambda: open_port(second["PrivateIpAddress"], 5986), "WinRM of the second instance")
    told = play(LOOK, second["PrivateIpAddress"], fresh, tmp_path)
    assert f"computer: {name}" not in told
    assert "left by the first: carried over" in told


def test_an_image_that_was_not_sealed_has_no_password_and_the_same_name(
    lab: Lab, ec2: t.Any, run: t.Any, wait_state: t.Any, key_pair: t.Any
) -> None:
    builder_id = run(KeyName=key_pair["KeyName"])["InstanceId"]
    password_of(ec2, builder_id, key_pair)
    ec2.stop_instances(InstanceIds=[builder_id])
    wait_state(builder_id, "stopped")
    image_id = ec2.create_image(InstanceId=builder_id, Name=f"golden-{uuid.uuid4()}")["ImageId"]
    ec2.get_waiter("image_available").wait(ImageIds=[image_id], WaiterConfig={"Delay": 1})
    second = run(ImageId=image_id, KeyName=key_pair["KeyName"])["InstanceId"]
    eventually(lambda: lab.instance(second)["power"] == "on", "the second instance")
    assert lab.instance(second)["computer_name"] == lab.instance(builder_id)["computer_name"]
    assert ec2.get_password_data(InstanceId=second)["PasswordData"] == ""


def test_without_a_key_pair_there_is_no_password(lab: Lab, ec2: t.Any, run: t.Any) -> None:
    instance_id = run()["InstanceId"]
    eventually(lambda: lab.instance(instance_id)["power"] == "on", "the guest")
    assert ec2.get_password_data(InstanceId=instance_id)["PasswordData"] == ""


def test_a_security_group_that_lets_nobody_in(lab: Lab, ec2: t.Any, run: t.Any, key_pair: t.Any, group: str) -> None:
    ec2.revoke_security_group_ingress(
        GroupId=group, IpProtocol="tcp", FromPort=5986, ToPort=5986, CidrIp=lab.state["builder_cidr"]
    )
    options = {"SecurityGroupIds": [group], "UserData": user_data(lab.state["builder_cidr"])}
    started = run(KeyName=key_pair["KeyName"], **options)
    eventually(lambda: lab.instance(started["InstanceId"])["power"] == "on", "the guest")
    assert answer_of(started["PrivateIpAddress"]) == b""
