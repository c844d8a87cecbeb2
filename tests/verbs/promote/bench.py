# SPDX-License-Identifier: GPL-3.0-or-later
"""Promotions in this process, so that they can be ended after any call."""

from __future__ import annotations

import collections.abc as c
import datetime as dt
import functools
import typing as t

from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import Catalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.ec2 import Aws, AwsSettings
from ansible_collections.golden.windows_ami.plugins.plugin_utils.promote_choice import Request, choose_all
from ansible_collections.golden.windows_ami.plugins.plugin_utils.promote_plan import Publishing
from ansible_collections.golden.windows_ami.plugins.plugin_utils.promote_run import Patience, Promoter, Result
from ansible_collections.golden.windows_ami.plugins.plugin_utils.promotion import Policy

from tests.verbs.conftest import Works

PARTNER = "210987654321"
PUBLISHING = Publishing("/golden/ami", (PARTNER,))


class Crash(BaseException):
    """The process ends here, as with SIGKILL: nothing after this call is done."""


class Fuse:
    """Counts the calls to AWS and the moves in the catalogue, and ends the run after one of them.

    What only looks, before anything is done, does not count if it is not armed from the start.
    """

    def __init__(self, after: int | None = None, armed: bool = False) -> None:
        self.calls: list[str] = []
        self.armed = armed
        self._after = after

    def count(self, name: str) -> None:
        if not self.armed:
            return
        self.calls.append(name)
        if len(self.calls) == self._after:
            raise Crash(name)


class Sessions:
    """One session a region for all runs, because clients are slow to make. Every call counts for the fuse of now."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._made: dict[str, Aws] = {}
        self.fuse = Fuse()

    def __call__(self, region: str) -> Aws:
        if region not in self._made:
            made = Aws(AwsSettings(self._works.lab.info["aws_config_file"], "default", region))
            made._session.register("after-call", lambda model, **_rest: self.fuse.count(model.name))
            self._made[region] = made
        return self._made[region]


@functools.lru_cache(maxsize=1)
def sessions(works: Works) -> Sessions:
    return Sessions(works)


class CountedCatalogue:
    """A catalogue whose moves a fuse counts."""

    def __init__(self, catalogue: Catalogue, fuse: Fuse) -> None:
        self._catalogue = catalogue
        self._fuse = fuse

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._catalogue, name)

    def move_channel(self, *arguments: t.Any) -> t.Any:
        move = self._catalogue.move_channel(*arguments)
        self._fuse.count("move_channel")
        return move


def promote(
    works: Works,
    request: Request,
    fuse: Fuse | None = None,
    publishing: Publishing = PUBLISHING,
    policies: c.Mapping[str, Policy] = {},
    limit: float = 10.0,
    meanwhile: c.Callable[[], object] = lambda: None,
) -> list[Result]:
    """Do what the action does; ``meanwhile`` is called between looking and carrying out."""
    fuse, now = fuse or Fuse(), dt.datetime.now(dt.UTC)
    catalogue = t.cast("Catalogue", CountedCatalogue(works.catalogue, fuse))
    aws = sessions(works)
    aws.fuse = fuse
    patience = Patience(limit=limit, poll=0.1)
    promoter = Promoter(catalogue, publishing, aws, "tester", lambda text: None, patience)
    plans = [promoter.look(one.wanted, now) for one in choose_all(catalogue, request, policies, now)]
    meanwhile()
    fuse.armed = True
    return [promoter.carry_out(plan, now) for plan in plans]
