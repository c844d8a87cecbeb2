# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a fleet is: regions of accounts, all asked at once. One that does not answer does not hide the others."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import typing as t

from .ec2 import Aws, AwsError, AwsSettings, Credentials
from .fleet_ec2 import describe_amis, describe_instances, describe_regions
from .fleet_models import fleet_models

ALL_REGIONS = "all"
# EC2 is asked by so many threads at most; they wait for it most of the time.
_THREADS = 16


class Account(t.NamedTuple):
    """An account, and the role that leads into it; without one, the account of the credentials themselves."""

    name: str | None = None
    role_arn: str | None = None
    external_id: str | None = None

    @classmethod
    def of(cls, values: t.Any) -> Account:
        """Return the account that an entry of the option says; raise ValueError for what makes no sense."""
        if not isinstance(values, dict) or not values.get("name"):
            raise ValueError(f"accounts: every account needs a name, and may have role_arn and external_id: {values!r}")
        unknown = sorted(set(values) - set(cls._fields))
        if unknown:
            raise ValueError(f"accounts: {values['name']} has {', '.join(unknown)}. Known: {', '.join(cls._fields)}")
        return cls(**values)

    @property
    def label(self) -> str:
        """Return how messages call it, "" for the only one."""
        return self.name or self.role_arn or ""


@dataclasses.dataclass(frozen=True)
class Place:
    """One region of one account, and how to ask it."""

    account: Account
    settings: AwsSettings
    credentials: Credentials | None

    def open(self) -> Aws:
        return Aws(self.settings, self.credentials, fleet_models())


@dataclasses.dataclass(frozen=True)
class Question:
    """What to ask of every place: filters of EC2 for the instances, and which AMIs beside those that run."""

    filters: t.Mapping[str, t.Sequence[str]]
    list_amis: bool = False
    more_amis: t.Callable[[str], t.Iterable[str]] = lambda _region: ()
    page_size: int | None = None


@dataclasses.dataclass(frozen=True)
class Answer:
    """What one place said. ``amis`` is None when only the instances could be listed."""

    account: str
    region: str
    instances: list[dict[str, t.Any]]
    amis: list[dict[str, t.Any]] | None


class Found(t.NamedTuple):
    """All answers, in the order of accounts and regions, and a sentence for everything that failed."""

    answers: list[Answer]
    problems: list[str]


def ask(settings: AwsSettings, accounts: t.Sequence[Account], regions: t.Sequence[str], question: Question) -> Found:
    """Ask every region of every account. ``regions`` may be empty (the configured one) or ``["all"]``."""
    try:
        Aws(settings, models=fleet_models())  # what is wrong with the configuration is wrong everywhere: say it once
    except AwsError as exc:
        return Found([], [str(exc)])
    with concurrent.futures.ThreadPoolExecutor(_THREADS) as threads:
        opened = list(threads.map(lambda account: _places(settings, account, regions), accounts))
        places = (place for found, _problem in opened for place in found)
        said = list(threads.map(lambda place: _ask(place, question), places))
    problems = dict.fromkeys(problem for _found, problem in [*opened, *said] if problem)
    return Found([answer for answer, _problem in said if answer], list(problems))


def _places(settings: AwsSettings, account: Account, regions: t.Sequence[str]) -> tuple[list[Place], str]:
    """Return the regions of an account, or none and why."""
    try:
        home = Aws(settings, models=fleet_models())
        credentials = home.assume_role(account.role_arn, account.external_id) if account.role_arn else None
        if ALL_REGIONS in regions:
            regions = describe_regions(Aws(settings, credentials, fleet_models()))
    except AwsError as exc:
        return [], _problem(account, exc)
    names = regions or [home.region]
    return [Place(account, dataclasses.replace(settings, region=name), credentials) for name in names], ""


def _ask(place: Place, question: Question) -> tuple[Answer | None, str]:
    """Return what a place said, if anything, and what went wrong, if anything."""
    name = place.account.label
    try:
        aws = place.open()
        instances = describe_instances(aws, question.filters, question.page_size)
    except AwsError as exc:
        return None, _problem(place.account, exc)
    ids = {instance["ImageId"] for instance in instances}
    if question.list_amis:
        ids.update(question.more_amis(aws.region))
    try:
        return Answer(name, aws.region, instances, describe_amis(aws, ids, tagged=question.list_amis)), ""
    except AwsError as exc:
        return Answer(name, aws.region, instances, None), _problem(place.account, exc)


def _problem(account: Account, exc: AwsError) -> str:
    return f"Account {account.label}: {exc}" if account.label else str(exc)
