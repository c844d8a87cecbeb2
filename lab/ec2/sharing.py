# SPDX-License-Identifier: GPL-3.0-or-later
"""What EC2 thinks of KMS keys, and what it lets an account share with others."""

from __future__ import annotations

import json
import typing as t

from moto.kms.models import kms_backends

from lab.ec2 import errors
from lab.ec2.network import NetworkBackend

DEFAULT_ALIAS = "alias/aws/ebs"


class SharingBackend(NetworkBackend):
    """The layer of the EC2 backend that knows whose keys encrypt what."""

    def key_arn(self, key_id: str) -> str | None:
        """Return the ARN of a key of this region by id, ARN or alias; None when EC2 could not encrypt with it."""
        key = self._find_key(key_id)
        return str(key.arn) if key is not None and key.account_id == self.account_id and key.enabled else None

    def key_usable(self, key_id: str) -> bool:
        """Say whether this account can use a key now: it is enabled, and its own or one whose policy names it."""
        key = self._find_key(key_id)
        if key is None or key.key_state != "Enabled":
            return False
        return key.account_id == self.account_id or _admits(key.policy, self.account_id)

    def _find_key(self, key_id: str) -> t.Any:
        """Return a key of this region, of any account when it is named by ARN; None when there is none."""
        parts = key_id.split(":")
        is_arn = len(parts) > 5
        if is_arn and parts[3] != self.region_name:
            return None
        keys = kms_backends[parts[4] if is_arn else self.account_id][self.region_name]
        alias = keys.get_alias_name(key_id)
        name = keys.get_key_id_from_alias(alias) if alias.startswith("alias/") else keys.get_key_id(key_id)
        return keys.keys.get(name) if name else None

    def add_create_volume_permission(self, snapshot_id: str, user_ids: list[str], groups: list[str]) -> None:
        self._check_shareable(self.get_snapshot(snapshot_id), groups)
        super().add_create_volume_permission(snapshot_id, user_ids, groups)

    def modify_image_attribute(
        self,
        ami_id: str,
        launch_permissions_to_add: list[dict[str, str]],
        launch_permissions_to_remove: list[dict[str, str]],
    ) -> None:
        groups = [permission["Group"] for permission in launch_permissions_to_add if "Group" in permission]
        for device in t.cast("t.Any", self.describe_images(ami_ids=[ami_id])[0]).devices:
            if launch_permissions_to_add:
                self._check_shareable(device.snapshot, groups)
        super().modify_image_attribute(ami_id, launch_permissions_to_add, launch_permissions_to_remove)

    def _create_default_encryption_key(self) -> str:
        """As moto, but the key is Amazon's to manage, and KMS says so."""
        arn = super()._create_default_encryption_key()
        kms_backends[self.account_id][self.region_name].describe_key(DEFAULT_ALIAS).key_manager = "AWS"
        return str(arn)

    def _check_shareable(self, snapshot: t.Any, groups: t.Sequence[str]) -> None:
        """Nobody else can use the account's default key, and what is encrypted cannot be public."""
        if not snapshot.encrypted:
            return
        key = kms_backends[self.account_id][self.region_name].describe_key(snapshot.kms_key_id)
        if groups or key.key_manager == "AWS":
            raise errors.snapshot_not_shareable()


def _admits(policy: str | None, account: str) -> bool:
    """Say whether a key policy lets an account in. Its conditions and actions are not looked at."""
    principals: list[str] = []
    for statement in json.loads(policy or "{}").get("Statement", []):
        named = statement.get("Principal", {})
        named = named.get("AWS", []) if isinstance(named, dict) else named
        if statement.get("Effect") == "Allow":
            principals += [named] if isinstance(named, str) else named
    return any(name == "*" or account in name for name in principals)
