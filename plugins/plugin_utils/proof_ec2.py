# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The instances that prove AMIs: started, waited for, and always taken away again."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import secrets
import time
import typing as t

from .ec2 import Aws, AwsError
from .leftovers import Leftovers, remove
from .proof import Instance
from .records import Build, timestamp

_ADDRESS = {
    "private_ip": "PrivateIpAddress",
    "private_dns": "PrivateDnsName",
    "public_ip": "PublicIpAddress",
    "public_dns": "PublicDnsName",
}
_ALIVE = ["pending", "running", "stopping", "stopped", "shutting-down"]
# After so many minutes a sweep may take away what a crash of this process has left.
_TTL_MINUTES = 120

Say = t.Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Setting:
    """Where and how instances are started. Times in seconds."""

    instance_type: str
    subnet_id: str
    security_group_id: str | None
    source_cidrs: tuple[str, ...]
    interface: str
    public_address: bool
    poll: float
    timeout: float


class Bench:
    """All that one run makes in EC2: instances, a key pair for their passwords, a security group for WinRM."""

    def __init__(self, aws: Aws, setting: Setting, run: str, say: Say) -> None:
        """``run`` names everything; ``say`` is told how far it is."""
        self._aws = aws
        self._setting = setting
        self._run = run
        self._say = say
        self._name = f"golden-proof-{run}"

    def start(self, builds: t.Sequence[Build], count: int, user_data: t.Callable[[str], str]) -> list[Instance]:
        """Start instances of each build and return them when EC2 has their passwords, or when it is too late for it.

        ``user_data`` makes the text of one instance from its nonce. Whatever goes wrong, nothing is left behind.
        Raises AwsError for what goes wrong with all of them.
        """
        try:
            key, group = self._make_key(), self._setting.security_group_id or self._make_group()
            begun = time.monotonic()
            wanted = [
                self._launch(build, number, group, user_data) for build in builds for number in range(1, count + 1)
            ]
            return self._wait(wanted, key, begun)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> list[str]:
        """Remove everything of this run, and return a sentence for each thing that is still there."""
        try:
            with self._aws.explained(f"look for what proof {self._run} has started"):
                found = self._find()
            return remove(self._aws, found)
        except AwsError as exc:
            return [str(exc)]

    def _make_key(self) -> t.Any:
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        with self._aws.explained(f"make the key pair {self._name}"):
            made = self._ec2.create_key_pair(
                KeyName=self._name, KeyType="rsa", TagSpecifications=[self._tags("key-pair", "golden proof")]
            )
        return load_pem_private_key(made["KeyMaterial"].encode(), None)

    def _make_group(self) -> str:
        with self._aws.explained("make a security group for the proof"):
            subnets = self._ec2.describe_subnets(SubnetIds=[self._setting.subnet_id])["Subnets"]
            group = self._ec2.create_security_group(
                GroupName=self._name,
                Description="WinRM from the machine that proves an AMI",
                VpcId=subnets[0]["VpcId"],
                TagSpecifications=[self._tags("security-group", "golden proof")],
            )["GroupId"]
            ranges = [{"CidrIp": source} for source in self._setting.source_cidrs]
            rule = {"IpProtocol": "tcp", "FromPort": 5986, "ToPort": 5986, "IpRanges": ranges}
            self._ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
        return str(group)

    def _launch(self, build: Build, number: int, group: str, user_data: t.Callable[[str], str]) -> Instance:
        ami = build.amis[self._aws.region]
        nonce = secrets.token_hex(8)
        one = Instance(f"{build.image}-{build.id}-{number}", build.id, build.image, ami, nonce)
        network = {"DeviceIndex": 0, "SubnetId": self._setting.subnet_id, "Groups": [group]}
        if self._setting.public_address:
            network["AssociatePublicIpAddress"] = True
        tags = [self._tags(kind, f"golden proof of {build.image}", build) for kind in ("instance", "volume")]
        try:
            with self._aws.explained(f"start an instance of {ami}"):
                made = self._ec2.run_instances(
                    ImageId=ami,
                    InstanceType=self._setting.instance_type,
                    KeyName=self._name,
                    MinCount=1,
                    MaxCount=1,
                    ClientToken=f"{self._run}-{number}-{build.id}"[:64],
                    NetworkInterfaces=[network],
                    InstanceInitiatedShutdownBehavior="terminate",
                    MetadataOptions={"HttpTokens": "required"},
                    UserData=user_data(nonce),
                    TagSpecifications=tags,
                )["Instances"][0]
        except AwsError as exc:
            return dataclasses.replace(one, error=str(exc))
        self._say(f"{build.image}: {made['InstanceId']} starts from {ami}")
        return dataclasses.replace(one, instance_id=made["InstanceId"])

    def _wait(self, instances: list[Instance], key: t.Any, begun: float) -> list[Instance]:
        """Ask EC2 until each instance has an address and a password, or an error."""
        deadline = begun + self._setting.timeout
        while any(self._waits(one) for one in instances) and time.monotonic() < deadline:
            time.sleep(self._setting.poll)
            states = self._states()
            instances = [self._look(one, states, key, begun) if self._waits(one) else one for one in instances]
        late = f"EC2 has no password of it after {self._setting.timeout:.0f} s"
        return [dataclasses.replace(one, error=late) if self._waits(one) else one for one in instances]

    def _waits(self, one: Instance) -> bool:
        return one.error is None and not (one.address and one.password)

    def _look(self, one: Instance, states: t.Mapping[str, t.Any], key: t.Any, begun: float) -> Instance:
        state = states.get(str(one.instance_id))
        if state is None:
            return one
        if state["State"]["Name"] not in ("pending", "running"):
            reason = (
                state.get("StateReason", {}).get("Message") or state.get("StateTransitionReason") or "no reason given"
            )
            return dataclasses.replace(one, error=f"it is {state['State']['Name']}: {reason}")
        with self._aws.explained(f"get the password of {one.instance_id}"):
            data = self._ec2.get_password_data(InstanceId=one.instance_id)["PasswordData"].strip()
        address = state.get(_ADDRESS[self._setting.interface]) or None
        if not data or not address:
            return one
        seconds = round(time.monotonic() - begun, 1)
        self._say(f"{one.image}: {one.instance_id} has its password after {seconds:.0f} s")
        return dataclasses.replace(one, address=address, password=_decrypt(key, data), boot_seconds=seconds)

    def _states(self) -> dict[str, t.Any]:
        with self._aws.explained("look at the instances"):
            pages = self._ec2.get_paginator("describe_instances").paginate(Filters=[self._mine])
            groups = [group for page in pages for group in page["Reservations"]]
        return {instance["InstanceId"]: instance for group in groups for instance in group["Instances"]}

    def _find(self) -> Leftovers:
        alive = [key for key, instance in self._states().items() if instance["State"]["Name"] in _ALIVE]
        pairs = self._ec2.describe_key_pairs(Filters=[self._mine])["KeyPairs"]
        groups = self._ec2.describe_security_groups(Filters=[self._mine])["SecurityGroups"]
        return Leftovers(
            instances=tuple(alive),
            key_pairs=tuple(pair["KeyName"] for pair in pairs),
            security_groups=tuple(group["GroupId"] for group in groups),
        )

    @property
    def _ec2(self) -> t.Any:
        return self._aws.client("ec2")

    @property
    def _mine(self) -> dict[str, t.Any]:
        return {"Name": "tag:golden:proof", "Values": [self._run]}

    def _tags(self, kind: str, name: str, build: Build | None = None) -> dict[str, t.Any]:
        over = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=_TTL_MINUTES)
        tags = {"Name": name, "golden:proof": self._run, "golden:ttl": timestamp(over), "golden:build": self._name}
        if build:
            tags |= {"golden:build": build.id, "golden:image": build.image}
        return {"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def _decrypt(key: t.Any, data: str) -> str:
    from cryptography.hazmat.primitives.asymmetric import padding

    return str(key.decrypt(base64.b64decode(data), padding.PKCS1v15()).decode())
