# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an AMI is fit to be used."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import CatalogueError
from ansible_collections.golden.windows_ami.plugins.plugin_utils.proof import Instance, Seen, judge, lines, wanted
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

BUILD = Build(
    id="20261122T160000Z-00000a", image="iis", status="built", started="2026-11-22T16:00:00Z", amis={"r": "ami-1"}
)


def an_instance(number: int, **values: t.Any) -> Instance:
    given: dict[str, t.Any] = {
        "instance_id": f"i-{number}",
        "address": "h",
        "password": f"p{number}",
        "boot_seconds": 2.0,
    }
    return Instance(f"iis-{number}", BUILD.id, "iis", "ami-1", f"nonce{number}", **{**given, **values})


def seen(number: int, **values: t.Any) -> Seen:
    given: dict[str, t.Any] = {"hostname": f"EC2-{number}", "machine_id": f"S-1-{number}"}
    proof = {"nonce": f"nonce{number}", "listeners": 0, "certificates": 0, "rules": 0, "marker": False, "proxy": None}
    return Seen(**{**given, "proof": {**proof, **values.pop("proof", {})}, **values})


GOOD = [an_instance(1), an_instance(2)], {"iis-1": seen(1), "iis-2": seen(2)}


def test_an_ami_is_proven_when_two_instances_are_well_and_not_the_same() -> None:
    verdict = judge(BUILD, *GOOD, keeps_proxy=False)

    assert verdict.proven
    assert verdict.to_dict() == {
        "proven": True,
        "checks": dict.fromkeys(verdict.checks, "ok"),
        "boot_seconds": [2.0, 2.0],
    }
    assert lines([verdict], "r")[1].split("  ")[-1] == "verified, boots in 2 s"


@pytest.mark.parametrize(
    ("instance", "saw", "check", "message"),
    [
        pytest.param({"error": "no capacity", "address": None}, None, "boot", "i-2: no capacity", id="did not start"),
        pytest.param({"password": None}, {}, "password", "EC2 has none for i-2", id="no password"),
        pytest.param({"password": "p1"}, {}, "password", "two instances have the same", id="one password"),
        pytest.param({}, None, "login", "i-2: nobody looked at it", id="not looked at"),
        pytest.param({}, {"error": "401"}, "login", "i-2: 401", id="no login"),
        pytest.param({}, {"proof": {"nonce": "nonce1"}}, "user data", "it is not this instance's", id="old user data"),
        pytest.param({}, {"hostname": "EC2-1"}, "identity", "the same name EC2-1", id="one name"),
        pytest.param({}, {"machine_id": "S-1-1"}, "identity", "the same SID S-1-1", id="one SID"),
        pytest.param({}, {"machine_id": ""}, "identity", "one has no SID", id="no SID"),
        pytest.param({}, {"proof": {"listeners": 1}}, "leftovers", "WinRM listeners over HTTPS", id="listener"),
        pytest.param({}, {"proof": {"certificates": 1}}, "leftovers", "certificates of the build", id="certificate"),
        pytest.param({}, {"proof": {"rules": 1}}, "leftovers", "firewall rules of the build", id="rule"),
        pytest.param({}, {"proof": {"marker": True}}, "leftovers", "the marker of an image build", id="marker"),
        pytest.param({}, {"proof": {"proxy": "http://p"}}, "leftovers", "the proxy http://p", id="proxy"),
        pytest.param({}, {"pending": ("files in use",)}, "restart", "files in use", id="restart"),
        pytest.param({}, {"seal": ("a key",)}, "seal", "a key", id="seal"),
        pytest.param(
            {}, {"roles": {"iis": {"status": "drift", "message": "no site\nmore"}}}, "roles", "iis: no site", id="role"
        ),
    ],
)
def test_whatever_is_wrong_is_said(
    instance: dict[str, t.Any], saw: dict[str, t.Any] | None, check: str, message: str
) -> None:
    found = {"iis-1": seen(1)} | ({} if saw is None else {"iis-2": seen(2, **saw)})

    verdict = judge(BUILD, [an_instance(1), an_instance(2, **instance)], found, keeps_proxy=False)

    assert not verdict.proven
    assert message in verdict.checks[check]
    assert any(check in line and line.startswith("iis  ") for line in lines([verdict], "r"))


def test_user_data_that_did_not_run_is_noticed() -> None:
    bare = dataclasses.replace(seen(2), proof={})
    assert "it did not run" in judge(BUILD, GOOD[0], {**GOOD[1], "iis-2": bare}, keeps_proxy=False).checks["user data"]


def test_an_image_may_keep_the_proxy_that_a_role_gave_it() -> None:
    with_proxy = {
        name: dataclasses.replace(one, proof={**one.proof, "proxy": "http://p"}) for name, one in GOOD[1].items()
    }
    assert judge(BUILD, GOOD[0], with_proxy, keeps_proxy=True).proven


def test_one_instance_proves_nothing() -> None:
    assert "it takes two" in judge(BUILD, GOOD[0][:1], GOOD[1], keeps_proxy=False).checks["identity"]
    assert judge(BUILD, [], {}, keeps_proxy=False).checks["boot"] == "no instance was started"


def test_what_is_verified_is_proved_only_when_wanted() -> None:
    verified = dataclasses.replace(BUILD, status="verified")
    assert wanted([BUILD, verified], "r", again=False) == [BUILD]
    assert wanted([BUILD, verified], "r", again=True) == [BUILD, verified]


@pytest.mark.parametrize(
    ("change", "region", "message"),
    [({"status": "failed"}, "r", "it is failed"), ({}, "elsewhere", "it has no AMI in elsewhere")],
)
def test_what_cannot_be_proved_is_refused(change: dict[str, t.Any], region: str, message: str) -> None:
    with pytest.raises(CatalogueError, match=message):
        wanted([dataclasses.replace(BUILD, **change)], region, again=False)


def test_a_password_is_not_shown() -> None:
    assert "p1" not in repr(an_instance(1))
