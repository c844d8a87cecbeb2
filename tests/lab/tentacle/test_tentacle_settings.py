# SPDX-License-Identifier: GPL-3.0-or-later
"""The rarer settings of the role octopus_tentacle: each of them arrives at the Tentacle or at the Octopus Server."""

from __future__ import annotations

from tests.lab.tentacle.conftest import Site

REGISTER = {"octopus_tentacle_register": True}
RARE = REGISTER | {
    "octopus_tentacle_instance": "Web",
    "octopus_tentacle_port": 10950,
    "octopus_tentacle_host": "web.example.com",
    "octopus_tentacle_server_proxy": "Edge",
    "octopus_tentacle_tenant_tags": ["Region/EU"],
    "octopus_tentacle_home": "C:\\Deploy",
    "octopus_tentacle_applications": "C:\\Deploy\\Apps",
}
SCRIPT = "C:\\Program Files\\Golden\\register-tentacle.ps1"


def test_a_second_instance_with_settings_of_its_own_is_registered_and_removed(site: Site) -> None:
    site.good(octopus_tentacle_first_boot_script=True)
    site.good(**RARE)
    (machine,) = site.registered()
    (proxy,) = site.registered("proxies")
    assert machine["Endpoint"]["Uri"] == "https://web.example.com:10950/"
    assert machine["Endpoint"]["ProxyId"] == proxy["Id"]
    assert machine["TenantTags"] == ["Region/EU"]
    assert machine["TenantedDeploymentParticipation"] == "Tenanted"
    # With a registration the script for autoscaled servers goes.
    look = f"if (-not (Test-Path '{SCRIPT}') -and (Test-Path 'C:\\Deploy\\Web.config')) {{ exit 0 }} else {{ exit 3 }}"
    assert site.play(playbook="first_boot.yml", user_data=look).status == 0
    assert site.good(**RARE).changed == 0
    site.good(entry="verify", **RARE)
    site.good(**RARE, octopus_tentacle_state="absent")
    assert site.registered() == []


def test_a_registration_in_another_space_and_with_another_server_that_is_trusted(site: Site) -> None:
    second = REGISTER | {"octopus_tentacle_space": "Second", "octopus_tentacle_environments": ["Lab"]}
    site.good(**second)
    assert site.registered() == []
    (machine,) = site.registered(space=2)
    assert machine["Name"] == "web-1"
    other = second | {"octopus_tentacle_server_thumbprint": "AB" * 20}
    drifted = site.play(entry="verify", **other)
    assert drifted.status != 0
    assert "configure --reset-trust --trust " + "AB" * 20 in " ".join(drifted.output.split())
    assert site.good(**other).changed > 0
    site.good(entry="verify", **other)


def test_a_rebuilt_server_takes_over_its_old_registration_only_by_force(site: Site) -> None:
    site.good(**REGISTER)
    (old,) = site.registered()
    # Its certificate goes, and nobody tells the server.
    site.good(octopus_tentacle_state="absent", octopus_tentacle_server_url="")
    refused = site.play(**REGISTER)
    assert refused.status != 0
    assert "force: true" in refused.output
    site.good(**REGISTER, octopus_tentacle_force=True)
    (new,) = site.registered()
    assert new["Name"] == old["Name"]
    assert new["Endpoint"]["Thumbprint"] != old["Endpoint"]["Thumbprint"]
