# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that ends after any one of its calls to AWS, and the run after it; and calls that fail."""

from __future__ import annotations

import itertools
import pathlib
import typing as t

import botocore.client
import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

from tests.verbs.conftest import NOW, Works

from .conftest import Retiring


class Killed(BaseException):
    """Stands for the end of the process: nothing in the code can catch it."""


@pytest.fixture
def kill(monkeypatch: pytest.MonkeyPatch) -> t.Callable[[int], list[str]]:
    """Let so many different calls through and end the next one, when AWS has done what was asked."""

    def after(number: int) -> list[str]:
        made: list[str] = []
        asked: set[tuple[str, str]] = set()

        def call(client: t.Any, operation: str, parameters: t.Any) -> t.Any:
            answer = real(client, operation, parameters)
            asked.add((operation, str(parameters)))
            made.append(operation)
            if len(asked) > number:
                raise Killed
            return answer

        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
        return made

    real = botocore.client.BaseClient._make_api_call
    return after


class Life(t.NamedTuple):
    """A status that an old build is in, and what must be true after the next step."""

    status: str
    after: str
    state: str
    call: str


LIVES = [
    Life("verified", "deprecated", "available, deprecated", "EnableImageDeprecation"),
    Life("deprecated", "disabled", "disabled", "DisableImage"),
    Life("disabled", "deregistered", "gone", "DeregisterImage"),
]


def prepare(retiring: Retiring, status: str) -> tuple[Build, Build]:
    """Return a new build in a channel, and an old one that nothing needs."""
    new, old = retiring.make(1), retiring.make(100, status)
    retiring.catalogue.move_channel("web", "stable", new.id, "me", None, NOW, None)
    if status == "disabled":
        retiring.ec2.disable_image(ImageId=old.amis[retiring.region])
    return new, old


@pytest.fixture(scope="module", autouse=True)
def somebody(works: Works) -> str:
    """An instance, so that the estate is not empty."""
    return works.start(works.stock_ami())


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.after)
def test_a_run_that_is_killed_after_any_call_is_gone_on_with(
    works: Works,
    life: Life,
    kill: t.Callable[[int], list[str]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: pathlib.Path,
) -> None:
    last: set[str] = set()
    retiring, path = Retiring(works, tmp_path), tmp_path
    new, old = prepare(retiring, life.status)
    for number in itertools.count():
        if retiring.state(old) == "gone":
            path = tmp_path / str(number)
            path.mkdir()
            retiring = Retiring(works, path)
            new, old = prepare(retiring, life.status)
        made = kill(number)
        try:
            retiring()
        except Killed:
            last.add(made[-1])
        else:
            break
        finally:
            monkeypatch.undo()

        if retiring.status(old) != life.status or life.call in made:
            assert (number, retiring.status(old)) == (number, life.status), "the status changes last"
            result = retiring()
            assert not result.get("failed"), (number, made, result)
            assert (retiring.status(old), retiring.state(old)) == (life.after, life.state), (number, made)
            assert bool(retiring.snapshots(old)) is (life.after != "deregistered")
            path = tmp_path / str(number)
            path.mkdir()
            retiring = Retiring(works, path)
            new, old = prepare(retiring, life.status)
        assert (retiring.status(new), retiring.state(new)) == ("verified", "available")
    assert (retiring.status(old), retiring.state(old)) == (life.after, life.state)
    assert last >= {life.call, "DescribeImages", "DescribeInstances", "DescribeAutoScalingGroups"}


def calls_of(retiring: Retiring, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Run once and return service and name of each different call."""
    real, made = botocore.client.BaseClient._make_api_call, dict[tuple[str, str], None]()

    def call(client: t.Any, operation: str, parameters: t.Any) -> t.Any:
        made[client.meta.service_model.endpoint_prefix, operation] = None
        return real(client, operation, parameters)

    with monkeypatch.context() as patch:
        patch.setattr(botocore.client.BaseClient, "_make_api_call", call)
        retiring()
    return list(made)


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.after)
def test_whatever_is_denied_stops_it(
    works: Works, life: Life, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    for name in ("model", "real"):
        (tmp_path / name).mkdir()
    model, retiring = Retiring(works, tmp_path / "model"), Retiring(works, tmp_path / "real")
    prepare(model, life.status)
    new, old = prepare(retiring, life.status)
    before = retiring.state(old)
    made = [call for call in calls_of(model, monkeypatch) if call[1] != "GetCallerIdentity"]
    assert len(made) > 9, made
    for _service, operation in made:
        retiring.fault(action=operation, kind="denied", times="forever")
        result = retiring()
        retiring.fault(clear="true")
        assert result["failed"], operation
        assert operation in result["msg"], result["msg"]
        assert (retiring.status(old), retiring.state(old)) == (life.status, before), operation
    assert not retiring().get("failed")
    assert (retiring.status(old), retiring.state(old)) == (life.after, life.state)
    assert (retiring.status(new), retiring.state(new)) == ("verified", "available")


@pytest.mark.parametrize("kind", ["throttle", "internal", "drop"])
def test_what_passes_is_asked_again(retiring: Retiring, kind: str) -> None:
    _new, old = prepare(retiring, "verified")
    for life in LIVES:
        retiring.fault(action=life.call, kind=kind, times=1)
        retiring.fault(action="DescribeInstances", kind=kind, times=1)
        result = retiring()
        retiring.fault(clear="true")
        assert not result.get("failed"), result
        assert retiring.status(old) == life.after
