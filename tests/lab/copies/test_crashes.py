# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of ami_copies that ends after any one of its calls to AWS, and the run after it."""

from __future__ import annotations

import dataclasses
import itertools
import pathlib
import typing as t

import botocore.client
import pytest

from .conftest import HOME, PARTNER, THERE, Workplace


class Killed(BaseException):
    """Stands for the end of the process: nothing in the code can catch it."""


@pytest.fixture
def kill(monkeypatch: pytest.MonkeyPatch) -> t.Callable[[int], list[str]]:
    """Let so many calls through and end the next one, when AWS has done what was asked and before anybody knows.

    What is asked again and again while a copy is made counts once: how often depends on the speed of this machine.
    """

    def after(number: int) -> list[str]:
        made: list[str] = []
        asked: set[tuple[str, str, str]] = set()

        def call(client: t.Any, operation: str, parameters: t.Any) -> t.Any:
            answer = real(client, operation, parameters)
            asked.add((client.meta.region_name, operation, str(parameters)))
            made.append(operation)
            if len(asked) > number:
                raise Killed
            return answer

        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
        return made

    real = botocore.client.BaseClient._make_api_call
    return after


def test_a_run_that_is_killed_after_any_call_is_gone_on_with(
    place: Workplace,
    keys: dict[str, str],
    kill: t.Callable[[int], list[str]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: pathlib.Path,
) -> None:
    wanted = [{"region": THERE, "kms_key_id": keys[THERE], "accounts": [PARTNER]}]
    last: set[str] = set()
    for number in itertools.count():
        # Two builds cannot have made one AMI: a catalogue for each.
        place = dataclasses.replace(place, path=tmp_path / str(number))
        place.path.mkdir()
        build = place.build()
        made = kill(number)
        try:
            place.copy(build, wanted)
        except Killed:
            last.add(made[-1])
        else:
            break
        finally:
            monkeypatch.undo()

        result = place.copy(build, wanted)
        assert not result.get("failed"), (number, made, result)
        kept: t.Any = place.catalogue.get(build.id)
        (image,) = place.images(THERE)
        assert image["State"] == "available", (number, made)
        assert kept.amis == {HOME: place.original, THERE: image["ImageId"]}, (number, made)
        assert place.users(THERE, kept.amis[THERE]) == ({PARTNER}, {PARTNER})
        place.clear(THERE)
    assert last >= {"CopyImage", "DescribeImages", "ModifyImageAttribute", "ModifySnapshotAttribute", "DescribeKey"}


def test_two_runs_at_once_make_one_copy(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second begins after the first has looked, and before it copies."""
    build = place.build()
    real = botocore.client.BaseClient._make_api_call
    others: list[dict[str, t.Any]] = []

    def call(client: t.Any, operation: str, parameters: t.Any) -> t.Any:
        if operation == "CopyImage" and not others:
            others.append({})
            others[0] = place.copy(build, THERE)
        return real(client, operation, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    (mine,) = place.copy(build, THERE)["copies"]
    assert mine["ami_id"] == others[0]["copies"][0]["ami_id"]
    assert [image["ImageId"] for image in place.images(THERE)] == [mine["ami_id"]]
