"""Security groups: their rules reach the machines, and a group in use stays."""

from __future__ import annotations

from .errors import Refusal
from .instances import groups_of
from .world import Call, World


def install_groups(world: World) -> None:
    @world.before("ec2", "DeleteSecurityGroup")
    def check(call: Call) -> None:
        asked = call.get("GroupId")
        users = [life for life in world.instances.lives.values() if life.state != "terminated"]
        if any(group.id == asked for life in users for group in groups_of(life.instance)):
            raise Refusal("DependencyViolation", f"resource {asked} has a dependent object")

    changes = ("AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress", "ModifySecurityGroupRules")

    @world.after("ec2", *changes)
    def apply(call: Call) -> None:
        group = call.get("GroupId")
        call.afterwards.append(lambda: world.instances.apply_ingress(group))
