# SPDX-License-Identifier: GPL-3.0-or-later
"""What an autoscaled server does at its first start: the example's user data, and the script of the role."""

from __future__ import annotations

import json
import pathlib
import re
import typing as t

import cfnlint.decode
import pytest

from tests.lab.tentacle.conftest import Site

ROOT = pathlib.Path(__file__).resolve().parents[3]
TEMPLATE = ROOT / "docs" / "examples" / "cloudformation" / "tentacle-asg.yml"
PARAMETER = "/octopus/api-key"


@pytest.fixture(scope="module")
def template() -> dict[str, t.Any]:
    decoded, problems = cfnlint.decode.decode(str(TEMPLATE))
    assert problems == []
    return t.cast("dict[str, t.Any]", decoded)


def user_data(template: dict[str, t.Any], site: Site) -> str:
    """Fill the template's user data in as CloudFormation does."""
    values = {name: str(one.get("Default", "")) for name, one in template["Parameters"].items()} | {
        "AWS::Region": site.lab.state["region"],
        "OctopusServerUrl": site.octopus["url"],
        "OctopusServerThumbprint": site.octopus["thumbprint"],
        "ApiKeyParameter": PARAMETER,
    }
    data = template["Resources"]["ServerTemplate"]["Properties"]["LaunchTemplateData"]["UserData"]["Fn::Base64"]
    filled = re.sub(r"\$\{([\w:]+)\}", lambda match: values[match[1]], data["Fn::Sub"])
    return re.sub(r"</?powershell>", "", filled)


def give_profile(template: dict[str, t.Any], site: Site) -> None:
    """Make the template's role, and give it to the server."""
    statement = template["Resources"]["ServerRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]
    state = site.lab.state
    values = {"AWS::Partition": "aws", "AWS::Region": state["region"], "AWS::AccountId": state["account"]}
    values["ApiKeyParameter"] = PARAMETER
    resource = re.sub(r"\$\{([\w:]+)\}", lambda match: values[match[1]], statement["Resource"]["Fn::Sub"])
    policy = {"Version": "2012-10-17", "Statement": [{**statement, "Resource": resource}]}
    iam = site.lab.client("iam")
    iam.create_role(RoleName="server", AssumeRolePolicyDocument="{}")
    iam.put_role_policy(RoleName="server", PolicyName="key", PolicyDocument=json.dumps(policy))
    iam.create_instance_profile(InstanceProfileName="server")
    iam.add_role_to_instance_profile(InstanceProfileName="server", RoleName="server")
    site.lab.client("ec2").associate_iam_instance_profile(
        IamInstanceProfile={"Name": "server"}, InstanceId=site.server.instance_id
    )


def test_an_autoscaled_server_registers_itself(site: Site, template: dict[str, t.Any]) -> None:
    site.good(octopus_tentacle_version="8.2.2297")
    assert site.registered() == []
    script = user_data(template, site)
    key = site.octopus["api_key"]
    site.lab.client("ssm").put_parameter(Name=PARAMETER, Value=key, Type="SecureString")

    refused = site.play(playbook="first_boot.yml", user_data=script)
    assert refused.status != 0
    assert "No credentials specified" in refused.output, refused.output
    give_profile(template, site)
    # The launch agent runs user data once. Here it begins again, without what the first attempt has made.
    site.good(octopus_tentacle_state="absent", octopus_tentacle_server_url="")
    site.good()
    ran = site.play("-vvv", playbook="first_boot.yml", user_data=script)

    assert ran.status == 0, ran.output
    assert key not in ran.output
    (machine,) = site.registered()
    assert machine["Name"] == site.server.instance_id
    assert machine["Roles"] == ["web"]
    assert machine["Endpoint"]["Uri"] == f"https://{site.server.address}:10933/"
    # The role agrees with what the script has made.
    same = {"octopus_tentacle_name": site.server.instance_id, "octopus_tentacle_environments": ["Production"]}
    policy = {"octopus_tentacle_machine_policy": "Transient machines"}
    verified = site.good(entry="verify", octopus_tentacle_register=True, **same, **policy)
    assert f"{site.server.instance_id} is {machine['Id']} (target, listening)" in verified.output
