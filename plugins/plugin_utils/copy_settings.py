# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read where copies are wanted, as users write it. Calls nothing."""

from __future__ import annotations

import collections.abc as c
import re
import typing as t

from .copies import CopyError, Wanted

_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")
_ACCOUNT = re.compile(r"\d{12}")
_KEYS = ("region", "kms_key_id", "accounts")
# A key of KMS by ARN, by alias, by id, or by the id of a multi-Region key.
_ARN = re.compile(r"arn:[a-z-]+:kms:(?P<region>[a-z0-9-]+):\d{12}:(key/[A-Za-z0-9-]+|alias/[\w/-]+)")
_SHORT = re.compile(r"alias/[\w/-]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}")


def read_wanted(regions: t.Any, defaults: t.Any) -> tuple[Wanted, ...]:
    """Return the regions in order; raise CopyError with everything that is wrong.

    ``regions`` are names, one text of names with commas between, or mappings with region, kms_key_id and accounts. A
    name takes its key and accounts from ``defaults``, which are such mappings. Without ``regions`` all defaults count.
    """
    problems: list[str] = []
    known = {want.region: want for want in _read(defaults, "golden_copies", {}, problems)}
    chosen = list(known.values()) if regions in (None, [], "") else _read(regions, "copy_regions", known, problems)
    twice = {want.region for want in chosen if [other.region for other in chosen].count(want.region) > 1}
    problems += [f"{region} is named twice" for region in sorted(twice)]
    if not chosen and not problems:
        problems.append(
            "No region is named. Set golden_copies in the inventory, or -e copy_regions=us-east-1,us-west-2"
        )
    if problems:
        raise CopyError("\n".join(problems))
    return tuple(chosen)


def check_regions(wanted: c.Iterable[Wanted], enabled: c.Collection[str]) -> None:
    """Raise CopyError for regions that this account does not have."""
    unknown = [want.region for want in wanted if want.region not in enabled]
    if unknown:
        raise CopyError(
            f"This account has no region {', '.join(unknown)}: misspelt, or not enabled. "
            f"It has {', '.join(sorted(enabled))}"
        )


def _read(value: t.Any, name: str, known: c.Mapping[str, Wanted], problems: list[str]) -> list[Wanted]:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(value, c.Mapping):
        value = [value]
    if not isinstance(value, list | tuple | None):
        problems.append(f"{name} is a list of regions, not {type(value).__name__}")
        return []
    found = [_one(item, f"{name}[{index}]", known, problems) for index, item in enumerate(value or ())]
    return [want for want in found if want]


def _one(item: t.Any, place: str, known: c.Mapping[str, Wanted], problems: list[str]) -> Wanted | None:
    before = len(problems)
    if isinstance(item, str):
        if not _REGION.fullmatch(item):
            problems.append(f"{place}: {item!r} is no region's name such as us-east-1")
        return known.get(item, Wanted(item)) if len(problems) == before else None
    if not isinstance(item, c.Mapping):
        problems.append(f"{place} is a region's name, or has {', '.join(_KEYS)}; it is {type(item).__name__}")
        return None
    problems += [f"{place}: unknown key {key}, known: {', '.join(_KEYS)}" for key in item if key not in _KEYS]
    region = item.get("region")
    if not isinstance(region, str) or not _REGION.fullmatch(region):
        problems.append(f"{place}: region is {region!r}, not a region's name such as us-east-1")
        return None
    key = item.get("kms_key_id") or None
    if key:
        problems += _key_problems(str(key), region, place)
    accounts = _accounts(item.get("accounts"), place, problems)
    return Wanted(region, str(key) if key else None, accounts) if len(problems) == before else None


def _key_problems(key: str, region: str, place: str) -> list[str]:
    arn = _ARN.fullmatch(key)
    if arn and arn["region"] != region:
        return [f"{place}: the KMS key {key} is one of {arn['region']}. A copy in {region} needs a key of {region}"]
    if not arn and not _SHORT.fullmatch(key):
        return [f"{place}: kms_key_id is {key!r}. Write an ARN, alias/NAME or a key's id"]
    return []


def _accounts(value: t.Any, place: str, problems: list[str]) -> tuple[str, ...]:
    value = [value] if isinstance(value, str | int) else value
    if not isinstance(value, list | tuple | None):
        problems.append(f"{place}: accounts is a list of account ids, not {type(value).__name__}")
        return ()
    texts = [str(account) for account in value or ()]
    # YAML reads 012345678901 without quotes as another number, so a number that is too short is one that lost a zero.
    problems += [
        f"{place}: {text!r} is no account id: 12 digits, in quotes" for text in texts if not _ACCOUNT.fullmatch(text)
    ]
    return tuple(dict.fromkeys(texts))
