# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in for an Octopus Server: what it keeps, and what it refuses."""

from __future__ import annotations

import json
import typing as t

import pytest

from lab.octopus.resources import Refused
from lab.octopus.server import OctopusServer

THUMBPRINT = "0123456789ABCDEF0123456789ABCDEF01234567"


@pytest.fixture
def server() -> OctopusServer:
    return OctopusServer()


def ask(server: OctopusServer, method: str, path: str, body: t.Any = None, **query: str) -> t.Any:
    return server.handle(method, path, query, server.api_key, json.dumps(body).encode())


def ids(server: OctopusServer, collection: str) -> dict[str, str]:
    return {one["Name"]: one["Id"] for one in ask(server, "GET", f"/api/Spaces-1/{collection}/all")}


def machine(server: OctopusServer, **changes: t.Any) -> dict[str, t.Any]:
    return {
        "Name": "web-1",
        "Endpoint": {
            "CommunicationStyle": "TentaclePassive",
            "Uri": "https://web-1:10933/",
            "Thumbprint": THUMBPRINT,
            "ProxyId": None,
        },
        "EnvironmentIds": [ids(server, "environments")["Test"]],
        "Roles": ["web"],
        "TenantIds": [],
        "TenantTags": [],
        "TenantedDeploymentParticipation": "Untenanted",
        "MachinePolicyId": ids(server, "machinepolicies")["Default Machine Policy"],
        "IsDisabled": False,
        **changes,
    }


def test_a_machine_is_kept_changed_and_forgotten(server: OctopusServer) -> None:
    made = ask(server, "POST", "/api/Spaces-1/machines", machine(server))
    (found,) = ask(server, "GET", "/api/Spaces-1/machines/all", thumbprint=THUMBPRINT)
    assert found == made
    assert ask(server, "GET", "/api/Spaces-2/machines/all") == []
    changed = ask(server, "PUT", f"/api/Spaces-1/machines/{made['Id']}", made | {"Roles": ["web", "api"]})
    assert ask(server, "GET", f"/api/Spaces-1/machines/{made['Id']}") == changed
    assert changed["Roles"] == ["web", "api"]
    ask(server, "DELETE", f"/api/Spaces-1/machines/{made['Id']}")
    assert ask(server, "GET", "/api/Spaces-1/machines/all") == []


def test_spaces_have_ids_of_their_own(server: OctopusServer) -> None:
    assert [space["Name"] for space in ask(server, "GET", "/api/spaces/all")] == ["Default", "Second"]
    pools = ask(server, "GET", "/api/Spaces-2/workerpools/all")
    assert pools[0]["Id"] not in ids(server, "workerpools").values()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"Colour": "red"}, "no field Colour"),
        ({"Roles": "web"}, "Roles is no list"),
        ({"Roles": []}, "at least one role"),
        ({"EnvironmentIds": ["Environments-99"]}, "no Environments-99"),
        ({"TenantTags": ["Region/EU"]}, "untenanted machine"),
        ({"MachinePolicyId": ""}, "in machinepolicies"),
        ({"Endpoint": {"CommunicationStyle": "Ssh"}}, "Ssh is no communication style"),
        ({"Endpoint": {"CommunicationStyle": "TentacleActive", "Uri": "x", "Thumbprint": THUMBPRINT}}, "no address"),
    ],
)
def test_a_machine_that_breaks_a_rule_is_refused(server: OctopusServer, changes: dict[str, t.Any], error: str) -> None:
    with pytest.raises(Refused) as refused:
        ask(server, "POST", "/api/Spaces-1/machines", machine(server, **changes))
    assert refused.value.status == 400
    assert error in str(refused.value.body["Errors"])


def test_a_name_is_taken_once(server: OctopusServer) -> None:
    ask(server, "POST", "/api/Spaces-1/machines", machine(server))
    with pytest.raises(Refused) as refused:
        ask(server, "POST", "/api/Spaces-1/machines", machine(server))
    assert "already exists" in str(refused.value.body)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api", 404),
        ("GET", "/api/Spaces-1", 404),
        ("GET", "/api/Spaces-9/machines/all", 404),
        ("GET", "/api/Spaces-1/projects/all", 404),
        ("GET", "/api/Spaces-1/machines/Machines-1", 404),
        ("POST", "/api/Spaces-1/environments", 404),
        ("PATCH", "/api/Spaces-1/machines/all", 404),
        ("GET", "/api/Spaces-1/machines/all?name=x", 400),
    ],
)
def test_what_it_does_not_know_is_refused(server: OctopusServer, method: str, path: str, status: int) -> None:
    path, _, query = path.partition("?")
    with pytest.raises(Refused) as refused:
        ask(server, method, path, **dict([query.split("=")] if query else []))
    assert refused.value.status == status


def test_the_key_must_be_right(server: OctopusServer) -> None:
    with pytest.raises(Refused) as refused:
        server.handle("GET", "/api/spaces/all", {}, "API-WRONG", b"")
    assert refused.value.status == 401
