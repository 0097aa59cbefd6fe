"""What a call is about, as IAM policies see it: resources with the tags that they have, and the tags that it gives.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .world import Call, World

_EC2_KINDS = {
    "i": "instance",
    "vol": "volume",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "subnet": "subnet",
    "vpc": "vpc",
    "ami": "image",
}
_EC2_ID = re.compile(r"(i|vol|sgr?|subnet|vpc|ami)-[0-9a-f]{8,}")
# Others name rules, but are about their group.
_ABOUT_RULES = ("CreateTags", "DeleteTags", "ModifySecurityGroupRules")
_MADE = {
    "RunInstances": ("instance", "volume", "network-interface"),
    "CreateVolume": ("volume",),
    "CreateSecurityGroup": ("security-group",),
}


def resources_of(world: World, call: Call) -> list[dict[str, Any]]:
    """Before the call, which may change them. None for look-ups in EC2, which know no resources."""
    if call.service == "ec2":
        return [] if call.operation.startswith("Describe") else list(_ec2(world, call))
    known = {"ssm": _ssm, "iam": _iam, "ecr": _ecr}.get(call.service)
    return [{"arn": arn, "tags": {}} for arn in (known(world, call) if known else [])]


def request_tags(call: Call) -> dict[str, str]:
    given = [tag for each in call.get("TagSpecifications") or [] for tag in each.get("Tags") or []]
    for name in ("Tags", "Tag", "tags"):
        given += call.parameters.get(name) or []
    return {tag.get("Key", tag.get("key")): tag.get("Value", tag.get("value", "")) for tag in given}


def _ec2(world: World, call: Call) -> Iterator[dict[str, Any]]:
    where = f"arn:aws:ec2:{world.settings.region}"
    for kind in _MADE.get(call.operation, ()):
        yield {"arn": f"{where}:{world.settings.accountId}:{kind}/*", "tags": {}}
    # What a tag or a text says is no resource.
    parameters = {
        name: value
        for name, value in call.parameters.items()
        if not name.startswith("Tag") and name not in ("UserData", "ClientToken")
    }
    for found in dict.fromkeys(_texts(parameters)):
        match = _EC2_ID.fullmatch(found)
        if not match or (match[1] == "sgr" and call.operation not in _ABOUT_RULES):
            continue
        owner = "" if match[1] == "ami" else world.settings.accountId
        yield {"arn": f"{where}:{owner}:{_EC2_KINDS[match[1]]}/{found}", "tags": dict(world.ec2.tags.get(found, {}))}


def _ssm(world: World, call: Call) -> Iterator[str]:
    given = call.parameters
    for name in given.get("Names") or [given.get("Name") or given.get("Path") or given.get("ResourceId")]:
        if name:
            owner = "" if name.startswith("/aws/service/") else world.settings.accountId
            yield f"arn:aws:ssm:{world.settings.region}:{owner}:parameter/{name.lstrip('/')}"


def _iam(world: World, call: Call) -> Iterator[str]:
    for parameter, kind in (("RoleName", "role"), ("InstanceProfileName", "instance-profile")):
        if call.get(parameter):
            yield f"arn:aws:iam::{world.settings.accountId}:{kind}/{call.get(parameter)}"


def _ecr(world: World, call: Call) -> Iterator[str]:
    if call.get("resourceArn"):
        yield call.get("resourceArn")
    for name in call.get("repositoryNames") or [call.get("repositoryName")]:
        if name:
            yield f"arn:aws:ecr:{world.settings.region}:{world.settings.accountId}:repository/{name}"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _texts(each)
