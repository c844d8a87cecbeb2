# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an AMI is fit to be used, from what two instances of it were seen to be. Decides; calls nothing."""

from __future__ import annotations

import collections
import dataclasses
import typing as t

from .catalogue import CatalogueError
from .records import BUILT, USABLE, Build
from .text_table import first_line, table

OK = "ok"
_HEADINGS = ("IMAGE", "BUILD ID", "AMI", "CHECK", "RESULT")
# What the user data counted before it made any of its own: by key of proof.json.
_LEFTOVERS = {
    "listeners": "WinRM listeners over HTTPS",
    "certificates": "certificates of the build's WinRM",
    "rules": "firewall rules of the build's WinRM",
    "marker": "the marker of an image build",
}
_GOOD_ROLES = frozenset({"clean", "not checked"})


@dataclasses.dataclass(frozen=True)
class Instance:
    """One instance of a build's AMI. ``error`` says why it cannot be looked at, None when it can."""

    name: str
    build: str
    image: str
    ami: str
    nonce: str
    instance_id: str | None = None
    address: str | None = None
    password: str | None = dataclasses.field(default=None, repr=False)
    boot_seconds: float | None = None
    error: str | None = None

    def to_dict(self) -> dict[str, t.Any]:
        """Return the values for a play; the password is among them."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class Seen:
    """What was seen on an instance: ``error`` when it could not be looked at to the end.

    ``proof`` is what its user data wrote down, ``roles`` the outcome of each `verify`, ``seal`` what the seal check
    found fault with.
    """

    hostname: str = ""
    machine_id: str = ""
    proof: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    pending: tuple[str, ...] = ()
    roles: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    seal: tuple[str, ...] = ()
    error: str | None = None


class Verdict(t.NamedTuple):
    """The checks of one build in order, each "ok" or what is wrong, and how long its instances took to boot."""

    build: Build
    checks: dict[str, str]
    boot_seconds: tuple[float, ...]

    @property
    def proven(self) -> bool:
        return set(self.checks.values()) == {OK}

    @property
    def problems(self) -> list[str]:
        return [f"{check}: {found}" for check, found in self.checks.items() if found != OK]

    def to_dict(self) -> dict[str, t.Any]:
        """Return the verdict for the record of the build."""
        return {"proven": self.proven, "checks": dict(self.checks), "boot_seconds": list(self.boot_seconds)}


def wanted(builds: t.Iterable[Build], region: str, again: bool) -> list[Build]:
    """Return the builds to prove: those that are built and, if wanted again, verified. Raises CatalogueError."""
    found = []
    for build in builds:
        if build.status not in USABLE or region not in build.amis:
            what = "has no AMI in " + region if build.status in USABLE else f"is {build.status}"
            raise CatalogueError(f"Build {build.id} of {build.image} cannot be proved: it {what}")
        if build.status == BUILT or again:
            found.append(build)
    return found


def judge(build: Build, instances: t.Sequence[Instance], seen: t.Mapping[str, Seen], keeps_proxy: bool) -> Verdict:
    """Judge a build by its instances; ``keeps_proxy`` says that one of its roles gives the image a proxy of its own."""
    known = [seen[one.name] for one in instances if one.name in seen]
    checks = {
        "boot": _each(instances, lambda one: one.error),
        "password": _passwords(instances),
        "login": _each(instances, lambda one: _contact(one, seen.get(one.name))),
        "user data": _each(instances, lambda one: _user_data(one, seen.get(one.name))),
        "identity": _identity(known),
        "leftovers": _joined(sorted({left for one in known for left in _leftovers(one.proof, keeps_proxy)})),
        "restart": _joined(sorted({f"Windows waits for one: {reason}" for one in known for reason in one.pending})),
        "roles": _joined(sorted({fault for one in known for fault in _roles(one)})),
        "seal": _joined(sorted({fault for one in known for fault in one.seal})),
    }
    seconds = tuple(one.boot_seconds for one in instances if one.boot_seconds is not None)
    return Verdict(build, checks, seconds)


def lines(verdicts: t.Iterable[Verdict], region: str) -> list[str]:
    """Return a table: a line for each build that is fit, and one for each check that an unfit one failed."""
    return table(_HEADINGS, [row for verdict in verdicts for row in _rows(verdict, region)])


def _rows(verdict: Verdict, region: str) -> list[tuple[str, ...]]:
    build = verdict.build
    start = build.image, build.id, build.amis.get(region, "-")
    if verdict.proven:
        slowest = max(verdict.boot_seconds, default=0.0)
        return [(*start, f"all {len(verdict.checks)}", f"verified, boots in {slowest:.0f} s")]
    return [(*start, check, first_line(found)) for check, found in verdict.checks.items() if found != OK]


def _each(instances: t.Sequence[Instance], fault: t.Callable[[Instance], str | None]) -> str:
    if not instances:
        return "no instance was started"
    return _joined([f"{one.instance_id or one.name}: {found}" for one in instances if (found := fault(one))])


def _joined(faults: t.Sequence[str]) -> str:
    return "; ".join(faults) or OK


def _passwords(instances: t.Sequence[Instance]) -> str:
    missing = [one.instance_id or one.name for one in instances if not one.password]
    if missing:
        return (
            f"EC2 has none for {', '.join(missing)}: every instance must get its own new one, so the AMI is not sealed"
        )
    if len({one.password for one in instances}) < len(instances):
        return "two instances have the same: it is in the image"
    return OK


def _contact(one: Instance, seen: Seen | None) -> str | None:
    if one.error:
        return "not tried"
    return seen.error if seen else "nobody looked at it"


def _user_data(one: Instance, seen: Seen | None) -> str | None:
    if seen is None or not seen.proof:
        return "it did not run: the image does not run user data at its first boot"
    return None if seen.proof.get("nonce") == one.nonce else "it is not this instance's"


def _identity(known: t.Sequence[Seen]) -> str:
    faults = []
    for what, values in (("name", [one.hostname for one in known]), ("SID", [one.machine_id for one in known])):
        twice = [value for value, count in collections.Counter(values).items() if count > 1]
        if twice or not all(values):
            faults.append(f"two instances have the same {what} {', '.join(twice)}" if twice else f"one has no {what}")
    if len(known) < 2:
        faults.append("it takes two instances to compare")
    return "; ".join(faults) or OK


def _leftovers(proof: t.Mapping[str, t.Any], keeps_proxy: bool) -> list[str]:
    found = [what for key, what in _LEFTOVERS.items() if proof.get(key)]
    if proof.get("proxy") and not keeps_proxy:
        found.append(f"the proxy {proof['proxy']}, which none of its roles has set")
    return found


def _roles(seen: Seen) -> list[str]:
    return [
        f"{role}: {first_line(found.get('message', '')) or found.get('status')}"
        for role, found in seen.roles.items()
        if found.get("status") not in _GOOD_ROLES
    ]
