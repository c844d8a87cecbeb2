# SPDX-License-Identifier: GPL-3.0-or-later
"""A promotion that is killed after each single call, and then run again."""

from __future__ import annotations

import typing as t

from ansible_collections.golden.windows_ami.plugins.plugin_utils.promote_choice import ROLLED_BACK, Request
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

from tests.verbs.conftest import Works

from .bench import Crash, Fuse, promote
from .states import begin_at, check_done, check_safe, unshare


def test_a_promotion_that_is_killed_anywhere_is_finished_by_the_next(works: Works, builds: tuple[Build, Build]) -> None:
    older, newer = builds
    seen = crash_everywhere(
        works, builds, start=older, request=Request("stable", build=newer.id), end=newer, left=older
    )
    assert [name for name in seen if not name.startswith(("Get", "Des"))] == [
        *("EnableImageDeregistrationProtection", "ModifySnapshotAttribute", "ModifyImageAttribute") * 2,
        "move_channel",
        *("PutParameter", "PutParameter"),
        *("DisableImageDeregistrationProtection", "DisableImageDeregistrationProtection"),
    ]


def test_a_rollback_that_is_killed_anywhere_goes_back_once(works: Works, builds: tuple[Build, Build]) -> None:
    older, newer = builds
    request = Request("stable", state=ROLLED_BACK, images=("iis_dotnet",))
    seen = crash_everywhere(works, builds, start=newer, request=request, end=older, left=newer, via=older)
    assert "move_channel" in seen


def crash_everywhere(
    works: Works,
    builds: t.Iterable[Build],
    start: Build,
    request: Request,
    end: Build,
    left: Build,
    via: Build | None = None,
) -> list[str]:
    """Kill a request after its first call, its second …, and check the next run; return the calls of a whole one."""
    for number in range(1, 60):
        for build in filter(None, (via, start)):
            begin_at(works, build)
        unshare(works, end)
        fuse = Fuse(number)
        try:
            promote(works, request, fuse)
        except Crash:
            check_safe(works, builds)
            again = promote(works, request)
            assert not any(result.failures for result in again), (number, fuse.calls)
            check_done(works, end, left)
            assert not any(result.promotion.changes for result in promote(works, request)), (number, fuse.calls)
        else:
            assert number == len(fuse.calls) + 1
            check_done(works, end, left)
            return fuse.calls
    raise AssertionError("it never came to an end")
