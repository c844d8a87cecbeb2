# SPDX-License-Identifier: GPL-3.0-or-later
"""The role octopus_tentacle over a server's life, against a guest and an Octopus Server of the lab.

Each test brings the server to the state that it needs; the role is quick where nothing is to be done.
"""

from __future__ import annotations

import pytest

from tests.lab.tentacle.conftest import MSI, NEW, OLD, Site

REGISTER = {"octopus_tentacle_register": True}
POLL = REGISTER | {
    "octopus_tentacle_communication": "polling",
    "octopus_tentacle_polling_proxy": "10.0.0.9:3128",
    "octopus_tentacle_worker_pools": ["Windows"],
    "octopus_tentacle_tenants": ["Acme"],
    "octopus_tentacle_machine_policy": "Transient machines",
    "octopus_tentacle_name": "web-one",
}


def test_a_server_is_registered_once_and_its_key_is_shown_nowhere(site: Site) -> None:
    site.good(octopus_tentacle_state="absent")
    predicted = site.good("--check", "--diff", **REGISTER)
    assert predicted.changed > 0
    assert site.registered() == []

    ran = site.good("-vvvv", "--diff", **REGISTER)

    (machine,) = site.registered()
    assert machine["Name"] == "web-1"
    assert machine["Endpoint"]["CommunicationStyle"] == "TentaclePassive"
    assert machine["Endpoint"]["Uri"] == f"https://{site.server.address}:10933/"
    assert machine["Roles"] == ["web"]
    assert site.octopus["api_key"] not in ran.output
    assert site.good(**REGISTER).changed == 0


def test_verify_says_what_is_registered_and_sees_drift(site: Site) -> None:
    site.good(**REGISTER)
    verified = site.good(entry="verify", **REGISTER)
    assert "web-1 is Machines-" in verified.output
    assert f'"version": "{NEW}"' in verified.output
    assert '"communication": "listening"' in verified.output
    drifted = site.play(entry="verify", **REGISTER, octopus_tentacle_roles=["api"])
    assert drifted.status != 0
    assert "The registration of web-1 is not as wanted" in drifted.output


def test_changed_settings_change_the_registration_and_keep_its_id(site: Site) -> None:
    site.good(**REGISTER)
    (before,) = site.registered()
    predicted = site.good("--check", **POLL)
    assert predicted.changed > 0
    assert site.registered() == [before]

    site.good(**POLL)

    (machine,) = site.registered()
    (worker,) = site.registered("workers")
    assert (machine["Id"], machine["Name"]) == (before["Id"], "web-one")
    assert machine["Endpoint"]["Thumbprint"] == before["Endpoint"]["Thumbprint"]
    assert machine["Endpoint"]["Uri"].startswith("poll://")
    assert worker["Endpoint"]["Uri"] == machine["Endpoint"]["Uri"]
    assert machine["TenantedDeploymentParticipation"] == "Tenanted"
    assert site.good(**POLL).changed == 0
    site.good(**REGISTER)
    assert site.registered("workers") == []
    assert site.registered()[0]["Endpoint"]["Uri"].startswith("https://")


def test_absent_leaves_nothing_here_and_there(site: Site) -> None:
    site.good(**REGISTER)
    assert site.good("--check", octopus_tentacle_state="absent").changed > 0
    assert len(site.registered()) == 1
    site.good(octopus_tentacle_state="absent")
    assert site.registered() == []
    site.good(entry="verify", octopus_tentacle_state="absent")


def test_a_newer_version_upgrades_what_runs_and_an_older_one_is_refused(site: Site) -> None:
    site.good(octopus_tentacle_state="absent")
    site.good(**REGISTER, octopus_tentacle_version=OLD)
    (before,) = site.registered()
    site.good(**REGISTER)
    assert site.registered() == [before]
    refused = site.play(**REGISTER, octopus_tentacle_version=OLD)
    assert refused.status != 0
    assert f"Version {OLD} is older" in " ".join(refused.output.split())


def test_the_key_comes_from_parameter_store_or_secrets_manager(site: Site) -> None:
    key = site.octopus["api_key"]
    site.lab.client("ssm").put_parameter(Name="/octopus/key", Value=key, Type="SecureString", Overwrite=True)
    site.lab.client("secretsmanager").create_secret(Name="octopus", SecretString=key)
    for variable, name in (("parameter", "/octopus/key"), ("secret", "octopus")):
        found = {"octopus_tentacle_api_key": "", f"octopus_tentacle_api_key_{variable}": name}
        ran = site.good("-vvvv", **REGISTER, **found)
        assert key not in ran.output
    assert len(site.registered()) == 1


def test_a_wrong_key_is_said_without_showing_it(site: Site) -> None:
    ran = site.play("-vvvv", **REGISTER, octopus_tentacle_api_key="API-WRONG0123456789")
    assert ran.status != 0
    assert "failed with status 401: The API key you provided was not valid" in " ".join(ran.output.split())
    assert "API-WRONG0123456789" not in ran.output


@pytest.mark.parametrize(
    ("variables", "text"),
    [
        (
            {"octopus_tentacle_server_thumbprint": "abc", "octopus_tentacle_api_key": ""},
            "octopus_tentacle_server_thumbprint (40 hexadecimal digits) and octopus_tentacle_api_key, "
            "octopus_tentacle_api_key_parameter or octopus_tentacle_api_key_secret",
        ),
        ({"octopus_tentacle_environments": ["Staging"]}, "There is no Staging in environments of this space"),
    ],
)
def test_what_is_missing_or_unknown_is_named(site: Site, variables: dict[str, object], text: str) -> None:
    ran = site.play(**REGISTER, **variables)
    assert ran.status != 0
    assert text in " ".join(ran.output.split())


def test_nothing_is_configured_on_a_machine_that_an_image_is_built_on(site: Site) -> None:
    site.good(octopus_tentacle_state="absent")
    mark = r"New-Item C:\ProgramData\Golden\build.json -ItemType File -Force | Out-Null"
    assert site.play(playbook="first_boot.yml", user_data=mark).status == 0
    ran = site.play(**REGISTER)
    unmark = r"Remove-Item C:\ProgramData\Golden\build.json"
    assert site.play(playbook="first_boot.yml", user_data=unmark).status == 0
    assert ran.status != 0
    assert "An image is built on this machine" in ran.output
    assert site.registered() == []


def test_an_s3_address_is_presigned_by_the_controller(site: Site) -> None:
    site.good(octopus_tentacle_state="absent")
    s3 = site.lab.client("s3")
    s3.create_bucket(Bucket="installers", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="installers", Key="octopus/t.msi", Body=(site.folder / MSI.format(NEW)).read_bytes())
    give_egress(site)
    ran = site.good("-vvv", octopus_tentacle_url="s3://installers/octopus/t.msi")
    assert "Signature=" not in ran.output
    site.good(entry="verify")


def give_egress(site: Site) -> None:
    """Let the server out of its subnet: S3 is at an address outside of the VPC."""
    ec2, vpc = site.lab.client("ec2"), site.lab.state["vpc_id"]
    (table,) = ec2.describe_route_tables(Filters=[{"Name": "association.main", "Values": ["true"]}])["RouteTables"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.create_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    address = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=site.server.instance_id)
