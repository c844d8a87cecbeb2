# SPDX-License-Identifier: GPL-3.0-or-later
"""What /lab/status counts: calls by IAM action, and the work of every guest, also when it is gone."""

from __future__ import annotations

import pathlib
import typing as t

from tests.lab.ec2.support import Lab, eventually
from tests.lab.ec2.test_ec2_chain import group, open_port, password_of, play, user_data

__all__ = ["group"]  # a fixture

PINGS = """
- hosts: all
  gather_facts: false
  vars:
    ansible_password: "{{ lookup('ansible.builtin.env', 'GUEST_PASSWORD') }}"
  tasks:
    - ansible.windows.win_ping:
      loop: [1, 2]
    - ansible.windows.win_stat:
        path: C:\\
"""


def test_calls_are_counted_by_iam_action(lab: Lab, ec2: t.Any) -> None:
    before = lab.control("status")["api_calls"]
    ec2.describe_images(Owners=["self"])
    ec2.describe_images(Owners=["self"])
    lab.client("sts").get_caller_identity()
    lab.client("ssm").get_parameters(Names=["/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base"])
    lab.client("service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode="L-1216C47A")
    after = lab.control("status")["api_calls"]
    assert {name: count - before.get(name, 0) for name, count in after.items() if count != before.get(name)} == {
        "ec2:DescribeImages": 2,
        "sts:GetCallerIdentity": 1,
        "ssm:GetParameters": 1,
        "servicequotas:GetServiceQuota": 1,
    }


def test_the_work_of_a_guest_is_known_when_it_is_gone(
    lab: Lab, ec2: t.Any, run: t.Any, wait_state: t.Any, key_pair: t.Any, group: str, tmp_path: pathlib.Path
) -> None:
    tags = {"golden:image": "some_image", "golden:build": "20261122T164500Z-1a2b3c"}
    started = run(
        KeyName=key_pair["KeyName"],
        SecurityGroupIds=[group],
        UserData=user_data(lab.state["builder_cidr"]),
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
        ],
    )
    instance_id = started["InstanceId"]
    password = password_of(ec2, instance_id, key_pair)
    eventually(lambda: open_port(started["PrivateIpAddress"], 5986), "WinRM")
    assert lab.instance(instance_id)["modules"] == {}
    playbook = tmp_path / "pings.yml"
    playbook.write_text(PINGS)
    play(playbook, started["PrivateIpAddress"], password, tmp_path)
    alive = lab.instance(instance_id)
    assert alive["modules"] == {"ansible.windows.win_ping": 2, "ansible.windows.win_stat": 1}
    assert alive["winrm"]["commands"] >= 3
    # A module and its arguments are sent as text, so there is more of it than of answers.
    assert alive["winrm"]["bytes_in"] > alive["winrm"]["bytes_out"] > 0

    ec2.terminate_instances(InstanceIds=[instance_id])
    wait_state(instance_id, "terminated")
    gone = lab.instance(instance_id)
    assert (gone["modules"], gone["winrm"]["commands"]) == (alive["modules"], alive["winrm"]["commands"])
    assert tags.items() <= gone["tags"].items()
