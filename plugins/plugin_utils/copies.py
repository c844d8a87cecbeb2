# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where copies of a build's AMI are wanted, and what is left to do for each of them. Decides; calls nothing."""

from __future__ import annotations

import collections.abc as c
import hashlib
import typing as t

AVAILABLE = "available"
PENDING = "pending"
# Of these EC2 makes no AMI any more. They only keep the name.
DEAD = frozenset({"failed", "error", "invalid"})

# What is done about a region.
COPY = "copy"
WAIT = "wait"
KEEP = "keep"


class CopyError(Exception):
    """A copy cannot be planned; the text lists everything that is wrong."""


class Key(t.NamedTuple):
    """A KMS key as KMS describes it: ``manager`` AWS or CUSTOMER, ``state`` Enabled when it can be used."""

    arn: str
    manager: str
    state: str


class Copy(t.NamedTuple):
    """An AMI that is there already. ``accounts`` may launch it and use all of its snapshots."""

    ami_id: str
    name: str
    state: str
    created: str
    build_id: str | None
    snapshots: tuple[str, ...] = ()
    keys: tuple[Key, ...] = ()
    accounts: frozenset[str] = frozenset()
    tags: c.Mapping[str, str] = {}


class Wanted(t.NamedTuple):
    """One region in which the build is wanted."""

    region: str
    kms_key_id: str | None = None
    accounts: tuple[str, ...] = ()


class Source(t.NamedTuple):
    """The AMI that is copied."""

    build_id: str
    region: str
    copy: Copy


class Step(t.NamedTuple):
    """What is to be done in one region.

    ``ami_id`` is None as long as there is none. ``dead`` are AMIs that this one replaces: those in ``remove`` still
    have the name. ``share`` are the accounts that cannot use it yet. ``record``: the catalogue does not know this AMI.
    """

    region: str
    action: str
    ami_id: str | None
    kms_key: str | None
    share: tuple[str, ...]
    record: bool
    remove: tuple[str, ...] = ()
    dead: tuple[str, ...] = ()
    snapshots: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether this step changes anything, in EC2 or in the catalogue."""
        return self.action == COPY or bool(self.share) or self.record


def plan(
    source: Source,
    wanted: c.Iterable[Wanted],
    found: c.Mapping[str, c.Sequence[Copy]],
    keys: c.Mapping[str, Key | None],
    known: c.Mapping[str, str],
) -> list[Step]:
    """Return what is to be done, region by region.

    ``found`` are the AMIs of each region that have the build's tag, its name or its place in the catalogue; ``keys``
    the wanted KMS keys by region, None for one that is not there; ``known`` the AMIs that the catalogue has by region.
    Raises CopyError with all that cannot be done.
    """
    steps, problems = [], []
    for want in wanted:
        try:
            steps.append(_step(source, want, found.get(want.region, ()), keys, known.get(want.region)))
        except CopyError as exc:
            problems.append(f"{want.region}: {exc}")
    if problems:
        raise CopyError("\n".join(problems))
    return steps


def client_token(build_id: str, region: str, dead: c.Iterable[str] = ()) -> str:
    """Return the token that makes EC2 take a repeated request for this copy as one; ``dead`` are copies that failed.

    EC2 takes 64 characters.
    """
    return hashlib.sha256("|".join(("copy", build_id, region, *sorted(dead))).encode()).hexdigest()


def copy_tags(source: Source, image: str) -> dict[str, str]:
    """Return the tags of a copy: those of the project on the original, its name, and where it comes from."""
    kept = {key: value for key, value in source.copy.tags.items() if key == "Name" or key.startswith("golden:")}
    origin = f"{source.region}/{source.copy.ami_id}"
    return {**kept, "golden:image": image, "golden:build": source.build_id, "golden:copied-from": origin}


def _step(
    source: Source, want: Wanted, found: c.Sequence[Copy], keys: c.Mapping[str, Key | None], known: str | None
) -> Step:
    key = _usable_key(want, keys)
    if want.region == source.region:
        return _keep(source.copy, want, key, known, ())
    mine = [copy for copy in found if copy.build_id == source.build_id or copy.ami_id == known]
    alive = sorted(
        (copy for copy in mine if copy.state not in DEAD), key=lambda copy: (copy.ami_id != known, copy.created)
    )
    if alive and known not in (None, alive[0].ami_id):
        raise CopyError(
            f"{alive[0].ami_id} has the tag golden:build={source.build_id}, but the catalogue says that {known} is "
            "this build's AMI here. Correct the one that is wrong"
        )
    if alive:
        others = tuple(f"{copy.ami_id} claims this build too" for copy in alive[1:])
        return _keep(alive[0], want, key, known, others)
    strangers = [copy.ami_id for copy in found if copy not in mine]
    if strangers:
        raise CopyError(
            f"{strangers[0]} has the name {source.copy.name} but not the tag golden:build={source.build_id}. "
            "Give it the tag when it is a copy of this build, or another name"
        )
    if want.accounts and (key is None or key.manager == "AWS"):
        raise CopyError(_not_shareable("A copy would be encrypted with", want))
    failed = tuple(copy.ami_id for copy in mine)
    if known and known not in failed:
        raise CopyError(
            f"The catalogue says that {known} is this build's AMI here, and it is gone. Build the image anew, or take "
            f"{want.region} out of the list"
        )
    return Step(want.region, COPY, None, key and key.arn, want.accounts, True, remove=failed, dead=failed)


def _keep(copy: Copy, want: Wanted, key: Key | None, known: str | None, notes: tuple[str, ...]) -> Step:
    """Return the step for an AMI that is there, or will be."""
    if copy.state not in (AVAILABLE, PENDING):
        raise CopyError(f"{copy.ami_id} is {copy.state}. Enable it, or take {want.region} out of the list")
    if key and copy.keys and {one.arn for one in copy.keys} != {key.arn}:
        raise CopyError(
            f"{copy.ami_id} is encrypted with {', '.join(one.arn for one in copy.keys)}, wanted is {key.arn}. "
            "Deregister it to have it copied again, or leave kms_key_id out"
        )
    share = tuple(account for account in want.accounts if account not in copy.accounts)
    if share and any(one.manager == "AWS" for one in copy.keys):
        raise CopyError(_not_shareable(f"{copy.ami_id} is encrypted with", want))
    arn = key.arn if key else next((one.arn for one in copy.keys), None)
    action = WAIT if copy.state == PENDING else KEEP
    return Step(
        want.region, action, copy.ami_id, arn, share, known != copy.ami_id, snapshots=copy.snapshots, notes=notes
    )


def _usable_key(want: Wanted, keys: c.Mapping[str, Key | None]) -> Key | None:
    if not want.kms_key_id:
        return None
    key = keys.get(want.region)
    if key is None:
        raise CopyError(f"There is no KMS key {want.kms_key_id} in this region")
    if key.state != "Enabled":
        raise CopyError(f"The KMS key {want.kms_key_id} is {key.state}, not Enabled")
    return key


def _not_shareable(what: str, want: Wanted) -> str:
    return (
        f"{what} the account's own default key, which no other account can use, so it cannot be shared with "
        f"{', '.join(want.accounts)}. Give {want.region} a kms_key_id of yours that they may use (where the build "
        "itself is: golden_builder.kms_key_id)"
    )
