# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances: checked as EC2 checks them, with the volumes their image asks for, and a guest behind each."""

from __future__ import annotations

import typing as t

from moto.core.utils import utcnow

from lab.ec2 import errors
from lab.ec2.hypervisor import set_state
from lab.ec2.image import now
from lab.ec2.sharing import DEFAULT_ALIAS
from lab.ec2.templates import TemplateBackend, fill_from_template

if t.TYPE_CHECKING:
    from lab.ec2.hypervisor import Instance
    from lab.ec2.image import Device, Image

USER_DATA_LIMIT = 16384
NO_KEY = "Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state"
# moto's names for what a mapping may say about a volume, with EC2's defaults.
VOLUME_DEFAULTS = {"VolumeType": "gp2", "DeleteOnTermination": False, "Encrypted": False}


class InstanceBackend(TemplateBackend):
    """The layer of the EC2 backend that deals in instances."""

    def run_instances(
        self,
        image_id: str,
        count: int,
        user_data: t.Any,
        security_group_names: list[str],
        **kwargs: t.Any,
    ) -> t.Any:
        """Check what EC2 checks, give every instance its image's volumes, and power it on."""
        template = dict(self.find_version(kwargs["launch_template"]).data) if kwargs.get("launch_template") else {}
        if any(kwargs.get(f"iam_instance_profile_{name}") for name in ("arn", "name")):
            template.pop("IamInstanceProfile", None)
        fill_from_template(template, kwargs)
        image_id = self.resolve_image(image_id or template.get("ImageId") or "")
        if not image_id:
            raise errors.missing_parameter("ImageId")
        image = self.launchable_image(image_id)
        self._check_key(kwargs.get("key_name") or template.get("KeyName"))
        if user_data is not None and len(user_data.decode("latin-1")) > USER_DATA_LIMIT:
            raise errors.user_data_too_long()
        requested = kwargs.pop("block_device_mappings", None) or template.get("BlockDeviceMappings", [])
        kwargs["block_device_mappings"] = merge_devices(image, requested)
        if not kwargs.get("subnet_id") and not any(nic.get("SubnetId") for nic in kwargs.get("nics", [])):
            # moto would give it an address of EC2-Classic, which is long gone.
            kwargs["subnet_id"] = self._default_subnet(kwargs.get("placement"), template)
        self._check_network(kwargs, count)
        if image.imds_support == "v2.0":
            options = kwargs.get("metadata_options") or {}
            kwargs["metadata_options"] = {"HttpTokens": "required", "HttpPutResponseHopLimit": 2, **options}
        reservation = super().run_instances(image_id, count, user_data, security_group_names, **kwargs)
        image.launched_at = now()
        for instance in reservation.instances:
            self._finish(instance, kwargs["block_device_mappings"])
            self._give_profile(instance, template)
            set_state(instance, "pending")
            if self._keys_usable(kwargs["block_device_mappings"]):
                self.hypervisor.launch(instance)
            else:
                self._die_without_key(instance)
        return reservation

    def start_instances(self, instance_ids: list[str]) -> list[t.Any]:
        changes = []
        for instance in self.get_multi_instances_by_id(instance_ids):
            before = _state(instance)
            if before.name not in ("stopped", "running", "pending"):
                raise errors.wrong_state(instance.id, before.name, "started")
            if before.name == "stopped":
                set_state(instance, "pending")
                self.hypervisor.start(instance)
            changes.append((instance, before))
        return changes

    def stop_instances(self, instance_ids: list[str]) -> list[t.Any]:
        changes = []
        for instance in self.get_multi_instances_by_id(instance_ids):
            before = _state(instance)
            if before.name in ("terminated", "shutting-down"):
                raise errors.wrong_state(instance.id, before.name, "stopped")
            if before.name in ("running", "pending"):
                set_state(instance, "stopping", _user_initiated())
                self.hypervisor.stop(instance)
            changes.append((instance, before))
        return changes

    def reboot_instances(self, instance_ids: list[str]) -> list[Instance]:
        instances = self.get_multi_instances_by_id(instance_ids)
        for instance in instances:
            if instance.state != "running":
                raise errors.wrong_state(instance.id, instance.state, "rebooted")
            self.hypervisor.reboot(instance)
        return t.cast("list[Instance]", instances)

    def terminate_instances(self, instance_ids: list[str]) -> list[t.Any]:
        """Begin to terminate; volumes, interfaces and addresses go when the guest is off."""
        instances = self.get_multi_instances_by_id(instance_ids)
        for instance in instances:
            if instance.disable_api_termination is True:
                return t.cast("list[t.Any]", super().terminate_instances(instance_ids))
        changes = []
        for instance in instances:
            before = _state(instance)
            if before.name not in ("terminated", "shutting-down"):
                set_state(instance, "shutting-down", _user_initiated())
                self.hypervisor.terminate(instance)
            changes.append((instance, before))
        return changes

    def release_instance(self, instance: Instance) -> None:
        """Free what a terminated instance held: volumes, interfaces, addresses."""
        reason = instance._reason
        instance.terminate()
        # moto frees the address again when the object dies, by then it may be another instance's.
        instance._private_ips.clear()
        set_state(instance, "terminated", reason)

    def get_password_data(self, instance_id: str) -> str:
        self.get_instance(instance_id)
        return self.hypervisor.password_data(instance_id)

    def create_key_pair(self, name: str, key_type: str | None, tags: dict[str, str]) -> t.Any:
        return super().create_key_pair(name, key_type or "rsa", tags)

    def _check_key(self, name: str | None) -> None:
        if not name:
            return
        pair = self.key_pairs.get(name)
        if pair is None:
            raise errors.key_not_found(name)
        if pair.key_type != "rsa":
            raise errors.key_unsupported()

    def _check_network(self, options: dict[str, t.Any], count: int) -> None:
        """Check that there are addresses, and that security groups are of the subnet's own network."""
        nic: dict[str, t.Any] = next(iter(options.get("nics", [])), {})
        subnet = self.get_subnet(options.get("subnet_id") or nic["SubnetId"])
        if subnet.available_ip_address_count < count:
            raise errors.no_free_addresses(subnet.id)
        for group_id in [*options.get("security_group_ids", []), *nic.get("Groups", [])]:
            group = self.get_security_group_from_id(group_id) if isinstance(group_id, str) else group_id
            if group is not None and group.vpc_id != subnet.vpc_id:
                raise errors.group_elsewhere(group.id, subnet.id)

    def _keys_usable(self, mappings: list[dict[str, t.Any]]) -> bool:
        """Say whether every key that encrypts a volume is there, enabled, and for this account to use."""
        given = {mapping["Ebs"].get("KmsKeyId") for mapping in mappings}
        return all(self.key_usable(key) for key in given - {None, DEFAULT_ALIAS})

    def _give_profile(self, instance: Instance, template: t.Mapping[str, t.Any]) -> None:
        """Give an instance the profile of its template. One that a request names is given by moto, after this."""
        profile = template.get("IamInstanceProfile", {})
        if profile:
            self.associate_iam_instance_profile(instance.id, profile.get("Name"), profile.get("Arn"))

    def _die_without_key(self, instance: Instance) -> None:
        """EC2 takes the call, and the instance dies."""
        self.release_instance(instance)
        set_state(instance, "terminated", NO_KEY)
        instance.state_reason = type(instance.state_reason)(NO_KEY, NO_KEY.partition(":")[0])

    def _default_subnet(self, zone: str | None, template: dict[str, t.Any]) -> str:
        subnets = self.get_default_subnets()
        chosen = template.get("SubnetId") or subnets.get(zone or f"{self.region_name}a")
        if not chosen:
            raise errors.missing_parameter("SubnetId")
        return chosen if isinstance(chosen, str) else t.cast("str", chosen.id)

    def _finish(self, instance: Instance, mappings: list[dict[str, t.Any]]) -> None:
        """Put right what moto leaves out: the settings of gp3 volumes, interfaces that go with the instance."""
        for mapping in mappings:
            volume = self.get_volume(instance.block_device_mapping[mapping["DeviceName"]].volume_id)
            volume.iops = mapping["Ebs"].get("Iops") or volume.iops
            volume.throughput = mapping["Ebs"].get("Throughput") or (125 if volume.volume_type == "gp3" else None)
        for interface in instance.nics.values():
            interface.delete_on_termination = True
            if interface.public_ip:
                # One address inside and outside: there is no other that the lab could answer at.
                interface.public_ip = interface.private_ip_address


def merge_devices(image: Image, requested: t.Sequence[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Return the full mapping of a new instance: the image's own, overridden by device name, plus new ones."""
    by_name = {device.name: _from_device(device) for device in image.devices}
    sizes = {device.name: device.snapshot.volume_size for device in image.devices}
    for mapping in requested:
        name = mapping["DeviceName"]
        if mapping.get("NoDevice") == "":
            by_name.pop(name, None)
            continue
        given = {key: value for key, value in mapping.get("Ebs", {}).items() if value is not None}
        merged = {**by_name.get(name, {"Ebs": VOLUME_DEFAULTS})["Ebs"], **given}
        if "Iops" not in given and given.get("VolumeType") not in (None, "gp3", "io1", "io2"):
            merged.pop("Iops", None)
        if not merged.get("VolumeSize") and not merged.get("SnapshotId"):
            raise errors.missing_parameter(f"the size or snapshot of {name}")
        if int(merged.get("VolumeSize") or 0) < sizes.get(name, 0):
            raise errors.volume_too_small(merged["VolumeSize"], merged["SnapshotId"], sizes[name])
        by_name[name] = {"DeviceName": name, "Ebs": merged}
    return list(by_name.values())


def _from_device(device: Device) -> dict[str, t.Any]:
    mapping = device.to_mapping()
    mapping["Ebs"]["KmsKeyId"] = device.snapshot.kms_key_id
    return mapping


def _state(instance: Instance) -> t.Any:
    """Return a copy of the state, for "previous state" in an answer."""
    return type(instance._state)(instance._state.name, instance._state.code)


def _user_initiated() -> str:
    return f"User initiated ({utcnow():%Y-%m-%d %H:%M:%S} GMT)"
