# SPDX-License-Identifier: GPL-3.0-or-later
"""An instance of a running lab, and Ansible in front of it with one connection or the other."""

from __future__ import annotations

import base64
import os
import pathlib
import socket
import subprocess
import sys
import time
import typing as t
import uuid

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

ROOT = pathlib.Path(__file__).resolve().parents[3]
BIN = pathlib.Path(sys.executable).parent
PATIENCE = 30.0  # seconds

_IMAGE = "/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base"
_CONNECTIONS = {
    "psrp": {
        "ansible_psrp_protocol": "https",
        "ansible_psrp_auth": "ntlm",
        "ansible_psrp_cert_validation": "ignore",
    },
    "winrm": {
        "ansible_winrm_scheme": "https",
        "ansible_winrm_transport": "ntlm",
        "ansible_winrm_server_cert_validation": "ignore",
    },
}


class Instance(t.NamedTuple):
    """A guest that answers."""

    instance_id: str
    address: str
    password: str

    def ansible(
        self, connection: str, program: str, *arguments: str, folder: pathlib.Path, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of Ansible against this guest alone; ``folder`` is for what it needs and leaves."""
        options = {
            "ansible_connection": connection,
            "ansible_user": "Administrator",
            "ansible_port": "5986",
            **_CONNECTIONS[connection],
        }
        inventory = folder / f"{uuid.uuid4()}.ini"
        inventory.write_text(f"{self.address} {' '.join(f'{name}={value}' for name, value in options.items())}\n")
        # Not the project's own configuration: no callback, no inventory of the user's.
        config = folder / "ansible.cfg"
        config.write_text(f"[defaults]\nhome = {folder}\n")
        told = {**os.environ, "ANSIBLE_CONFIG": str(config), "GUEST_PASSWORD": self.password, **environment}
        command = [str(BIN / program), "-i", str(inventory), *arguments]
        return subprocess.run(command, env=told, capture_output=True, text=True, timeout=120, check=False)


def launch(client: t.Callable[[str], t.Any], info: t.Mapping[str, t.Any]) -> Instance:
    """Start a stock Windows Server with the project's bootstrap, and wait until it answers.

    ``client`` makes a client of an AWS service, ``info`` is what lab.json says.
    """
    ec2, name = client("ec2"), f"psrp-{uuid.uuid4()}"
    pair = ec2.create_key_pair(KeyName=name)
    group = ec2.create_security_group(GroupName=name, Description="WinRM", VpcId=info["vpc_id"])["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group, IpProtocol="tcp", FromPort=5986, ToPort=5986, CidrIp=info["builder_cidr"]
    )
    (started,) = ec2.run_instances(
        ImageId=client("ssm").get_parameter(Name=_IMAGE)["Parameter"]["Value"],
        InstanceType="m5.large",
        MinCount=1,
        MaxCount=1,
        KeyName=name,
        SecurityGroupIds=[group],
        UserData=_user_data(info["builder_cidr"]),
    )["Instances"]
    instance_id, address = started["InstanceId"], started["PrivateIpAddress"]
    sealed = _eventually(lambda: ec2.get_password_data(InstanceId=instance_id)["PasswordData"])
    key = t.cast("rsa.RSAPrivateKey", load_pem_private_key(pair["KeyMaterial"].encode(), None))
    _eventually(lambda: _answers(address))
    return Instance(instance_id, address, key.decrypt(base64.b64decode(sealed), padding.PKCS1v15()).decode())


def _user_data(builder: str) -> str:
    script = (ROOT / "packer" / "bootstrap" / "winrm.ps1").read_text()
    for name, value in (("PROXY_URL", ""), ("PROXY_BYPASS", ""), ("BUILDER_ADDRESSES", builder)):
        script = script.replace(f"@{name}@", value)
    return f"<powershell>\n{script}\n</powershell>\n"


def _answers(address: str) -> bool:
    try:
        socket.create_connection((address, 5986), 1).close()
    except OSError:
        return False
    return True


def _eventually(look: t.Callable[[], t.Any]) -> t.Any:
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"an instance did not come up in {PATIENCE} s")
        time.sleep(0.05)
    return found
