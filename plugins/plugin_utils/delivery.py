# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring notes to their catalogues: at once, or by way of the spool when a catalogue is down."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import pathlib
import typing as t

from .catalogue import AmiClaimed, Catalogue, CatalogueError, open_catalogue
from .recording import Note
from .records import Build, RecordError
from .spool import Spool, SpoolError

NO_CATALOGUE = "No catalogue is named: set GOLDEN_CATALOGUE, or catalogue in [callback_ami_recorder]"


class Trouble(t.NamedTuple):
    """What to tell the user. ``lost``: nothing keeps the record but this text."""

    text: str
    lost: bool = False


class Delivery:
    """The way of one run's notes. A catalogue that was down once is not asked again: it may answer very slowly."""

    def __init__(self, spool: Spool, base: pathlib.Path, default: str | None) -> None:
        """``base`` is where relative paths of URLs start, ``default`` the catalogue of notes that name none."""
        self._spool = spool
        self._base = base
        self._default = default
        self._down: dict[str, str] = {}
        self.waiting = 0

    def deliver(self, note: Note) -> Trouble | None:
        """Send a note, or keep it; return what there is to say. Of one catalogue that is down that is said once."""
        known = self._down.get(self._url(note))
        try:
            self._send(note)
        except SpoolError as problem:
            return self._keep(note, str(problem), quiet=known is not None)
        return None

    def deliver_late(self) -> tuple[int, str | None]:
        """Send what earlier runs have kept; return how many records arrived, and why others did not."""
        delivered, problems = self._spool.deliver(self._send)
        if not problems:
            return delivered, None
        more = f" And {len(problems) - 1} more." if len(problems) > 1 else ""
        what = "A record of an earlier run is" if len(problems) == 1 else f"{len(problems)} records of earlier runs are"
        return delivered, f"{what} still not in the catalogue. {problems[0]}{more}"

    def _keep(self, note: Note, problem: str, quiet: bool) -> Trouble | None:
        build = note.build.get("id")
        try:
            path = self._spool.put(note)
        except SpoolError as exc:
            record = json.dumps(note.build, default=str)
            return Trouble(f"Build {build} is in no catalogue. {problem}. {exc}. Keep this: {record}", lost=True)
        self.waiting += 1
        if quiet:
            return None
        return Trouble(f"Build {build} is not in the catalogue yet. {problem}. It waits in {path} for the next run.")

    def _send(self, note: Note) -> None:
        """Write a note to its catalogue; raise SpoolError when that fails."""
        url = self._url(note)
        if not url:
            raise SpoolError(NO_CATALOGUE)
        if url in self._down:
            raise SpoolError(self._down[url])
        try:
            build = Build.from_dict(note.build)
        except RecordError as exc:
            raise SpoolError(str(exc)) from exc
        try:
            _write(open_catalogue(url, self._base), build, note.copy_of)
        except (RecordError, CatalogueError) as exc:
            # What is wrong with this very record says nothing of the next one.
            if not isinstance(exc, RecordError | AmiClaimed):
                self._down[url] = str(exc)
            raise SpoolError(str(exc)) from exc

    def _url(self, note: Note) -> str:
        return note.catalogue or self._default or ""


def _write(catalogue: Catalogue, build: Build, copy_of: str | None) -> None:
    """Record a build, or a copy: another AMI of the build that it was copied from."""
    source = catalogue.by_ami(copy_of) if copy_of else None
    if source is None:
        catalogue.finish(build)
    elif any(source.amis.get(region, ami_id) != ami_id for region, ami_id in build.amis.items()):
        # One build has one AMI in a region; a copy beside it is something of its own.
        catalogue.finish(dataclasses.replace(build, id=_own_id(build), parent_build=source.id))
    else:
        catalogue.add_amis(source.id, build.amis, build.snapshots)


def _own_id(build: Build) -> str:
    """Return an id that is the same whenever this copy is delivered, and not that of the build it came from."""
    ami_ids = "|".join(sorted(build.amis.values()))
    return f"{build.id.partition('-')[0]}-{hashlib.sha256(ami_ids.encode()).hexdigest()[:6]}"
