# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's own controls: spoilt guests, disturbed WinRM, and what is refused."""

from __future__ import annotations

import socket
import ssl
import typing as t
import urllib.error
import urllib.request

import pytest

from tests.lab.ec2.support import Lab, eventually

USER_DATA = """<powershell>
$certificate = New-SelfSignedCertificate -DnsName $env:COMPUTERNAME -CertStoreLocation Cert:\\LocalMachine\\My
New-Item -Path WSMan:\\localhost\\Listener -Transport HTTPS -Address * -Force `
    -CertificateThumbPrint $certificate.Thumbprint
New-NetFirewallRule -DisplayName WinRM -Direction Inbound -Action Allow -Protocol TCP -LocalPort 5986
</powershell>"""


@pytest.fixture
def open_group(ec2: t.Any, lab: Lab) -> t.Iterator[str]:
    """The default security group, open to the builder while a test runs."""
    filters = [{"Name": "vpc-id", "Values": [lab.state["vpc_id"]]}, {"Name": "group-name", "Values": ["default"]}]
    group = ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"]
    rule = {"GroupId": group, "IpProtocol": "tcp", "FromPort": 5986, "ToPort": 5986, "CidrIp": "127.0.0.1/32"}
    ec2.authorize_security_group_ingress(**rule)
    yield group
    ec2.revoke_security_group_ingress(**rule)


def ask(address: str) -> int:
    """Return the HTTP status of a WinRM service that gets a stranger's request."""
    context = ssl._create_unverified_context()
    request = urllib.request.Request(f"https://{address}:5986/wsman", data=b"", method="POST")
    try:
        urllib.request.urlopen(request, timeout=5, context=context)
    except urllib.error.HTTPError as error:
        return error.code
    raise AssertionError("WinRM let a stranger in")


def test_winrm_fails_as_often_as_it_was_told_to(lab: Lab, run: t.Any, open_group: str) -> None:
    started = run(UserData=USER_DATA, SecurityGroupIds=[open_group])
    eventually(lambda: lab.instance(started["InstanceId"])["power"] == "on", "the guest")
    assert ask(started["PrivateIpAddress"]) == 401
    lab.control("trouble", instance_id=started["InstanceId"], kind="status", status="503", times="2")
    assert [ask(started["PrivateIpAddress"]) for _ in range(3)] == [503, 503, 401]


def test_user_data_that_fails_shows_on_the_console(lab: Lab, ec2: t.Any, run: t.Any) -> None:
    lab.control("guest-fault", fault="no-certificates")
    instance_id = run(UserData=USER_DATA.replace("$certificate =", "$ErrorActionPreference = 'Stop'; $certificate ="))[
        "InstanceId"
    ]
    eventually(lambda: lab.instance(instance_id)["power"] == "on", "the guest")
    assert "User data ended with exit code 1" in ec2.get_console_output(InstanceId=instance_id)["Output"]


def test_a_guest_without_winrm_is_up_and_silent(lab: Lab, run: t.Any, open_group: str) -> None:
    lab.control("guest-fault", fault="no-winrm")
    started = run(UserData=USER_DATA, SecurityGroupIds=[open_group])
    eventually(lambda: lab.instance(started["InstanceId"])["power"] == "on", "the guest")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((started["PrivateIpAddress"], 5986), 2)


def test_orders_can_be_taken_back(lab: Lab) -> None:
    assert lab.control("guest-fault", fault="never-boot", times="2")["faults"] == ["never-boot", "never-boot"]
    assert lab.control("guest-fault", fault="none")["faults"] == []


@pytest.mark.parametrize(
    ("name", "query", "message"),
    [
        ("guest-fault", {"fault": "bad-mood"}, "unknown fault bad-mood"),
        ("trouble", {"instance_id": "i-0", "kind": "drop"}, "no guest behind i-0"),
        ("withdraw", {"image_id": "ami-00000000000000000"}, "does not exist"),
        ("withdraw", {}, "image_id"),
        ("make-coffee", {}, "no control"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(lab: Lab, name: str, query: dict[str, str], message: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as error:
        lab.control(name, **query)
    assert message in error.value.read().decode()


def test_motos_own_controls_are_off(lab: Lab) -> None:
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{lab.state['endpoint_url']}/moto-api/reset", data=b"", timeout=5)
