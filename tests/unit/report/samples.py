# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts for reports, as small, as large and as hostile as a test wants them."""

from __future__ import annotations

import datetime as dt
import typing as t

from ansible_collections.golden.windows_ami.plugins.plugin_utils import estate
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import ChannelMove
from ansible_collections.golden.windows_ami.plugins.plugin_utils.estate import AmiState, Estate, Gap, Place, Use
from ansible_collections.golden.windows_ami.plugins.plugin_utils.image_audit import Records, audit
from ansible_collections.golden.windows_ami.plugins.plugin_utils.image_audit_ami import Known, Policy
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build, RoleRun, timestamp
from ansible_collections.golden.windows_ami.plugins.plugin_utils.report.model import Facts

NOW = dt.datetime(2026, 11, 22, 16, 45, tzinfo=dt.UTC)
HERE = Place("123456789012", "eu-west-1")
FAMILY = "Windows_Server-2022-English-Full-Base"
OLD_BASE, NEW_BASE = f"{FAMILY}-2026.08.12", f"{FAMILY}-2026.11.12"


def build(number: int, image: str = "octopus_tentacle", hours: int = 0, **values: t.Any) -> Build:
    """Return a good build, some hours old; a larger number is another build."""
    started = NOW - dt.timedelta(hours=hours)
    record: dict[str, t.Any] = {
        "id": f"{started:%Y%m%dT%H%M%SZ}-{number:06x}",
        "image": image,
        "status": "verified",
        "started": timestamp(started),
        "finished": timestamp(started + dt.timedelta(minutes=20)),
        "seconds": 1200.0 + number % 7 * 60,
        "amis": {HERE.region: f"ami-{number:017x}"},
        "source_ami": "ami-0000000000000a001",
        "source_ami_name": OLD_BASE,
        "roles": (
            RoleRun("proxy", 30.0, 4, 2),
            RoleRun("firewall", 40.0 + number % 5, 6, 3),
            RoleRun(image, 300.0, 9, 5),
        ),
        "author": "alice",
    }
    return Build(**{**record, **values})


def move(build: Build, channel: str = "stable", number: int = 1, **values: t.Any) -> ChannelMove:
    """Return a move of a channel to a build."""
    made = ChannelMove(build.image, channel, build.id, None, build.started, "alice", "It works", number)
    return made._replace(**values)


def use(ami: str | None, name: str = "web", kind: str = estate.GROUP, **values: t.Any) -> Use:
    """Return a thing that launches an AMI."""
    return Use(kind, name, name, HERE, ami)._replace(**values)


def stock(number: int, name: str) -> AmiState:
    """Return a stock AMI."""
    return AmiState(
        f"ami-{number:017x}", HERE, owner="801119661308", alias="amazon", name=name, state="available",
        created="2026-11-12T00:00:00.000Z", public=True,
    )  # fmt: skip


def facts(
    builds: t.Sequence[Build] = (),
    moves: t.Sequence[ChannelMove] = (),
    uses: t.Sequence[Use] = (),
    amis: t.Sequence[AmiState] = (),
    gaps: t.Sequence[Gap] = (),
    **values: t.Any,
) -> Facts:
    """Return facts about these, audited. Amazon publishes one family, and has released a newer AMI of it."""
    newest = stock(0xA002, NEW_BASE)
    found = Estate(
        (HERE,), tuple(uses), (*amis, newest), tuple(gaps), NOW, {(HERE.region, FAMILY): newest.id}, {}
    )  # fmt: skip
    by_id = {
        one.id: Known(one.id, one.image, one.status, one.amis, one.parent_build, one.source_ami, one.source_ami_name)
        for one in builds
    }
    by_ami = {ami: by_id[one.id] for one in builds for ami in one.amis.values()}
    judged = audit(found, Records(by_ami, by_id, tuple(moves)), Policy())
    made: dict[str, t.Any] = {
        "builds": tuple(sorted(builds, key=lambda one: one.id, reverse=True)),
        "older": False,
        "others": (),
        "moves": tuple(moves),
        "history": tuple(moves),
        "audit": judged,
        "estate": found,
    }
    return Facts(**{**made, **values})


def fleet(number: int = 12) -> Facts:
    """Return an ordinary fleet: two images, one made from the other, ``number`` builds, and things that run."""
    builds: list[Build] = []
    for one in range(1, number + 1):
        even = one % 2 == 0
        image, parent = ("iis_dotnet", builds[-1].id) if even else ("octopus_tentacle", None)
        failed: dict[str, t.Any] = {"status": "failed", "error": "Cannot install", "amis": {}} if one % 11 == 0 else {}
        more = {"parent_build": parent, "source_ami_name": None, "source_ami": None} if even else {}
        builds.append(build(one, image, hours=24 * (number - one), **more, **failed))
    good = [one for one in builds if one.amis]
    moves = [move(good[-1], "candidate"), move(good[-2], "stable", reason="Ran for a week")]
    owned = [
        AmiState(ami, HERE, owner=HERE.account, name=one.image, state="available", created=one.started)
        for one in good
        for ami in one.amis.values()
    ]
    uses = [
        use(good[-1].amis[HERE.region], "web", via="launch template web version 3"),
        use("ami-0000000000000a001", "legacy"),
        use("ami-00000000000dead00", "broken"),
        use(None, "lost", problem="SSM parameter /golden/ami/x does not exist"),
        *(use(good[-1].amis[HERE.region], f"i-{number:08x}", estate.INSTANCE) for number in range(30)),
    ]
    gone = AmiState("ami-00000000000dead00", HERE)
    return facts(builds, moves, uses, [*owned, stock(0xA001, OLD_BASE), gone])


HOSTILE = (
    "<script>window.stolen = 1</script>",
    "<img src=x onerror=window.stolen=1>",
    '"><svg onload=window.stolen=1>',
    "' onmouseover='window.stolen=1",
    "</script><script>window.stolen=1</script>",
    "<!-- </style><style>*{display:none}</style>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:window.stolen=1",
    "&lt;b&gt; \u202egnp.exe\u0000\u001b[2J\ud800",
    "https://evil.example/pixel.png",
)


def hostile() -> Facts:
    """Return facts in which every text that others write holds markup."""
    builds, moves, uses, amis = [], [], [], []
    for number, text in enumerate(HOSTILE, 1):
        one = build(
            number, text, hours=number, status="failed" if number % 2 else "verified", error=text, author=text,
            source_ami_name=text, ami_name=text, roles=(RoleRun(text, 60.0, 1, 1), RoleRun(f"x{text}", 30.0, 1, 1)),
        )  # fmt: skip
        builds.append(one)
        moves.append(move(one, text, author=text, reason=text))
        ami = one.amis[HERE.region]
        uses.append(use(ami, text, via=text, id=text, tags={"Name": text}))
        uses.append(use(None, f"{text} lost", problem=text, via=text))
        amis.append(AmiState(ami, HERE, owner="999999999999", name=text, state=text, reason=text))
    gaps = [Gap(HERE, text, text) for text in HOSTILE]
    return facts(builds, moves, uses, amis, gaps)
