# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2's answers about the life of images, launch templates and spot fleets."""

from __future__ import annotations

import datetime
import typing as t

from moto.core.responses import ActionResult
from moto.ec2 import responses as moto_responses
from moto.ec2.utils import parse_user_data

from lab.ec2 import errors
from lab.ec2.references import KINDS, instance_metadata, references

PAGE = 1000
TEMPLATE_PAGE = 200


class ImageResponse(moto_responses.EC2Response):
    """Answers what moto has not got, or answers wrongly, about images and launch templates."""

    def describe_images(self) -> ActionResult:
        self.error_on_dryrun()
        filters = self._filters_from_querystring()
        disabled = self._get_bool_param("IncludeDisabled", False)
        if "disabled" in filters.get("state", ()) and not disabled:
            raise errors.disabled_not_included()
        images = self.ec2_backend.describe_images(
            ami_ids=self._get_param("ImageIds", []),
            filters=filters,
            exec_users=self._get_param("ExecutableUsers", []),
            owners=self._get_param("Owners", []),
            include_deprecated=self._get_bool_param("IncludeDeprecated", False),
            include_disabled=disabled,
        )
        return self._page("Images", images, PAGE)

    def deregister_image(self) -> ActionResult:
        self.error_on_dryrun()
        deleted = self.ec2_backend.deregister_image(
            self._get_param("ImageId"), delete_snapshots=self._get_bool_param("DeleteAssociatedSnapshots", False)
        )
        return ActionResult({"Return": True, "DeleteSnapshotResults": deleted})

    def enable_image_deprecation(self) -> ActionResult:
        self.error_on_dryrun()
        when = self._get_param("DeprecateAt")
        if isinstance(when, str):
            when = datetime.datetime.fromisoformat(when)
        if when.tzinfo is None:
            when = when.replace(tzinfo=datetime.UTC)
        self.ec2_backend.deprecate_image(self._get_param("ImageId"), when)
        return ActionResult({"Return": True})

    def disable_image_deprecation(self) -> ActionResult:
        self.error_on_dryrun()
        self.ec2_backend.undeprecate_image(self._get_param("ImageId"))
        return ActionResult({"Return": True})

    def enable_image_deregistration_protection(self) -> ActionResult:
        self.error_on_dryrun()
        image = self.ec2_backend.own_image(self._get_param("ImageId"))
        return ActionResult({"Return": image.protect(self._get_bool_param("WithCooldown", False))})

    def disable_image_deregistration_protection(self) -> ActionResult:
        self.error_on_dryrun()
        return ActionResult({"Return": self.ec2_backend.own_image(self._get_param("ImageId")).unprotect()})

    def reset_image_attribute(self) -> t.Any:
        self.error_on_dryrun()
        if self._get_param("Attribute") != "launchPermission":
            raise errors.action_unknown(f"ResetImageAttribute of {self._get_param('Attribute')}")
        self.ec2_backend.own_image(self._get_param("ImageId")).launch_permissions.clear()
        return ActionResult({"Return": True})

    def describe_image_attribute(self) -> ActionResult:
        self.ec2_backend.own_image(self._get_param("ImageId"))
        return super().describe_image_attribute()

    def describe_image_references(self) -> ActionResult:
        self.error_on_dryrun()
        kinds = {kind["ResourceType"]: kind for kind in self._get_param("ResourceTypes", [])}
        if self._get_bool_param("IncludeAllResourceTypes", False):
            kinds = {name: kinds.get(name, {"ResourceType": name}) for name in KINDS}
        if not kinds:
            raise errors.missing_parameter("IncludeAllResourceTypes or ResourceTypes")
        found = references(self.ec2_backend, self._get_param("ImageIds", []), list(kinds.values()))
        return self._page("ImageReferences", [reference._asdict() for reference in found], PAGE)

    def describe_instance_image_metadata(self) -> ActionResult:
        self.error_on_dryrun()
        rows = instance_metadata(self.ec2_backend, self._get_param("InstanceIds", []), self._filters_from_querystring())
        return self._page("InstanceImageMetadata", rows, PAGE)

    def modify_snapshot_attribute(self) -> ActionResult:
        """As moto, which reads only the older of the two ways to say it."""
        self.error_on_dryrun()
        snapshot_id, change = self._get_param("SnapshotId"), self._get_param("CreateVolumePermission", {})
        for operation, call in (
            ("Add", self.ec2_backend.add_create_volume_permission),
            ("Remove", self.ec2_backend.remove_create_volume_permission),
        ):
            grants = change.get(operation, [])
            users = [grant["UserId"] for grant in grants if "UserId" in grant]
            groups = [grant["Group"] for grant in grants if "Group" in grant]
            if grants:
                call(snapshot_id, user_ids=users, groups=groups)
        return super().modify_snapshot_attribute()

    def create_launch_template(self) -> ActionResult:
        """As moto, and once for a client token."""
        asked = (self._get_param("LaunchTemplateName"), str(self._get_param("LaunchTemplateData")))
        make = super().create_launch_template
        return t.cast("ActionResult", self.ec2_backend.once(self._get_param("ClientToken"), asked, make))

    def create_launch_template_version(self) -> ActionResult:
        self.error_on_dryrun()
        data = dict(self._get_param("LaunchTemplateData", {}))
        if "UserData" in data:
            data["UserData"] = parse_user_data(data["UserData"])
        asked = (self._template(), data, self._get_param("VersionDescription"), self._get_param("SourceVersion"))
        version = self.ec2_backend.once(
            self._get_param("ClientToken"),
            asked,
            lambda: self.ec2_backend.create_template_version(*asked),
        )
        return ActionResult({"LaunchTemplateVersion": self._version(version, version.data)})

    def describe_launch_templates(self) -> ActionResult:
        self.error_on_dryrun()
        templates = self.ec2_backend.describe_launch_templates(
            template_names=self._get_param("LaunchTemplateNames", []),
            template_ids=self._get_param("LaunchTemplateIds", []),
            filters=self._filters_from_querystring(),
        )
        rows = [
            {
                "CreateTime": template.create_time,
                "CreatedBy": f"arn:{self.partition}:iam::{self.current_account}:root",
                "DefaultVersionNumber": template.default_version_number,
                "LatestVersionNumber": template.latest_version_number,
                "LaunchTemplateId": template.id,
                "LaunchTemplateName": template.name,
                "Tags": template.get_tags(),
            }
            for template in templates
        ]
        return self._page("LaunchTemplates", rows, TEMPLATE_PAGE)

    def describe_launch_template_versions(self) -> ActionResult:
        self.error_on_dryrun()
        asked = self._template()
        versions = self._get_param("Versions", [])
        if asked and versions:
            found = [self.ec2_backend.find_version({**asked, "Version": version}) for version in versions]
        else:
            pairs = self.ec2_backend.describe_launch_template_versions(
                template_name=asked.get("LaunchTemplateName"),
                template_id=asked.get("LaunchTemplateId"),
                versions=versions,
                min_version=self._get_int_param("MinVersion"),
                max_version=self._get_int_param("MaxVersion"),
                max_results=10**6,
            )
            found = [version for _, version in pairs]
        resolve = self._get_bool_param("ResolveAlias", False)
        rows = [self._version(version, self.ec2_backend.template_data(version, resolve)) for version in found]
        return self._page("LaunchTemplateVersions", rows, TEMPLATE_PAGE)

    def request_spot_fleet(self) -> ActionResult:
        self.error_on_dryrun()
        fleet = self.ec2_backend.start_spot_fleet(self._get_param("SpotFleetRequestConfig", {}))
        return ActionResult({"SpotFleetRequestId": fleet.id})

    def describe_spot_fleet_requests(self) -> ActionResult:
        self.error_on_dryrun()
        rows = self.ec2_backend.spot_fleet_rows(self._get_param("SpotFleetRequestIds", []))
        return self._page("SpotFleetRequestConfigs", rows, PAGE)

    def _template(self) -> dict[str, str]:
        names = ("LaunchTemplateId", "LaunchTemplateName")
        return {name: self._get_param(name) for name in names if self._get_param(name)}

    def _version(self, version: t.Any, data: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        return {
            "CreateTime": version.create_time,
            "CreatedBy": f"arn:{self.partition}:iam::{self.current_account}:root",
            "DefaultVersion": version.template.is_default(version),
            "LaunchTemplateData": data,
            "LaunchTemplateId": version.template.id,
            "LaunchTemplateName": version.template.name,
            "VersionDescription": version.description,
            "VersionNumber": version.number,
        }

    def _page(self, name: str, rows: t.Sequence[t.Any], largest: int) -> ActionResult:
        """Answer with one page of rows, and the token of the next; a token is a position."""
        start = int(self._get_param("NextToken") or 0)
        end = start + min(self._get_int_param("MaxResults") or largest, largest)
        return ActionResult({name: rows[start:end], "NextToken": str(end) if end < len(rows) else None})
