"""Security groups: their rules reach the machines, and a group in use stays."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from .errors import Refusal
from .life import groups_of
from .world import Call, World


def install_groups(world: World) -> None:
    @world.before("ec2", "DeleteSecurityGroup")
    def check(call: Call) -> None:
        asked = call.get("GroupId")
        users = [life for life in world.instances.lives.values() if life.state != "terminated"]
        of_instances = (group for life in users for group in groups_of(life.instance))
        of_tasks = (group for nic in world.ec2.enis.values() if nic.instance is None for group in nic.group_set)
        if any(group.id == asked for groups in (of_instances, of_tasks) for group in groups):
            raise Refusal("DependencyViolation", f"resource {asked} has a dependent object")

    changes = ("AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress", "ModifySecurityGroupRules")

    # What is answered later is the network, as AWS writes it: 2001:DB8::1/32 is 2001:db8::/32.
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html
    @world.before("ec2", *changes, "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupEgress")
    def normalise(call: Call) -> None:
        for permission in call.get("IpPermissions", []):
            for ranges, cidr in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
                for each in permission.get(ranges, []):
                    _normalise(each, cidr)
        for update in call.get("SecurityGroupRules", []):
            _normalise(update.get("SecurityGroupRule", {}), "CidrIpv4")
            _normalise(update.get("SecurityGroupRule", {}), "CidrIpv6")

    @world.before("ec2", "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress")
    def check_ids(call: Call) -> None:
        group = world.ec2.get_security_group_from_id(call.get("GroupId"))
        if not group:
            return
        rules = group.ingress_rules if call.operation.endswith("Ingress") else group.egress_rules
        known = {rule.id for rule in rules}
        for asked in call.get("SecurityGroupRuleIds") or []:
            if asked not in known:
                raise Refusal("InvalidSecurityGroupRuleId.NotFound", f"The security group rule ID '{asked}' does not exist")

    @world.after("ec2", *changes)
    def apply(call: Call) -> None:
        group = call.get("GroupId")
        call.afterwards.append(lambda: world.instances.apply_ingress(group))


def _normalise(values: dict[str, Any], name: str) -> None:
    if not values.get(name):
        return
    try:
        values[name] = str(ip_network(values[name], strict=False))
    except ValueError:
        message = f"CIDR block {values[name]} is malformed"
        raise Refusal("InvalidParameterValue", message) from None
