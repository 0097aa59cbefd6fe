"""All that exists in the account: what `destroy` must leave nothing of."""

from __future__ import annotations

from typing import Any

from moto.ecr.models import ecr_backends
from moto.logs.models import logs_backends

from .alarms import alarm_names
from .life import Life
from .world import World


def inventory(world: World) -> dict[str, list[Any]]:
    with world.lock:
        ec2, iam = world.ec2, world.iam
        groups = [group for groups in ec2.groups.values() for group in groups.values() if not group.is_default]
        repositories = ecr_backends[world.settings.accountId][world.settings.region].repositories
        return {
            "instances": [describe(life) for life in world.instances.lives.values() if life.state != "terminated"],
            "volumes": [_volume(volume) for volume in ec2.volumes.values()],
            "securityGroups": [
                {
                    "id": group.id,
                    "name": group.name,
                    "ingress": [_rule(rule) for rule in group.ingress_rules],
                    "egress": [_rule(rule) for rule in group.egress_rules],
                }
                for group in groups
            ],
            "alarms": alarm_names(world),
            "networkInterfaces": [nic.id for nic in ec2.enis.values() if not _belongs_to_instance(nic)],
            "addresses": [address.public_ip for address in ec2.addresses],
            "keyPairs": list(ec2.key_pairs),
            "launchTemplates": list(ec2.launch_templates),
            "parameters": [name for name, versions in world.ssm._parameters.items() if versions and _own(name)],
            "roles": [role.name for role in iam.get_roles()],
            "rolePolicies": [f"{role.name}/{policy}" for role in iam.get_roles() for policy in role.policies],
            "instanceProfiles": [profile.name for profile in iam.get_instance_profiles()],
            "repositories": list(repositories),
            "clusters": [arn for arn, each in world.ecs.clusters.items() if each["status"] == "ACTIVE"],
            "taskDefinitions": [arn for arn, each in world.ecs.definitions.items() if each["status"] == "ACTIVE"],
            "services": [arn for arn, each in world.ecs.services.items() if each["status"] != "INACTIVE"],
            "logGroups": list(logs_backends[world.settings.accountId][world.settings.region].groups),
        }


def describe(life: Life) -> dict[str, Any]:
    instance = life.instance
    return {
        "id": instance.id,
        "state": life.state,
        "stateReason": instance.state_reason.code,
        "architecture": instance.architecture,
        "instanceType": instance.instance_type,
        "zone": instance.availability_zone,
        "capacityType": instance.lifecycle or "on-demand",
        "privateAddress": instance.private_ip,
        "publicAddress": instance.public_ip,
        "tags": {tag["key"]: tag["value"] for tag in instance.get_tags()},
        "boots": life.boots,
        "launchTime": instance.launch_time.timestamp(),
    }


def _volume(volume: Any) -> dict[str, Any]:
    attachment = volume.attachment
    return {
        "id": volume.id,
        "status": volume.status,
        "sizeGibibytes": volume.size,
        "instanceId": attachment.instance.id if attachment else None,
        "device": attachment.device if attachment else None,
    }


def _rule(rule: Any) -> dict[str, Any]:
    return {
        "id": rule.id,
        "protocol": rule.ip_protocol,
        "fromPort": rule.from_port,
        "toPort": rule.to_port,
        "cidr": rule.cidr_ipv4 or rule.cidr_ipv6,
        "description": rule.description,
    }


def _belongs_to_instance(nic: Any) -> bool:
    return nic.instance is not None


def _own(name: str) -> bool:
    return not name.startswith("/aws/")
