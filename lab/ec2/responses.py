# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2's answers: what the lab's backend takes and gives beyond moto's."""

from __future__ import annotations

import typing as t

from moto.core.responses import ActionResult
from moto.core.types import Base64EncodedString
from moto.core.utils import utcnow

from lab.ec2 import errors, stock
from lab.ec2.image_responses import ImageResponse


class EC2Response(ImageResponse):
    """Reads the parameters that moto drops, and answers calls it has not got."""

    def create_image(self) -> ActionResult:
        self.error_on_dryrun()
        image = self.ec2_backend.create_image(
            self._get_param("InstanceId"),
            self._get_param("Name"),
            self._get_param("Description", ""),
            tag_specifications=self._get_param("TagSpecifications", []),
            no_reboot=self._get_bool_param("NoReboot", False),
        )
        return ActionResult({"ImageId": image.id})

    def copy_image(self) -> ActionResult:
        self.error_on_dryrun()
        image = self.ec2_backend.copy_image(
            self._get_param("SourceImageId"),
            self._get_param("SourceRegion"),
            self._get_param("Name"),
            self._get_param("Description"),
            encrypted=self._get_bool_param("Encrypted", False),
            kms_key_id=self._get_param("KmsKeyId"),
            tag_specifications=self._get_param("TagSpecifications", []),
            client_token=self._get_param("ClientToken"),
        )
        return ActionResult({"ImageId": image.id})

    def modify_image_attribute(self) -> ActionResult:
        if imds_support := self._get_param("ImdsSupport", {}).get("Value"):
            if imds_support != "v2.0":
                raise errors.action_unknown(f"ModifyImageAttribute with ImdsSupport {imds_support}")
            self.error_on_dryrun()
            self.ec2_backend.own_image(self._get_param("ImageId")).imds_support = imds_support
            return ActionResult({"Return": True})
        attribute = self._get_param("Attribute")
        description = self._get_param("Description", {}).get("Value")
        if attribute == "description":
            description = self._get_param("Value")
        if description is None:
            if attribute not in (None, "launchPermission"):
                raise errors.action_unknown(f"ModifyImageAttribute of {attribute}")
            return super().modify_image_attribute()
        self.error_on_dryrun()
        self.ec2_backend.own_image(self._get_param("ImageId")).description = description
        return ActionResult({"Return": True})

    def describe_snapshots(self) -> ActionResult:
        """As moto, but of the owners that were asked for."""
        owners = self._get_param("OwnerIds", [])
        aliases = {"self": self.current_account, stock.OWNER_ALIAS: stock.OWNER_ID}
        wanted = {aliases.get(owner, owner) for owner in owners}
        found = self.ec2_backend.describe_snapshots(
            self._get_param("SnapshotIds", []), self._filters_from_querystring()
        )
        return ActionResult({"Snapshots": [item for item in found if not wanted or item.owner_id in wanted]})

    def run_instances(self) -> ActionResult:
        """As moto; an SDK that lost the answer repeats the request with its client token, and starts nothing more."""
        asked = {name: value for name, value in self._get_params().items() if name != "ClientToken"}
        make = super().run_instances
        return t.cast("ActionResult", self.ec2_backend.once(self._get_param("ClientToken"), str(asked), make))

    def describe_instance_status(self) -> t.Any:
        """As moto, for which every instance that runs is well; a guest that stays dark is not."""
        rows = []
        for instance in t.cast("t.Any", super().describe_instance_status()).result["InstanceStatuses"]:
            checks = instance.instance_status
            if instance.state == "running" and self.ec2_backend.hypervisor.status_checks(instance.id) == "impaired":
                checks = {"Status": "impaired", "Details": [{"Name": "reachability", "Status": "failed"}]}
            rows.append(
                {
                    "InstanceId": instance.id,
                    "AvailabilityZone": instance.placement.zone,
                    "InstanceState": {"Code": instance.state_code, "Name": instance.state},
                    "InstanceStatus": checks,
                    "SystemStatus": instance.system_status,
                }
            )
        return ActionResult({"InstanceStatuses": rows})

    def get_password_data(self) -> ActionResult:
        instance_id = self._get_param("InstanceId")
        data = self.ec2_backend.get_password_data(instance_id)
        return ActionResult({"InstanceId": instance_id, "Timestamp": utcnow(), "PasswordData": data})

    def get_console_output(self) -> ActionResult:
        instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
        output = Base64EncodedString.from_raw_string(self.ec2_backend.hypervisor.console(instance.id))
        return ActionResult({"InstanceId": instance.id, "Timestamp": utcnow(), "Output": output})

    def _parse_block_device_mapping(self) -> list[dict[str, t.Any]]:
        """Keep what was said and no more: what was left out comes from the image, and is checked there."""
        return list(self._get_param("BlockDeviceMappings", []))

    def call_action(self) -> t.Any:
        """Answer what neither moto nor the lab has with an error that names it, not with a page of HTML."""
        try:
            return super().call_action()
        except NotImplementedError as exc:
            status, headers, body = self.serialized(ActionResult(errors.action_unknown(str(exc))))
            return status, headers, body
