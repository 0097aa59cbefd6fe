"""What a call is about, as IAM policies see it: resources with the tags that they have, and the tags that it gives.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from moto.iam.exceptions import NotFoundException

from .world import Call, World

_EC2_KINDS = {
    "i": "instance",
    "vol": "volume",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "subnet": "subnet",
    "vpc": "vpc",
    "ami": "image",
    "lt": "launch-template",
    "eni": "network-interface",
}
_EC2_ID = re.compile(r"(i|vol|sgr?|subnet|vpc|ami|lt|eni)-[0-9a-f]{8,}")
# Others name rules, but are about their group.
_ABOUT_RULES = ("CreateTags", "DeleteTags", "ModifySecurityGroupRules")
# Others know no resources.
_DESCRIBES_RESOURCES = ("DescribeInstanceAttribute", "DescribeVpcAttribute")
# What is in a template is looked at when something is launched from it.
_ABOUT_TEMPLATES = ("CreateLaunchTemplate", "CreateLaunchTemplateVersion")
_MADE = {
    "RunInstances": ("instance", "volume", "network-interface"),
    "CreateFleet": ("fleet", "instance", "volume", "network-interface"),
    "CreateLaunchTemplate": ("launch-template",),
    "CreateVolume": ("volume",),
    "CreateSecurityGroup": ("security-group",),
}


def resources_of(world: World, call: Call) -> list[dict[str, Any]]:
    """Before the call, which may change them, with the tags that they have, or `given` if it makes them. None for most
    look-ups in EC2, which know no resources.
    """
    if call.service == "ec2":
        is_look_up = call.operation.startswith("Describe") and call.operation not in _DESCRIBES_RESOURCES
        return [] if is_look_up else list(_ec2(world, call))
    known = {"ssm": _ssm, "iam": _iam, "ecr": _ecr, "ecs": _ecs, "logs": _logs, "cloudwatch": _cloudwatch}.get(call.service)
    return [{"arn": arn, "tags": {}} for arn in (known(world, call) if known else [])]


def request_tags(call: Call) -> dict[str, str]:
    lists = [{"Tags": call.parameters.get(name)} for name in ("Tags", "Tag", "tags")]
    return _tags_of([*(call.get("TagSpecifications") or []), *lists])


def _tags_of(specifications: Iterable[dict[str, Any]]) -> dict[str, str]:
    given = [tag for each in specifications for tag in _listed(each.get("Tags"))]
    return {tag.get("Key", tag.get("key")): tag.get("Value", tag.get("value", "")) for tag in given}


def _listed(tags: Any) -> list[dict[str, str]]:
    """CloudWatch Logs has a map of them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()] if isinstance(tags, dict) else tags or []


def _is_spot(call: Call) -> bool:
    return "spot" in (
        call.get("TargetCapacitySpecification.DefaultTargetCapacityType"),
        call.get("InstanceMarketOptions.MarketType"),
    )


def passed_roles(world: World, call: Call) -> list[str]:
    """What the call gives to an instance or to a task, for which iam:PassRole is asked, too."""
    if call.operation == "RegisterTaskDefinition":
        return [arn for arn in (call.get("executionRoleArn"), call.get("taskRoleArn")) if arn]
    for part, get in (
        ("Name", world.iam.get_instance_profile),
        ("Arn", world.iam.get_instance_profile_by_arn),
    ):
        value = call.operation == "RunInstances" and call.get(f"IamInstanceProfile.{part}")
        if value:
            try:
                return [role.arn for role in get(value).roles]
            except NotFoundException:
                return []
    return []


def _ec2(world: World, call: Call) -> Iterator[dict[str, Any]]:
    where = f"arn:aws:ec2:{world.settings.region}"
    for kind in _made(call):
        given = _tags_of(each for each in call.get("TagSpecifications") or [] if each.get("ResourceType") == kind)
        yield {"arn": f"{where}:{world.settings.accountId}:{kind}/*", "tags": {}, "given": given}
    if call.operation in ("RunInstances", "CreateFleet") and _is_spot(call):
        yield {"arn": f"{where}:{world.settings.accountId}:spot-instances-request/*", "tags": {}, "given": {}}
    for found in dict.fromkeys([*_named(call.parameters), *_named_by_templates(world, call)]):
        match = _EC2_ID.fullmatch(found)
        if not match or (match[1] == "sgr" and call.operation not in _ABOUT_RULES):
            continue
        if match[1] != "lt" and call.operation in _ABOUT_TEMPLATES:
            continue
        owner = "" if match[1] == "ami" else world.settings.accountId
        yield {"arn": f"{where}:{owner}:{_EC2_KINDS[match[1]]}/{found}", "tags": dict(world.ec2.tags.get(found, {}))}


def _made(call: Call) -> Iterator[str]:
    """An instance that is launched with interfaces that are there gets none of its own."""
    interfaces = call.get("NetworkInterfaces") or []
    has_own = not interfaces or any(not each.get("NetworkInterfaceId") for each in interfaces)
    return (kind for kind in _MADE.get(call.operation, ()) if has_own or kind != "network-interface")


def _named(parameters: dict[str, Any]) -> Iterator[str]:
    # What a tag or a text says is no resource.
    for name, value in parameters.items():
        if not name.startswith("Tag") and name not in ("UserData", "ClientToken"):
            yield from _texts(value)


def _named_by_templates(world: World, call: Call) -> Iterator[str]:
    if call.operation != "CreateFleet":
        return
    for config in call.get("LaunchTemplateConfigs") or []:
        specification = config.get("LaunchTemplateSpecification") or {}
        template = world.ec2.launch_templates.get(specification.get("LaunchTemplateId"))
        version = specification.get("Version") or "$Default"
        # A version that is not there is refused later.
        if template and (not version.isdigit() or int(version) <= template.latest_version_number):
            yield from _named(template.get_version(version).data)


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


def _cloudwatch(world: World, call: Call) -> Iterator[str]:
    if call.get("ResourceARN"):
        yield call.get("ResourceARN")
    # A look-up of alarms by their names is asked for all of them.
    names = [call.get("AlarmName")] if call.get("AlarmName") else []
    for name in names + (call.get("AlarmNames", []) if call.operation == "DeleteAlarms" else []):
        yield f"arn:aws:cloudwatch:{world.settings.region}:{world.settings.accountId}:alarm:{name}"


def _ecr(world: World, call: Call) -> Iterator[str]:
    if call.get("resourceArn"):
        yield call.get("resourceArn")
    for name in call.get("repositoryNames") or [call.get("repositoryName")]:
        if name:
            yield f"arn:aws:ecr:{world.settings.region}:{world.settings.accountId}:repository/{name}"


def _ecs(world: World, call: Call) -> Iterator[str]:
    """Task definitions are registered and described as such; of a cluster's services each is a resource, and it is not."""
    if call.operation in ("RegisterTaskDefinition", "DeregisterTaskDefinition", "DescribeTaskDefinition"):
        if call.operation.startswith("Register"):
            yield world.ecs.arn(f"task-definition/{call.get('family')}:*")
        return
    if call.get("resourceArn"):
        yield call.get("resourceArn")
    yield from call.get("serviceDeploymentArns", [])
    cluster = (call.get("cluster") or call.get("clusterName") or "").split("/")[-1]
    services = [*call.get("services", []), call.get("service"), call.get("serviceName")]
    for name in [each for each in services if each]:
        yield name if name.startswith("arn:") else world.ecs.arn(f"service/{cluster}/{name}")
    for name in [*call.get("clusters", []), *([cluster] if cluster and not any(services) else [])]:
        yield name if name.startswith("arn:") else world.ecs.arn(f"cluster/{name}")


def _logs(world: World, call: Call) -> Iterator[str]:
    if call.get("resourceArn"):
        yield call.get("resourceArn")
    elif call.get("logGroupName"):
        yield f"arn:aws:logs:{world.settings.region}:{world.settings.accountId}:log-group:{call.get('logGroupName')}"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _texts(each)
