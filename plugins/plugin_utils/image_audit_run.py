# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the estate and the catalogue, and audit them. Other verbs that show findings begin here as well."""

from __future__ import annotations

import dataclasses
import typing as t

from .catalogue import Catalogue, CatalogueError
from .ec2 import AwsSettings
from .estate import Estate, Gap, Place
from .estate_answers import family_of
from .estate_ec2 import Scope, read_estate
from .image_audit import Acceptance, Audit, Records, audit
from .image_audit_ami import Known, Policy
from .records import Build

# Builds are read in pages, so that a large catalogue is never in memory as a whole.
_PAGE = 500


def run_audit(
    settings: AwsSettings,
    scope: Scope,
    open_catalogue: t.Callable[[], Catalogue],
    prefix: str | None,
    policy: Policy,
    accepted: t.Sequence[Acceptance] = (),
) -> tuple[Audit, Estate]:
    """Return the audit, and what it judged. Raises nothing for what does not answer, the catalogue included."""
    problem = None
    try:
        records = read_records(open_catalogue(), prefix)
    except CatalogueError as exc:
        records, problem = Records(), str(exc)
    families = {family_of(known.source_name or "") for known in records.by_id.values()}
    paths = list(dict.fromkeys([*scope.paths, *([prefix] if prefix else [])]))
    scope = scope._replace(paths=paths, families={*scope.families, *filter(None, families)})
    found = read_estate(settings, scope)
    if problem:
        place = found.places[0] if found.places else Place("-", "-")
        found = dataclasses.replace(found, gaps=(*found.gaps, Gap(place, "catalogue", problem)))
    return audit(found, records, policy, accepted), found


def read_records(catalogue: Catalogue, prefix: str | None) -> Records:
    """Return what the audit needs of a catalogue. Raises CatalogueError."""
    by_id = {build.id: _known(build) for build in _pages(catalogue)}
    # Newest first: an AMI that two records name is the newer one's.
    by_ami: dict[str, Known] = {}
    for known in by_id.values():
        for ami in known.amis.values():
            by_ami.setdefault(ami, known)
    return Records(by_ami, by_id, tuple(catalogue.channels()), prefix)


def _known(build: Build) -> Known:
    return Known(
        build.id, build.image, build.status, build.amis, build.parent_build, build.source_ami, build.source_ami_name
    )


def _pages(catalogue: Catalogue) -> t.Iterator[Build]:
    before: str | None = None
    while builds := catalogue.builds(limit=_PAGE, before=before):
        yield from builds
        before = builds[-1].id
