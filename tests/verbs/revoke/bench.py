# SPDX-License-Identifier: GPL-3.0-or-later
"""Revocations in this process, so that they can be ended after any call."""

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import Catalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.promote_run import Patience
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build
from ansible_collections.golden.windows_ami.plugins.plugin_utils.revoke_run import Revocation, Revoker
from ansible_collections.golden.windows_ami.plugins.plugin_utils.revoke_undo import Undo

from tests.verbs.conftest import Works
from tests.verbs.promote.bench import PUBLISHING, CountedCatalogue, Fuse, sessions


class Counted(CountedCatalogue):
    """A catalogue all of whose changes a fuse counts."""

    def set_status(self, *arguments: t.Any) -> t.Any:
        build = self._catalogue.set_status(*arguments)
        self._fuse.count("set_status")
        return build

    def finish(self, *arguments: t.Any) -> t.Any:
        build = self._catalogue.finish(*arguments)
        self._fuse.count("finish")
        return build


def revoke(works: Works, named: Build, fuse: Fuse | None = None, disable: bool = True) -> Revocation:
    """Revoke a build and its descendants, as the action does."""
    fuse, now = fuse or Fuse(), dt.datetime.now(dt.UTC)
    aws = sessions(works)
    aws.fuse = fuse
    catalogue = t.cast("Catalogue", Counted(works.catalogue, fuse))
    patience = Patience(limit=10.0, poll=0.1)
    revoker = Revoker(catalogue, PUBLISHING, aws, "tester", lambda text: None, patience)
    fresh = works.catalogue.get(named.id)
    assert fresh
    chosen = revoker.choose(fresh, True)
    fuse.armed = True
    return revoker.carry_out(chosen, "CVE", disable, now)


def restore(works: Works, named: Build, fuse: Fuse | None = None) -> None:
    """Take it back."""
    fuse = fuse or Fuse()
    aws = sessions(works)
    aws.fuse = fuse
    fresh = works.catalogue.get(named.id)
    assert fresh
    undo = Undo(t.cast("Catalogue", Counted(works.catalogue, fuse)), aws, "tester")
    undoings = undo.plan(fresh, True)
    fuse.armed = True
    for one in undoings:
        undo.carry_out(one, None)
