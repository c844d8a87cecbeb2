# SPDX-License-Identifier: GPL-3.0-or-later
"""What EC2's network lets through: security groups inwards, routes outwards."""

from __future__ import annotations

import ipaddress
import typing as t

from moto.ec2 import models as moto_models

from lab.ec2 import errors

if t.TYPE_CHECKING:
    from lab.ec2.hypervisor import Hypervisor, Instance


class NetworkBackend(moto_models.EC2Backend):
    """moto's EC2 that answers for the network: the first layer of the lab's backend."""

    # Set once, before the first request.
    hypervisor: t.ClassVar[Hypervisor]

    def create_default_vpc(self) -> t.Any:
        """Give the default VPC addresses that this machine can answer at, and no public ones."""
        vpc = self.create_vpc(self.hypervisor.open_region(self.region_name, self.account_id), is_default=True)
        for zone in self.describe_availability_zones():
            self.create_default_subnet(zone.name).map_public_ip_on_launch = False
        return vpc

    def groups_of(self, instance: Instance) -> list[t.Any]:
        """Return the security groups that guard the instance's interfaces."""
        groups = {group.id: group for group in instance.security_groups}
        for interface in instance.nics.values():
            groups.update({group.id: group for group in interface.group_set})
        return list(groups.values())

    def delete_security_group(self, name: str | None = None, group_id: str | None = None) -> None:
        """Delete a group, unless an instance still uses it."""
        group = self.get_security_group_by_name_or_id(group_id or name or "")
        if group is not None and self._in_use(group.id):
            raise errors.group_in_use(group.id)
        super().delete_security_group(name, group_id)

    def _in_use(self, group_id: str) -> bool:
        return any(
            group.id == group_id
            for instance in self.all_instances()
            if instance.state != "terminated"
            for group in self.groups_of(instance)
        )

    def group_allows(self, instance: Instance, peer_ip: str, port: int) -> bool:
        """Say whether a TCP connection from the peer passes one of the instance's security groups."""
        return any(
            self._rule_allows(rule, peer_ip, port) for group in self.groups_of(instance) for rule in group.ingress_rules
        )

    def _rule_allows(self, rule: t.Any, peer_ip: str, port: int) -> bool:
        if rule.ip_protocol not in ("-1", "tcp"):
            return False
        if rule.ip_protocol == "tcp" and not rule.from_port <= port <= rule.to_port:
            return False
        if rule.cidr_ipv4:
            return ipaddress.ip_address(peer_ip) in ipaddress.ip_network(rule.cidr_ipv4)
        source = rule.source_group.get("GroupId")
        return source is not None and any(
            source in (group.id for group in self.groups_of(peer))
            for peer in self.all_instances()
            if peer.state not in ("terminated", "stopped") and peer.private_ip == peer_ip
        )

    def has_egress(self, instance: Instance) -> bool:
        """Say whether the instance's subnet routes to the internet in a way the instance can use."""
        for route in self._route_table(instance).routes:
            if route.destination_cidr_block != "0.0.0.0/0":
                continue
            if route.nat_gateway is not None or (route.gateway is not None and instance.public_ip):
                return True
        return False

    def _route_table(self, instance: Instance) -> t.Any:
        tables = [table for table in self.route_tables.values() if table.vpc_id == instance.vpc_id]
        for table in tables:
            if instance.subnet_id in table._associations.values():
                return table
        return next(table for table in tables if table.main_association_id)
