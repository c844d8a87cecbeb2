# SPDX-License-Identifier: GPL-3.0-or-later
"""ami_copies against the lab: what is there after it, in EC2 and in the catalogue."""

from __future__ import annotations

import datetime as dt
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import CatalogueError, sqlite

from tests.lab.ec2.support import Lab

from .conftest import FURTHER, HOME, OTHER, PARTNER, THERE, Workplace

Keys = dict[str, str]


def test_a_build_in_two_more_regions_is_one_build(place: Workplace) -> None:
    build = place.build()
    result = place.copy(build, [THERE, FURTHER])
    assert result["changed"] is True, result
    assert [(one["region"], one["status"]) for one in result["copies"]] == [(THERE, "copied"), (FURTHER, "copied")]
    (kept,) = place.catalogue.builds()
    assert kept.amis == {HOME: place.original, **{one["region"]: one["ami_id"] for one in result["copies"]}}
    assert result["build"] == kept.to_dict()
    for copy in result["copies"]:
        (image,) = place.of_build(build, copy["region"])
        assert (image["ImageId"], image["State"], image["Name"]) == (copy["ami_id"], "available", "golden")
        assert kept.snapshots[copy["region"]] == copy["snapshots"] != []
        assert place.catalogue.by_ami(copy["ami_id"]) == kept


def test_a_copy_has_the_tags_of_the_build_on_ami_and_snapshot(place: Workplace) -> None:
    build = place.build()
    result = place.copy(build, THERE)
    ec2 = place.lab.client("ec2", THERE)
    tags = ec2.describe_images(ImageIds=[result["copies"][0]["ami_id"]])["Images"][0]["Tags"]
    expected = {
        "Name": "golden",
        "golden:build": build.id,
        "golden:image": "web",
        "golden:commit": "abc123",
        "golden:copied-from": f"{HOME}/{place.original}",
    }
    assert {tag["Key"]: tag["Value"] for tag in tags} == expected
    snapshot = ec2.describe_snapshots(SnapshotIds=result["copies"][0]["snapshots"])["Snapshots"][0]
    assert {tag["Key"]: tag["Value"] for tag in snapshot["Tags"]} == expected


def test_the_second_run_changes_nothing(place: Workplace, keys: Keys) -> None:
    build = place.build()
    wanted = [{"region": THERE, "kms_key_id": "alias/golden", "accounts": [PARTNER]}, FURTHER]
    first = place.copy(build, wanted)
    second = place.copy(build, wanted)
    assert (first["changed"], second["changed"]) == (True, False)
    assert {one["status"] for one in second["copies"]} == {"already there"}
    assert [one["ami_id"] for one in second["copies"]] == [one["ami_id"] for one in first["copies"]]
    assert second["copies"][0]["kms_key"] == keys[THERE]


def test_check_mode_tells_what_would_be_done_and_does_nothing(place: Workplace) -> None:
    build = place.build()
    foretold = place.copy(build, [THERE], check_mode=True)
    assert (foretold["changed"], foretold["copies"][0]["status"]) == (True, "would copy")
    assert place.images(THERE) == []
    assert place.catalogue.builds() == [build]
    place.copy(build, [THERE])
    after = place.copy(build, [THERE], check_mode=True)
    assert (after["changed"], after["copies"][0]["status"]) == (False, "already there")


def test_accounts_may_use_the_copy_and_its_snapshots(place: Workplace, keys: Keys) -> None:
    build = place.build()
    wanted = {"region": THERE, "kms_key_id": keys[THERE], "accounts": [PARTNER]}
    (copy,) = place.copy(build, [wanted])["copies"]
    assert place.users(THERE, copy["ami_id"]) == ({PARTNER}, {PARTNER})
    again = place.copy(build, [{**wanted, "accounts": [PARTNER, OTHER]}])
    assert (again["changed"], again["copies"][0]["status"], again["copies"][0]["shared"]) == (True, "changed", [OTHER])
    assert place.users(THERE, copy["ami_id"]) == ({PARTNER, OTHER}, {PARTNER, OTHER})


def test_the_original_can_be_shared_too_when_its_key_allows(place: Workplace, keys: Keys) -> None:
    ec2 = place.lab.client("ec2", HOME)
    shareable = ec2.copy_image(
        SourceImageId=place.original, SourceRegion=HOME, Name="shareable", Encrypted=True, KmsKeyId=keys[HOME]
    )["ImageId"]
    build = place.build(amis={HOME: shareable})
    ec2.get_waiter("image_available").wait(ImageIds=[shareable], WaiterConfig={"Delay": 1})
    result = place.copy(build, [{"region": HOME, "accounts": [PARTNER]}])
    assert (result["changed"], result["copies"][0]["status"]) == (True, "changed"), result
    assert place.users(HOME, shareable) == ({PARTNER}, {PARTNER})
    refused = place.copy(place.build(), [{"region": HOME, "accounts": [PARTNER]}])
    assert f"{place.original} is encrypted with the account's own default key" in refused["msg"]


def test_names_take_their_settings_from_the_defaults(place: Workplace, keys: Keys) -> None:
    build = place.build()
    defaults = [{"region": THERE, "kms_key_id": "alias/golden", "accounts": [PARTNER]}, {"region": FURTHER}]
    (copy,) = place.copy(build, THERE, defaults=defaults)["copies"]
    assert copy["kms_key"] == keys[THERE]
    assert place.users(THERE, copy["ami_id"])[0] == {PARTNER}
    assert [one["region"] for one in place.copy(build, [], defaults=defaults)["copies"]] == [THERE, FURTHER]


def test_an_image_means_its_newest_build_or_that_of_its_channel(place: Workplace, lab: Lab) -> None:
    another = lab.client("ec2").copy_image(SourceImageId=place.original, SourceRegion=HOME, Name="another")["ImageId"]
    lab.client("ec2").get_waiter("image_available").wait(ImageIds=[another], WaiterConfig={"Delay": 1})
    older = place.build(id="20261122T160000Z-00000a")
    newer = place.build(id="20261122T170000Z-00000b", amis={HOME: another})
    place.catalogue.move_channel("web", "stable", older.id, "me", None, dt.datetime.now(dt.UTC), None)
    stable = {"image": "web", "channel": "stable"}
    assert place.copy(None, THERE, chosen={"image": "web"}, check_mode=True)["build"]["id"] == newer.id
    assert place.copy(None, THERE, chosen=stable, check_mode=True)["build"]["id"] == older.id


def test_a_copy_that_failed_is_made_again(place: Workplace, keys: Keys) -> None:
    build = place.build()
    elsewhere = keys[FURTHER]
    tags = [{"Key": "golden:build", "Value": build.id}]
    failed = place.lab.client("ec2", THERE).copy_image(
        SourceImageId=place.original, SourceRegion=HOME, Name="golden", Encrypted=True, KmsKeyId=elsewhere,
        TagSpecifications=[{"ResourceType": "image", "Tags": tags}],
    )["ImageId"]  # fmt: skip
    result = place.copy(build, THERE)
    assert result.get("failed"), "it was still pending, so it was waited for"
    assert f"{failed}, the copy, failed" in result["msg"]
    (copy,) = place.copy(build, THERE)["copies"]
    assert copy["status"] == "copied"
    assert [image["ImageId"] for image in place.of_build(build, THERE)] == [copy["ami_id"]] != [failed]


def test_a_copy_that_is_gone_but_that_ec2_remembers_is_made_anew(place: Workplace) -> None:
    """A run that was killed before it recorded its copy, and somebody removed the copy: EC2 still knows the token."""
    build = place.build()
    (copy,) = place.copy(build, THERE)["copies"]
    place.clear(THERE)
    (place.path / "catalogue.sqlite").unlink()
    place.catalogue.finish(build)
    (anew,) = place.copy(build, THERE)["copies"]
    assert anew["status"] == "copied", anew
    assert anew["ami_id"] != copy["ami_id"]
    assert [image["ImageId"] for image in place.of_build(build, THERE)] == [anew["ami_id"]]


def test_a_copy_made_by_hand_is_adopted_when_it_has_the_tag(place: Workplace) -> None:
    build = place.build()
    ec2 = place.lab.client("ec2", THERE)
    ami_id = ec2.copy_image(SourceImageId=place.original, SourceRegion=HOME, Name="golden")["ImageId"]
    stranger = place.copy(build, THERE)
    assert f"{ami_id} has the name golden but not the tag golden:build={build.id}" in stranger["msg"]
    ec2.create_tags(Resources=[ami_id], Tags=[{"Key": "golden:build", "Value": build.id}])
    (copy,) = place.copy(build, THERE)["copies"]
    assert copy["ami_id"] == ami_id
    kept: t.Any = place.catalogue.get(build.id)
    assert kept.amis[THERE] == ami_id


def test_a_region_that_fails_does_not_stop_the_others(place: Workplace) -> None:
    build = place.build()
    place.lab.control("fault", action="CopyImage", code="UnauthorizedOperation", message="You may not", status="403")
    result = place.copy(build, [THERE, FURTHER])
    assert result["failed"]
    assert "the permission ec2:CopyImage is missing" in result["msg"]
    assert [one["status"] for one in result["copies"]] == ["failed", "copied"]
    kept: t.Any = place.catalogue.get(build.id)
    assert set(kept.amis) == {HOME, FURTHER}


def test_what_the_catalogue_does_not_take_is_told(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: t.Any, **__: t.Any) -> t.Any:
        raise CatalogueError("the store is down")

    build = place.build()
    with monkeypatch.context() as patch:
        patch.setattr(sqlite.SqliteCatalogue, "add_amis", fail)
        result = place.copy(build, THERE)
    (copy,) = result["copies"]
    assert (copy["status"], result["unrecorded"]) == ("copied", {THERE: copy["ami_id"]})
    assert result["build"]["amis"] == {HOME: place.original, THERE: copy["ami_id"]}
    assert place.copy(build, THERE)["copies"][0]["ami_id"] == copy["ami_id"]
    assert t.cast("t.Any", place.catalogue.get(build.id)).amis[THERE] == copy["ami_id"]
