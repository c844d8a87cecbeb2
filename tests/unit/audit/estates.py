# SPDX-License-Identifier: GPL-3.0-or-later
"""Estates made by hand."""

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.golden.windows_ami.plugins.plugin_utils import estate
from ansible_collections.golden.windows_ami.plugins.plugin_utils.estate import (
    AmiState,
    Estate,
    Gap,
    Place,
    SnapshotState,
    Use,
)
from ansible_collections.golden.windows_ami.plugins.plugin_utils.image_audit import Acceptance, Audit, Records, audit
from ansible_collections.golden.windows_ami.plugins.plugin_utils.image_audit_ami import Known, Policy

OWN = "123456789012"
HERE = Place(OWN, "eu-west-1")
THERE = Place(OWN, "us-east-1")
NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
STOCK = "Windows_Server-2022-English-Full-Base"


def day(days_ago: int) -> dt.date:
    return NOW.date() - dt.timedelta(days=days_ago)


def ours(ami_id: str = "ami-1", days_ago: int = 1, **more: t.Any) -> AmiState:
    """Return an AMI of ours that can be launched."""
    values = {"owner": OWN, "name": "golden-web", "state": "available", "created": f"{day(days_ago)}T10:00:00.000Z"}
    snapshots = (SnapshotState("snap-1", "completed"),)
    return AmiState(ami_id, HERE, **{**values, "snapshots": snapshots, **more})


def stock(ami_id: str = "ami-a", days_ago: int = 1, **more: t.Any) -> AmiState:
    """Return a stock AMI that was released so many days ago."""
    name = f"{STOCK}-{day(days_ago):%Y.%m.%d}"
    return ours(ami_id, days_ago, owner="801119661308", alias="amazon", public=True, name=name, snapshots=(), **more)


def group(ami: str | None = "ami-1", **more: t.Any) -> Use:
    return Use(estate.GROUP, "web", "web", HERE, ami, **{"via": "launch template web version 1", **more})


def instance(number: int = 1, ami: str = "ami-1", **more: t.Any) -> Use:
    return Use(estate.INSTANCE, f"i-{number}", f"server {number}", HERE, ami, **more)


def known(ami: str = "ami-1", number: int = 1, **more: t.Any) -> Known:
    """Return what the catalogue knows of a build."""
    values = {"status": "verified", "amis": {HERE.region: ami}, "parent": None, "source": "ami-a", "source_name": None}
    return Known(**{"id": f"20261101T120000Z-00000{number}", "image": "web", **values, **more})


def records(*builds: Known, **more: t.Any) -> Records:
    by_ami = {ami: build for build in builds for ami in build.amis.values()}
    return Records(by_ami, {build.id: build for build in builds}, **more)


def judged(
    uses: t.Iterable[Use],
    amis: t.Iterable[AmiState] = (),
    builds: Records | None = None,
    policy: Policy | None = None,
    accepted: t.Sequence[Acceptance] = (),
    gaps: t.Iterable[Gap] = (),
    **more: t.Any,
) -> Audit:
    """Audit an estate of these in one place."""
    found = Estate((HERE,), tuple(uses), tuple(amis), tuple(gaps), NOW, **more)
    return audit(found, builds or Records(), policy or Policy(), accepted)


def rules(found: Audit) -> list[tuple[str, str]]:
    """Return severity and rule of what counts."""
    return [(one.severity, one.rule) for one in found.findings if one.accepted is None]
