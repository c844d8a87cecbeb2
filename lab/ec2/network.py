# SPDX-License-Identifier: GPL-3.0-or-later
"""What EC2's network lets through: security groups inwards, routes outwards."""

from __future__ import annotations

import ipaddress
import typing as t

if t.TYPE_CHECKING:
    from lab.ec2.hypervisor import Instance
    from lab.ec2.models import EC2Backend


class NetworkBackend:
    """The part of the EC2 backend that answers for the network. Mixed into the backend."""

    def group_allows(self: EC2Backend, instance: Instance, peer_ip: str, port: int) -> bool:
        """Say whether a TCP connection from the peer passes one of the instance's security groups."""
        return any(
            self._rule_allows(rule, peer_ip, port) for group in self.groups_of(instance) for rule in group.ingress_rules
        )

    def _rule_allows(self: EC2Backend, rule: t.Any, peer_ip: str, port: int) -> bool:
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

    def has_egress(self: EC2Backend, instance: Instance) -> bool:
        """Say whether the instance's subnet routes to the internet in a way the instance can use."""
        for route in self._route_table(instance).routes:
            if route.destination_cidr_block != "0.0.0.0/0":
                continue
            if route.nat_gateway is not None or (route.gateway is not None and instance.public_ip):
                return True
        return False

    def _route_table(self: EC2Backend, instance: Instance) -> t.Any:
        tables = [table for table in self.route_tables.values() if table.vpc_id == instance.vpc_id]
        for table in tables:
            if instance.subnet_id in table._associations.values():
                return table
        return next(table for table in tables if table.main_association_id)
