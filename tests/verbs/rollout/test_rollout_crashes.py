# SPDX-License-Identifier: GPL-3.0-or-later
"""A roll-out that ends after any one of its calls, or whose calls fail, and the run after it."""

from __future__ import annotations

import itertools
import types
import typing as t

import botocore.client
import pytest

from tests.lab.ec2.support import eventually
from tests.verbs.rollout.conftest import Site

# Changing calls of a roll-out; the others only look.
CHANGING = {"UpdateAutoScalingGroup", "CreateLaunchTemplateVersion", "StartInstanceRefresh"}
IN_EC2 = {"CreateLaunchTemplateVersion", "DescribeImages", "DescribeInstances", "DescribeLaunchTemplateVersions"}


class Killed(BaseException):
    """Stands for the end of the process: nothing in the code can catch it."""


@pytest.fixture
def kill(monkeypatch: pytest.MonkeyPatch) -> t.Callable[[int], list[str]]:
    """Let so many calls through and end the next one, when AWS has done what was asked and before anybody knows.

    What is asked again while a refresh runs counts once: how often depends on the speed of this machine.
    """
    real = botocore.client.BaseClient._make_api_call

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

    return after


def test_a_run_that_is_killed_after_any_call_is_gone_on_with(
    site: Site, kill: t.Callable[[int], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    last: set[str] = set()
    for number in itertools.count():
        template = site.groups.template(site.old)
        name = site.groups.make(template, version="$Latest", capacity=1)
        made = kill(number)
        try:
            site.roll_out(name)
        except Killed:
            last.add(made[-1])
        else:
            break
        finally:
            monkeypatch.undo()

        done = site.roll_out(name)
        assert not done["failed"], (number, made, done)
        assert site.versions(template) == {1: site.old, 2: site.new}, (number, made)
        assert site.groups.look(name)["LaunchTemplate"]["Version"] == "2"
        assert len(site.refreshes(name)) == 1, (number, made)
        assert site.groups.images(name) == [site.new]
        site.groups.remove()
        site.groups._names.clear()
    assert last >= {*CHANGING, "DescribeInstanceRefreshes", "DescribeAutoScalingGroups"}


def test_a_group_that_cannot_launch_comes_back_after_any_crash(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    stock = site.works.stock_ami("Windows_Server-2019-English-Full-Base")
    made_before = [site.groups.template(stock) for _number in range(3)]
    names = [site.groups.make(template, version="$Latest", capacity=1) for template in made_before]
    site.works.lab.get(f"/lab/withdraw?image_id={stock}&region={site.works.region}")
    for name, template, action in zip(names, made_before, sorted(CHANGING), strict=True):
        _kill_after(action, monkeypatch, lambda name=name: site.roll_out(name))
        done = site.roll_out(name)
        assert not done["failed"], (action, done)
        assert site.versions(template) == {1: stock, 2: site.new}, action
        site.groups.settled(name, 1)
        assert site.groups.images(name) == [site.new]
        assert site.groups.look(name)["LaunchTemplate"]["Version"] == "2"


def _kill_after(action: str, monkeypatch: pytest.MonkeyPatch, run: t.Callable[[], t.Any]) -> None:
    """End a run right after its first call of an action."""
    real = botocore.client.BaseClient._make_api_call

    def call(client: t.Any, operation: str, parameters: t.Any) -> t.Any:
        answer = real(client, operation, parameters)
        if operation == action:
            raise Killed
        return answer

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    with pytest.raises(Killed):
        run()
    monkeypatch.undo()


@pytest.mark.parametrize("kind", ["denied", "throttle", "internal"])
def test_any_call_that_fails_is_said_and_the_next_run_ends_it(
    site: Site, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call in turn fails for ever; boto repeats it as always, but does not wait in between."""
    monkeypatch.setattr("botocore.endpoint.time", types.SimpleNamespace(sleep=lambda _seconds: None))
    template = site.groups.template(site.old)
    calls = _calls_of(site, lambda: site.roll_out(site.groups.make(template, version="$Latest", capacity=1)))
    assert calls >= CHANGING
    # Whatever fails is handled in one place; a refusal has a text of its own for each call.
    for call in sorted(calls if kind == "denied" else CHANGING):
        template = site.groups.template(site.old)
        name = site.groups.make(template, version="$Latest", capacity=1)
        site.works.lab.get(f"/lab/fault?action={call}&kind={kind}&times=forever&account=123456789012")
        failed = site.roll_out(name, wait_seconds=1)
        site.works.lab.get("/lab/fault?clear=true")
        assert failed["failed"], (call, failed)
        assert "Traceback" not in failed["msg"]
        if kind == "denied":
            service = "ec2" if call in IN_EC2 else "autoscaling"
            assert f"{service}:{call} is missing" in failed["msg"], failed["msg"]
        eventually(lambda name=name: not _moving(site, name), "the refresh's end", 30)
        done = site.roll_out(name)
        assert not done["failed"], (call, done)
        assert site.versions(template) == {1: site.old, 2: site.new}
        assert site.groups.images(name) == [site.new]


@pytest.mark.parametrize("call", ["CreateLaunchTemplateVersion", "StartInstanceRefresh", "UpdateAutoScalingGroup"])
def test_an_answer_that_is_lost_makes_nothing_twice(site: Site, call: str) -> None:
    """boto asks again; EC2 knows the token of a version, and has the refresh."""
    template = site.groups.template(site.old)
    name = site.groups.make(template, version="$Latest", capacity=1)
    site.works.lab.get(f"/lab/fault?action={call}&kind=drop&applied=true&times=1")
    done = site.roll_out(name)
    assert not done["failed"], done
    assert site.versions(template) == {1: site.old, 2: site.new}
    assert len(site.refreshes(name)) == 1


def _moving(site: Site, name: str) -> bool:
    return any(row["Status"] in ("Pending", "InProgress") for row in site.refreshes(name))


def _calls_of(site: Site, run: t.Callable[[], t.Any]) -> set[str]:
    seen: set[str] = set()
    real = botocore.client.BaseClient._make_api_call

    def call(client: t.Any, operation: str, parameters: t.Any) -> t.Any:
        if operation not in ("CreateAutoScalingGroup", "DescribeInstances") or "Filters" in parameters:
            seen.add(operation)
        return real(client, operation, parameters)

    botocore.client.BaseClient._make_api_call = call
    try:
        run()
    finally:
        botocore.client.BaseClient._make_api_call = real
    return seen - {"CreateAutoScalingGroup", "CreateLaunchTemplate"}
