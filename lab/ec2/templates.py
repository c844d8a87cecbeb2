# SPDX-License-Identifier: GPL-3.0-or-later
"""Launch templates: versions made from versions, `resolve:ssm`, and what a launch takes from a template."""

from __future__ import annotations

import re
import typing as t

from moto.core.exceptions import ServiceException
from moto.core.types import Base64EncodedString
from moto.ec2.exceptions import InvalidLaunchTemplateVersionNotFound
from moto.ec2.models.launch_templates import LaunchTemplate, LaunchTemplateVersion
from moto.ec2.utils import convert_tag_spec
from moto.ssm.models import ssm_backends

from lab.ec2 import errors
from lab.ec2.lifecycle import LifecycleBackend

RESOLVE = "resolve:ssm:"
IMAGE_ID = re.compile(r"ami-[0-9a-f]{8,17}\Z")


class TemplateBackend(LifecycleBackend):
    """The layer of the EC2 backend that deals in launch templates."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        # What was asked under a client token, and what was made of it.
        self._made: dict[str, tuple[t.Any, t.Any]] = {}

    def once(self, token: str | None, asked: t.Any, make: t.Callable[[], t.Any]) -> t.Any:
        """Return what a client token has made before; make it when there is no token, or it is new."""
        if token in self._made:
            before, made = self._made[token or ""]
            if before != asked:
                raise errors.token_of_another_request(token or "")
            return made
        made = make()
        if token:
            self._made[token] = (asked, made)
        return made

    def find_template(self, specification: t.Mapping[str, t.Any]) -> LaunchTemplate:
        """Return the template that `LaunchTemplateId` or `LaunchTemplateName` names."""
        if specification.get("LaunchTemplateId"):
            return self.get_launch_template(specification["LaunchTemplateId"])
        if specification.get("LaunchTemplateName"):
            return self.get_launch_template_by_name(specification["LaunchTemplateName"])
        raise errors.missing_parameter("LaunchTemplateId or LaunchTemplateName")

    def find_version(self, specification: t.Mapping[str, t.Any]) -> LaunchTemplateVersion:
        """Return the version that a specification means: a number, `$Latest`, or `$Default`, which nothing means too.

        moto would take the last version for number 0, and other numbers for what is none.
        """
        template = self.find_template(specification)
        asked = str(specification.get("Version") or "$Default")
        if asked.lower() not in ("$latest", "$default") and not (asked.isdecimal() and int(asked) > 0):
            raise InvalidLaunchTemplateVersionNotFound(template_id=template.id, version=asked)
        return template.get_version(asked)

    def _get_template_from_args(self, launch_template_arg: dict[str, t.Any]) -> LaunchTemplateVersion:
        return self.find_version(launch_template_arg)

    def create_template_version(
        self,
        specification: t.Mapping[str, t.Any],
        data: dict[str, t.Any],
        description: str | None,
        source_version: str | None,
    ) -> LaunchTemplateVersion:
        """Make a version of a template: what the source version says, with what `data` says instead."""
        template = self.find_template(specification)
        if source_version:
            source = self.find_version({"LaunchTemplateId": template.id, "Version": source_version})
            data = {**source.data, **data}
        return template.create_version(data, description or "")

    def resolve_image(self, text: str) -> str:
        """Return the image id that `resolve:ssm:NAME`, with a version or label after it, stands for; an id as it is."""
        if not text.startswith(RESOLVE):
            return text
        try:
            parameter = ssm_backends[self.account_id][self.region_name].get_parameter(text.removeprefix(RESOLVE))
        except ServiceException as exc:
            raise errors.not_resolved(text, exc.message) from exc
        if parameter is None:
            raise errors.not_resolved(text, "there is no such parameter")
        if not IMAGE_ID.match(parameter.value):
            raise errors.not_resolved(text, f"its value is no AMI: {parameter.value}")
        return str(parameter.value)

    def template_data(self, version: LaunchTemplateVersion, resolve: bool) -> dict[str, t.Any]:
        """Return what a version says, with `resolve` the image id instead of the parameter's name."""
        data = dict(version.data)
        if resolve and data.get("ImageId"):
            data["ImageId"] = self.resolve_image(data["ImageId"])
        return data


def fill_from_template(data: t.Mapping[str, t.Any], options: dict[str, t.Any]) -> None:
    """Give the options of a launch what the template says and the request does not; moto fills in the rest."""
    values = {
        "nics": [dict(nic) for nic in data.get("NetworkInterfaces", [])],
        "placement": data.get("Placement", {}).get("AvailabilityZone"),
        "metadata_options": data.get("MetadataOptions"),
        "instance_initiated_shutdown_behavior": data.get("InstanceInitiatedShutdownBehavior"),
        "disable_api_termination": data.get("DisableApiTermination"),
        "ebs_optimized": data.get("EbsOptimized"),
    }
    for name, value in values.items():
        if value and not options.get(name):
            options[name] = value
    if options.get("nics") and options.get("subnet_id"):
        options["nics"][0]["SubnetId"] = options.pop("subnet_id")


def tags_of(data: t.Mapping[str, t.Any], resource: str = "instance") -> dict[str, str]:
    """Return the tags that a template gives to what is launched from it."""
    return dict(convert_tag_spec(data.get("TagSpecifications", [])).get(resource, {}))


def user_data_of(data: t.Mapping[str, t.Any]) -> Base64EncodedString | None:
    """Return a template's user data in moto's own type."""
    text = data.get("UserData")
    if text is None or isinstance(text, Base64EncodedString):
        return text
    return Base64EncodedString.from_encoded_bytes(str(text).encode())
