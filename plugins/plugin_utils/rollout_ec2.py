# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of a roll-out: one region of one account, asked and changed. Decides nothing."""

from __future__ import annotations

import dataclasses
import datetime as dt
import time
import typing as t

from .ec2 import Aws, AwsError, AwsSettings, Credentials
from .fleet_places import ALL_REGIONS, Account
from .rollout import ACTIVE, Config, Draft, Refresh
from .rollout_preferences import as_ec2

# Credentials of a role end after an hour; a roll-out with checkpoints takes longer.
_RENEW_AFTER = 2700.0
# The most values that EC2 takes in one filter.
_VALUES = 200
# Names of groups in one call.
_NAMES = 50

Raw = dict[str, t.Any]


class Login:
    """The way into an account: the own credentials, or those of a role, renewed before they end."""

    def __init__(self, settings: AwsSettings, account: Account) -> None:
        """Sign in; with a role, assume it. Raises AwsError."""
        self.account = account
        self.home = Aws(settings)
        self.settings = settings
        self._credentials, self._since = self._assume()

    def credentials(self) -> tuple[Credentials | None, float]:
        """Return what to sign with, and when it was got."""
        if self._credentials and time.monotonic() - self._since > _RENEW_AFTER:
            self._credentials, self._since = self._assume()
        return self._credentials, self._since

    def _assume(self) -> tuple[Credentials | None, float]:
        role = self.account.role_arn
        found = self.home.assume_role(role, self.account.external_id) if role else None
        return found, time.monotonic()


class Region:
    """Auto Scaling and EC2 in one region of one account. Every method may raise AwsError."""

    def __init__(self, login: Login, name: str) -> None:
        """Remember where; call nothing yet."""
        self._login = login
        self._opened: float | None = None
        self._aws = login.home
        self.name = name
        self.account = login.account.label

    @property
    def aws(self) -> Aws:
        """Return the session, a new one when the role has new credentials."""
        credentials, since = self._login.credentials()
        if self._opened != since:
            settings = dataclasses.replace(self._login.settings, region=self.name)
            self._aws, self._opened = Aws(settings, credentials), since
        return self._aws

    def groups(self, names: t.Sequence[str] | None = None) -> list[Raw]:
        """Return all groups, or those with these names that are still there."""
        if names is None:
            return self._groups()
        starts = range(0, len(names), _NAMES)
        return [row for start in starts for row in self._groups(AutoScalingGroupNames=names[start : start + _NAMES])]

    def group(self, name: str) -> Raw | None:
        """Return one group, None when it is gone."""
        return next(iter(self.groups([name])), None)

    def configurations(self) -> dict[str, str]:
        """Return the AMI of each launch configuration, by name."""
        with self.aws.explained("list launch configurations"):
            pages = self._scaling.get_paginator("describe_launch_configurations").paginate()
            found = [one for page in pages for one in page["LaunchConfigurations"]]
        return {one["LaunchConfigurationName"]: one.get("ImageId", "") for one in found}

    def moving_versions(self) -> list[Raw]:
        """Return what $Latest and $Default of every launch template are."""
        return self._versions("read the launch templates", Versions=["$Latest", "$Default"])

    def versions(self, template: str, numbers: t.Sequence[str]) -> list[Raw]:
        """Return these versions of a template, without those that are not there."""
        try:
            return self._versions(f"read launch template {template}", **_by(template), Versions=list(numbers))
        except AwsError as exc:
            if not exc.code.startswith("InvalidLaunchTemplate"):
                raise
        # One that is missing hides the others.
        alone = [self.versions(template, [number]) for number in numbers] if len(numbers) > 1 else []
        return [row for rows in alone for row in rows]

    def find_version(self, draft: Draft, ami: str, text: str) -> int | None:
        """Return the newest version that was made for this wish already."""
        rows = self._versions(
            f"look for versions of launch template {draft.template_name}",
            **_by(draft.template_id), MinVersion=str(draft.source + 1),
        )  # fmt: skip
        found = [
            row["VersionNumber"]
            for row in rows
            if row.get("VersionDescription") == text and row["LaunchTemplateData"].get("ImageId") == ami
        ]
        return max(found, default=None)

    def make_version(self, draft: Draft, ami: str, text: str, token: str) -> int:
        """Make a version from another one, with an AMI."""
        with self.aws.explained(f"make a version of launch template {draft.template_name}"):
            answer = self._ec2.create_launch_template_version(
                **_by(draft.template_id),
                SourceVersion=str(draft.source),
                VersionDescription=text,
                ClientToken=token,
                LaunchTemplateData={"ImageId": ami},
            )
        return int(answer["LaunchTemplateVersion"]["VersionNumber"])

    def point(self, group: str, config: Config) -> None:
        """Change what a group launches from now on; its instances stay."""
        with self.aws.explained(f"change the group {group}"):
            self._scaling.update_auto_scaling_group(AutoScalingGroupName=group, **config)

    def start(self, group: str, config: Config | None, preferences: t.Mapping[str, t.Any]) -> str:
        """Start an instance refresh and return its id."""
        with self.aws.explained(f"start an instance refresh of {group}"):
            answer = self._scaling.start_instance_refresh(
                AutoScalingGroupName=group,
                Strategy="Rolling",
                Preferences=as_ec2(preferences),
                **({"DesiredConfiguration": config} if config else {}),
            )
        return str(answer["InstanceRefreshId"])

    def refreshes(self, group: str, refresh_id: str | None = None) -> Raw | None:
        """Return a refresh of a group, the newest when none is named."""
        chosen = {"InstanceRefreshIds": [refresh_id]} if refresh_id else {"MaxRecords": 1}
        with self.aws.explained(f"look at the instance refresh of {group}"):
            answer = self._scaling.describe_instance_refreshes(AutoScalingGroupName=group, **chosen)
        found = answer["InstanceRefreshes"]
        return found[0] if found else None

    def look(self, group: str, refresh_id: str) -> Refresh | None:
        """Return how far a refresh is."""
        found = self.refreshes(group, refresh_id)
        return refresh_of(found) if found else None

    def roll_back(self, group: str) -> None:
        """Turn the refresh that runs; its instances go back to what was before."""
        with self.aws.explained(f"roll back the instance refresh of {group}"):
            self._scaling.rollback_instance_refresh(AutoScalingGroupName=group)

    def cancel(self, group: str) -> None:
        """End the refresh that runs; what it has replaced stays."""
        with self.aws.explained(f"cancel the instance refresh of {group}"):
            self._scaling.cancel_instance_refresh(AutoScalingGroupName=group)

    def complaint(self, group: str, since: dt.datetime | None) -> str:
        """Return what the group's newest failed activity since a moment says, "" when none has failed."""
        with self.aws.explained(f"read the activities of {group}"):
            answer = self._scaling.describe_scaling_activities(AutoScalingGroupName=group, MaxRecords=20)
        failed = [
            one
            for one in answer["Activities"]
            if one["StatusCode"] == "Failed" and (since is None or one["StartTime"] >= since)
        ]
        return str(failed[0].get("StatusMessage") or failed[0].get("Description", "")) if failed else ""

    def amis_of(self, instances: t.Sequence[str]) -> dict[str, str]:
        """Return the AMI of each instance that EC2 knows."""
        found: dict[str, str] = {}
        with self.aws.explained("look at instances"):
            for start in range(0, len(instances), _VALUES):
                filters = [{"Name": "instance-id", "Values": list(instances[start : start + _VALUES])}]
                pages = self._ec2.get_paginator("describe_instances").paginate(Filters=filters)
                rows = [
                    one for page in pages for reservation in page["Reservations"] for one in reservation["Instances"]
                ]
                found |= {one["InstanceId"]: one["ImageId"] for one in rows}
        return found

    def usable(self, amis: t.Sequence[str]) -> set[str]:
        """Return those AMIs that this account can launch."""
        found: set[str] = set()
        with self.aws.explained("look at AMIs"):
            for start in range(0, len(amis), _VALUES):
                filters = [
                    {"Name": "image-id", "Values": list(amis[start : start + _VALUES])},
                    {"Name": "state", "Values": ["available"]},
                ]
                pages = self._ec2.get_paginator("describe_images").paginate(Filters=filters, IncludeDeprecated=True)
                found |= {image["ImageId"] for page in pages for image in page["Images"]}
        return found

    def _groups(self, **query: t.Any) -> list[Raw]:
        with self.aws.explained("list Auto Scaling Groups"):
            pages = self._scaling.get_paginator("describe_auto_scaling_groups").paginate(**query)
            return [group for page in pages for group in page["AutoScalingGroups"]]

    def _versions(self, attempt: str, **query: t.Any) -> list[Raw]:
        with self.aws.explained(attempt):
            pages = self._ec2.get_paginator("describe_launch_template_versions").paginate(**query)
            return [row for page in pages for row in page["LaunchTemplateVersions"]]

    @property
    def _ec2(self) -> t.Any:
        return self.aws.client("ec2")

    @property
    def _scaling(self) -> t.Any:
        return self.aws.client("autoscaling")


def open_regions(
    settings: AwsSettings, accounts: t.Sequence[Account], regions: t.Sequence[str]
) -> tuple[list[Region], list[str]]:
    """Return all regions of the own account and of others, and a sentence for each that could not be opened.

    ``regions`` may be empty (the configured one) or ``["all"]``.
    """
    opened, problems = [], []
    for account in (Account(), *accounts):
        try:
            login = Login(settings, account)
            names = list(regions) or [login.home.region]
            opened += [Region(login, name) for name in (_enabled(login) if ALL_REGIONS in names else names)]
        except AwsError as exc:
            problems.append(f"Account {account.label}: {exc}" if account.label else str(exc))
    return opened, problems


def _enabled(login: Login) -> list[str]:
    first = Region(login, login.home.region).aws
    with first.explained("list the regions"):
        return sorted(one["RegionName"] for one in first.client("ec2").describe_regions()["Regions"])


def refresh_of(raw: Raw, amis: frozenset[str | None] | None = None) -> Refresh:
    """Return a refresh as it is known here."""
    return Refresh(
        raw["InstanceRefreshId"],
        raw["Status"],
        str(raw.get("StatusReason", "")),
        int(raw.get("PercentageComplete") or 0),
        raw.get("InstancesToUpdate"),
        amis,
        raw.get("StartTime"),
    )


def is_active(raw: Raw | None) -> bool:
    """Whether an answer is a refresh that still does something."""
    return bool(raw) and t.cast(Raw, raw)["Status"] in ACTIVE


def _by(template: str) -> dict[str, str]:
    return {"LaunchTemplateId" if template.startswith("lt-") else "LaunchTemplateName": template}
