# SPDX-License-Identifier: GPL-3.0-or-later
"""Which registration a Tentacle has, and what would change about it."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.octopus import (
    Names,
    OctopusError,
    Wanted,
    find,
    plan,
)

THUMBPRINT = "0123456789ABCDEF0123456789ABCDEF01234567"
SUBSCRIPTION = "poll://abcdefghij0123456789/"
SPACE: dict[str, list[dict[str, t.Any]]] = {
    "environments": [{"Id": "Environments-1", "Name": "Test"}, {"Id": "Environments-2", "Name": "Production"}],
    "machinepolicies": [
        {"Id": "MachinePolicies-2", "Name": "Transient machines"},
        {"Id": "MachinePolicies-1", "Name": "Default Machine Policy", "IsDefault": True},
    ],
    "tenants": [{"Id": "Tenants-1", "Name": "Acme"}],
    "workerpools": [{"Id": "WorkerPools-1", "Name": "Windows"}],
    "proxies": [{"Id": "Proxies-1", "Name": "Edge"}],
}
WEB = Wanted("target", "web-1", THUMBPRINT, "https://web-1:10933/", ("Production", "test"), ("web", "api"))


def names() -> Names:
    return Names(lambda collection: SPACE[collection])


def registered(wanted: Wanted) -> dict[str, t.Any]:
    """Give a registration as a server returns it."""
    body = plan(None, wanted, names()).body
    endpoint = body["Endpoint"] | {"TentacleVersionDetails": {"UpgradeLocked": True}}
    return body | {"Id": "Machines-1", "HealthStatus": "Healthy", "Endpoint": endpoint}


def test_a_new_registration_has_ids_and_the_default_policy() -> None:
    made = plan(None, WEB, names())
    assert made.changed
    assert made.body["EnvironmentIds"] == ["Environments-2", "Environments-1"]
    assert made.body["MachinePolicyId"] == "MachinePolicies-1"
    assert made.body["TenantedDeploymentParticipation"] == "Untenanted"
    assert made.body["Endpoint"] == {
        "CommunicationStyle": "TentaclePassive",
        "Uri": "https://web-1:10933/",
        "Thumbprint": THUMBPRINT,
        "ProxyId": None,
    }
    assert made.before == {}


def test_the_order_of_lists_means_nothing() -> None:
    known = registered(WEB)
    again = dataclasses.replace(WEB, environments=("Test", "Production"), roles=("api", "web"))
    assert not plan(known, again, names()).changed


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "web-2"},
        {"uri": "https://web-1:10934/"},
        {"uri": SUBSCRIPTION},
        {"thumbprint": THUMBPRINT[::-1]},
        {"environments": ("Test",)},
        {"roles": ("web",)},
        {"tenants": ("Acme",)},
        {"tenant_tags": ("Region/EU",)},
        {"tenanted": "TenantedOrUntenanted"},
        {"machine_policy": "Transient machines"},
        {"proxy": "Edge"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_every_setting_makes_a_difference(changes: dict[str, t.Any]) -> None:
    known = registered(WEB)
    todo = plan(known, dataclasses.replace(WEB, **changes), names())
    assert todo.changed
    assert todo.body["Id"] == "Machines-1"
    assert not plan(todo.body, dataclasses.replace(WEB, **changes), names()).changed


def test_what_nobody_here_decides_stays() -> None:
    known = registered(WEB) | {"IsDisabled": True, "MachinePolicyId": "MachinePolicies-2"}
    todo = plan(known, dataclasses.replace(WEB, roles=("web",)), names())
    assert todo.body["IsDisabled"] is True
    assert todo.body["MachinePolicyId"] == "MachinePolicies-2"
    assert todo.body["Endpoint"]["TentacleVersionDetails"] == {"UpgradeLocked": True}


def test_an_endpoint_of_another_style_begins_anew() -> None:
    todo = plan(registered(WEB), dataclasses.replace(WEB, uri=SUBSCRIPTION), names())
    assert todo.body["Endpoint"] == {
        "CommunicationStyle": "TentacleActive",
        "Uri": SUBSCRIPTION,
        "Thumbprint": THUMBPRINT,
    }
    assert (todo.before["communication"], todo.after["communication"]) == ("listening", "polling")


def test_a_worker_has_pools_instead_of_environments_and_roles() -> None:
    body = plan(None, Wanted("worker", "w", THUMBPRINT, "https://w:1/", worker_pools=("Windows",)), names()).body
    assert body["WorkerPoolIds"] == ["WorkerPools-1"]
    assert not {"EnvironmentIds", "Roles", "TenantIds", "TenantedDeploymentParticipation"} & set(body)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"environments": ("Staging",)}, "no Staging in environments of this space. There are: Production, Test"),
        ({"machine_policy": "None"}, "no None in machinepolicies"),
        ({"proxy": "Corner"}, "no Corner in proxies"),
    ],
)
def test_an_unknown_name_is_said_with_the_known_ones(changes: dict[str, t.Any], text: str) -> None:
    with pytest.raises(OctopusError, match=text):
        plan(None, dataclasses.replace(WEB, **changes), names())


def test_a_registration_is_found_by_its_certificate() -> None:
    mine, other = registered(WEB), registered(dataclasses.replace(WEB, name="x", thumbprint=THUMBPRINT[::-1]))
    assert find([other, mine], THUMBPRINT.lower(), "web-9") == mine
    assert find([other], THUMBPRINT, "x") is None


def test_clones_of_a_machine_are_noticed() -> None:
    clones = [registered(dataclasses.replace(WEB, name=name)) for name in ("web-1", "web-2")]
    assert find(clones, THUMBPRINT, "WEB-2") == clones[1]
    with pytest.raises(OctopusError, match="registered 2 times: web-1, web-2"):
        find(clones, THUMBPRINT, "web-3")
