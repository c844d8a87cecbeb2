# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left to do for copies, decided from what there is."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.copies import (
    Copy,
    CopyError,
    Key,
    Source,
    Step,
    Wanted,
    client_token,
    copy_tags,
    plan,
)
from ansible_collections.golden.windows_ami.plugins.plugin_utils.copy_settings import read_wanted

HOME, THERE = "eu-west-1", "us-east-1"
BUILD = "20261122T164500Z-1a2b3c"
OWN = Key("arn:aws:kms:us-east-1:123456789012:key/own", "CUSTOMER", "Enabled")
DEFAULT = Key("arn:aws:kms:us-east-1:123456789012:key/default", "AWS", "Enabled")
PARTNER = "210987654321"


def a_copy(ami_id: str = "ami-there", state: str = "available", **values: t.Any) -> Copy:
    return Copy(**{"ami_id": ami_id, "name": "golden", "state": state, "created": "2026", "build_id": BUILD, **values})


SOURCE = Source(BUILD, HOME, a_copy("ami-home", tags={"Name": "golden", "golden:commit": "c", "team": "ours"}))


def step(
    *found: Copy, key: Key | None = None, accounts: t.Sequence[str] = (), known: str | None = None, region: str = THERE
) -> Step:
    want = Wanted(region, "alias/own" if key else None, tuple(accounts))
    amis = {HOME: "ami-home", **({THERE: known} if known else {})}
    (only,) = plan(SOURCE, [want], {THERE: found}, {region: key}, amis)
    return only


def test_nothing_there_is_copied_recorded_and_shared() -> None:
    assert step(key=OWN, accounts=[PARTNER]) == Step(THERE, "copy", None, OWN.arn, (PARTNER,), True)


@pytest.mark.parametrize(
    ("found", "known", "expected"),
    [
        (a_copy(), None, ("keep", "ami-there", True)),
        (a_copy(), "ami-there", ("keep", "ami-there", False)),
        (a_copy(state="pending"), None, ("wait", "ami-there", True)),
        (a_copy(build_id=None), "ami-there", ("keep", "ami-there", False)),
        (a_copy(state="failed"), None, ("copy", None, True)),
    ],
    ids=["by its tag", "recorded", "on its way", "recorded without a tag", "failed"],
)
def test_what_is_there_decides(found: Copy, known: str | None, expected: tuple[t.Any, ...]) -> None:
    done = step(found, known=known)
    assert (done.action, done.ami_id, done.record) == expected
    assert done.changes is (expected[0] == "copy" or expected[2])


def test_a_copy_that_failed_is_removed_and_asked_for_with_another_token() -> None:
    again = step(a_copy(state="failed"))
    assert (again.remove, again.dead) == (("ami-there",), ("ami-there",))
    assert client_token(BUILD, THERE, again.dead) != client_token(BUILD, THERE)
    assert len(client_token(BUILD, THERE)) <= 64
    assert client_token(BUILD, THERE, ["b", "a"]) == client_token(BUILD, THERE, ["a", "b"])


def test_of_several_the_recorded_or_the_oldest_counts_and_the_others_are_told() -> None:
    two = (a_copy("ami-2", created="2026-02"), a_copy("ami-1", created="2026-01"))
    assert (step(*two).ami_id, step(*two, known="ami-2").ami_id) == ("ami-1", "ami-2")
    assert step(*two).notes == ("ami-2 claims this build too",)


def test_only_accounts_that_cannot_use_it_yet_are_let_in() -> None:
    shared = a_copy(keys=(OWN,), accounts=frozenset({PARTNER}))
    assert step(shared, accounts=[PARTNER, "012345678901"], known="ami-there").share == ("012345678901",)
    assert step(shared, accounts=[PARTNER], known="ami-there").changes is False


@pytest.mark.parametrize(
    ("found", "options", "message"),
    [
        ([], {"accounts": [PARTNER]}, "A copy would be encrypted with the account's own default key"),
        ([], {"accounts": [PARTNER], "key": DEFAULT}, "A copy would be encrypted with the account's own default key"),
        ([a_copy(keys=(DEFAULT,))], {"accounts": [PARTNER]}, "ami-there is encrypted with the account's own default"),
        ([a_copy(keys=(DEFAULT,))], {"key": OWN}, "wanted is arn:aws:kms:us-east-1:123456789012:key/own"),
        ([], {"key": OWN._replace(state="PendingDeletion")}, "is PendingDeletion, not Enabled"),
        ([a_copy(state="disabled")], {}, "ami-there is disabled"),
        ([a_copy(build_id="another")], {}, "has the name golden but not the tag"),
        ([], {"known": "ami-gone"}, "it is gone"),
        ([a_copy()], {"known": "ami-other"}, "Correct the one that is wrong"),
    ],
    ids=["key", "default", "shared", "other key", "state", "disabled", "stranger", "gone", "two claims"],
)
def test_what_cannot_be_done(found: list[Copy], options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(CopyError, match=message):
        step(*found, **options)


def test_the_original_is_shared_where_it_is() -> None:
    source = SOURCE._replace(copy=SOURCE.copy._replace(keys=(OWN,)))
    (done,) = plan(source, [Wanted(HOME, None, (PARTNER,))], {}, {}, {HOME: "ami-home"})
    assert (done.action, done.ami_id, done.share, done.record) == ("keep", "ami-home", (PARTNER,), False)


def test_a_copy_has_the_projects_tags_only() -> None:
    assert copy_tags(SOURCE, "web") == {
        "Name": "golden",
        "golden:commit": "c",
        "golden:image": "web",
        "golden:build": BUILD,
        "golden:copied-from": "eu-west-1/ami-home",
    }


def test_names_and_dictionaries_and_defaults() -> None:
    defaults = [{"region": THERE, "kms_key_id": "alias/a", "accounts": [PARTNER]}]
    assert read_wanted("us-east-1, eu-central-1", defaults) == (
        Wanted(THERE, "alias/a", (PARTNER,)),
        Wanted("eu-central-1"),
    )
    assert read_wanted([], defaults) == (Wanted(THERE, "alias/a", (PARTNER,)),)
    assert read_wanted([{"region": THERE}], defaults) == (Wanted(THERE),)
    assert read_wanted([{"region": THERE, "accounts": 210987654321}], None) == (Wanted(THERE, None, (PARTNER,)),)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([{"region": THERE, "accounts": [12345678901]}], "'12345678901' is no account id: 12 digits, in quotes"),
        ([{"region": THERE, "kms_key_id": "arn:aws:kms:eu-west-1:123456789012:key/x"}], "is one of eu-west-1"),
        ([{"region": THERE, "kms_key_id": "my key"}], "Write an ARN, alias/NAME or a key's id"),
        ([{"accounts": {}}], "region is None"),
        ([7], "it is int"),
        (7, "copy_regions is a list of regions, not int"),
        ([{"region": THERE, "accounts": {"a": 1}}], "accounts is a list of account ids, not dict"),
    ],
    ids=["zero lost", "other region", "no key", "no region", "number in list", "number", "accounts"],
)
def test_what_users_write_wrong(value: t.Any, message: str) -> None:
    with pytest.raises(CopyError, match=message):
        read_wanted(value, None)
