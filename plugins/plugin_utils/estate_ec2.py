# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the estate: every region of every account at once, in as few calls as there are pages.

Nothing that fails in one place hides what others said, and nothing that failed is forgotten: it becomes a `Gap`.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import datetime as dt
import typing as t

from .ec2 import Aws, AwsError, AwsSettings, Credentials
from .estate import Estate, Gap, Place
from .estate_models import estate_models
from .estate_place import Told, read_place
from .fleet_ec2 import describe_regions
from .fleet_places import ALL_REGIONS, Account

# AWS is asked by so many threads at most. They wait for it most of the time, but each holds a page of answers, and a
# thousand instances are tens of megabytes while they are parsed.
_THREADS = 6


class Scope(t.NamedTuple):
    """Where to look, and for what else.

    The account of the credentials is always looked at, ``accounts`` as well. ``regions`` may be empty (the configured
    one) or ["all"]. ``paths`` are paths of SSM parameters that hold AMIs. ``families`` are names of stock AMIs whose
    newest one is of interest, beside those in use.
    """

    accounts: t.Sequence[Account] = ()
    regions: t.Sequence[str] = ()
    paths: t.Sequence[str] = ()
    families: t.Collection[str] = ()


@dataclasses.dataclass(frozen=True)
class _Door:
    """A place, and how to get in."""

    place: Place
    settings: AwsSettings
    credentials: Credentials | None


def read_estate(settings: AwsSettings, scope: Scope, now: dt.datetime | None = None) -> Estate:
    """Read everything. Raises nothing: what could not be read is in the gaps of the estate."""
    asked = now or dt.datetime.now(dt.UTC)
    try:
        models = estate_models()
        home = Aws(settings, models=models)  # what is wrong with the configuration is wrong everywhere: say it once
    except (AwsError, NameError) as exc:
        return Estate(
            (), (), (), (Gap(Place("own account", settings.region or "-"), "configuration", str(exc)),), asked
        )
    with concurrent.futures.ThreadPoolExecutor(_THREADS) as threads:
        accounts = [Account(), *scope.accounts]
        opened = list(threads.map(lambda account: _doors(settings, home.region, account, scope.regions), accounts))
        doors = {door.place: door for found, _gaps in opened for door in found}  # an account may be named twice
        told = list(threads.map(lambda door: _read(door, scope), doors.values()))
    gaps = [gap for _doors_found, found in opened for gap in found] + [gap for one in told for gap in one.gaps]
    return Estate(
        places=tuple(doors),
        uses=tuple(use for one in told for use in one.uses),
        amis=tuple(ami for one in told for ami in one.amis),
        gaps=tuple(gaps),
        asked=asked,
        stock={key: value for one in told for key, value in one.stock.items()},
        parameters={(one.place, name): value for one in told for name, value in one.parameters.items()},
    )


def _doors(
    settings: AwsSettings, region: str, account: Account, regions: t.Sequence[str]
) -> tuple[list[_Door], list[Gap]]:
    """Return the places of an account; or none, and why."""
    name, question = account.label or "own account", "identity"
    try:
        home = Aws(settings, models=estate_models())
        credentials = home.assume_role(account.role_arn, account.external_id) if account.role_arn else None
        inside = Aws(settings, credentials, estate_models()) if credentials else home
        name = inside.identity().account
        question = "regions"
        names = describe_regions(inside) if ALL_REGIONS in regions else list(regions or [region])
    except AwsError as exc:
        return [], [Gap(Place(name, region), question, str(exc))]
    doors = (Place(name, one) for one in dict.fromkeys(names))
    return [_Door(place, dataclasses.replace(settings, region=place.region), credentials) for place in doors], []


def _read(door: _Door, scope: Scope) -> Told:
    try:
        aws = Aws(door.settings, door.credentials, estate_models())
    except AwsError as exc:
        return Told(door.place, gaps=[Gap(door.place, "configuration", str(exc))])
    return read_place(aws, door.place, scope.paths, scope.families)
