# SPDX-License-Identifier: GPL-3.0-or-later
"""What ami_copies refuses before it changes anything, and how it says so."""

from __future__ import annotations

import typing as t

import pytest

from .conftest import FURTHER, PARTNER, THERE, Workplace


@pytest.mark.parametrize(
    ("regions", "message"),
    [
        ("us-esat-9", "This account has no region us-esat-9"),
        ("Ireland", "'Ireland' is no region's name"),
        ([{"region": THERE, "accounts": ["12345"]}], "'12345' is no account id: 12 digits"),
        ([{"region": THERE, "accounts": [PARTNER]}], "A copy would be encrypted with the account's own default key"),
        ([{"region": THERE, "kms_key_id": "alias/missing"}], "us-east-1: There is no KMS key alias/missing"),
        ([{"region": THERE, "key": "x"}], "unknown key key, known: region, kms_key_id, accounts"),
        ([THERE, THERE], "us-east-1 is named twice"),
        ([], "No region is named"),
    ],
    ids=["no region", "no name", "account", "default key", "missing key", "unknown key", "twice", "nothing"],
)
def test_what_is_wrong_is_said_before_anything_is_copied(place: Workplace, regions: t.Any, message: str) -> None:
    build = place.build()
    result = place.copy(build, regions)
    assert result["failed"]
    assert message in result["msg"]
    assert place.images(THERE) == []
    assert place.catalogue.builds() == [build]


def test_everything_wrong_is_said_at_once(place: Workplace, keys: dict[str, str]) -> None:
    regions = [{"region": THERE, "kms_key_id": keys[FURTHER], "accounts": ["1"]}, {"region": "x"}]
    message = place.copy(place.build(), regions)["msg"]
    assert f"{keys[FURTHER]} is one of {FURTHER}. A copy in {THERE} needs a key of {THERE}" in message
    assert "'1' is no account id" in message
    assert "region is 'x'" in message


def test_a_key_that_cannot_be_used_is_said(place: Workplace) -> None:
    kms = place.lab.client("kms", THERE)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=key)
    message = place.copy(place.build(), [{"region": THERE, "kms_key_id": key}])["msg"]
    assert f"The KMS key {key} is Disabled, not Enabled" in message


def test_a_copy_under_another_key_is_not_taken_for_the_wanted_one(place: Workplace, keys: dict[str, str]) -> None:
    build = place.build()
    place.copy(build, THERE)
    message = place.copy(build, [{"region": THERE, "kms_key_id": "alias/golden"}])["msg"]
    assert f"wanted is {keys[THERE]}. Deregister it" in message


def test_a_copy_that_somebody_removed_is_not_hidden(place: Workplace) -> None:
    build = place.build()
    (copy,) = place.copy(build, THERE)["copies"]
    place.clear(THERE)
    assert (
        f"The catalogue says that {copy['ami_id']} is this build's AMI here, and it is gone"
        in (place.copy(build, THERE)["msg"])
    )


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"build": "20200101T000000Z-ffffff"}, "There is no build 20200101T000000Z-ffffff"),
        ({"image": "web2"}, "There is no build of web2"),
        ({"image": "web", "channel": "gold"}, "Image web has no channel gold"),
        ({"image": "web", "build": "20200101T000000Z-ffffff"}, "Name a build, or an image"),
        ({"build": "20200101T000000Z-ffffff", "channel": "gold"}, "Channel gold of which image?"),
    ],
    ids=["build", "image", "channel", "both", "channel alone"],
)
def test_an_unknown_build_is_answered_with_what_there_is(
    place: Workplace, chosen: dict[str, str], message: str
) -> None:
    build = place.build()
    result = place.copy(None, THERE, chosen=chosen)
    assert message in result["msg"]
    if "build" in chosen and len(chosen) == 1:
        assert f"The newest are {build.id} (web)" in result["msg"]


@pytest.mark.parametrize("status", ["failed", "revoked"])
def test_only_what_can_be_used_is_copied(place: Workplace, status: str) -> None:
    build = place.build(status=status)
    assert f"Build {build.id} of web is {status}" in place.copy(build, THERE)["msg"]


def test_a_build_whose_ami_is_gone_cannot_be_copied(place: Workplace) -> None:
    build = place.build(amis={"eu-west-1": "ami-0123456789abcdef0"})
    assert "its AMI is gone or cannot be used (ami-0123456789abcdef0 in eu-west-1)" in place.copy(build, THERE)["msg"]
    assert "it has no AMI" in place.copy(place.build(amis={}), THERE)["msg"]
