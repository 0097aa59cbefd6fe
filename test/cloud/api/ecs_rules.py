"""What ECS refuses of a task definition for Fargate and of a service's network, and what it fills in.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
"""

from __future__ import annotations

import re
from typing import Any

from .errors import Refusal
from .world import World

# Mebibytes by CPU units, up to a whole processor.
_MEMORY = {
    "256": ("512", "1024", "2048"),
    "512": ("1024", "2048", "3072", "4096"),
    "1024": tuple(str(1024 * each) for each in range(2, 9)),
}
# NAME:TAG, NAME@DIGEST, or both. Of what is before the digest 255 characters.
_IMAGE = re.compile(r"[A-Za-z0-9._:/#-]{1,255}(@sha256:[0-9a-fA-F]{64})?")
_ECR = re.compile(r"\.dkr[.-]ecr[.-]")


def checked_definition(given: dict[str, Any]) -> dict[str, Any]:
    """As `DescribeTaskDefinition` answers it. Only Fargate is known."""
    containers = [_checked_container(each) for each in given.get("containerDefinitions") or []]
    if not containers:
        raise client_error("Container list cannot be empty.")
    if given.get("requiresCompatibilities") != ["FARGATE"]:
        raise client_error("The stand-in knows task definitions that require FARGATE.")
    if given.get("networkMode") != "awsvpc":
        raise client_error("Fargate only supports network mode ‘awsvpc’.")
    cpu, memory = given.get("cpu"), given.get("memory")
    if not cpu or not memory:
        raise client_error(f"Fargate requires that '{'memory' if cpu else 'cpu'}' be defined at the task level.")
    if memory not in _MEMORY.get(cpu, ()):
        raise client_error("No Fargate configuration exists for given values.")
    if not given.get("executionRoleArn"):
        _check_without_role(containers)
    kept = ("family", "executionRoleArn", "networkMode", "requiresCompatibilities", "cpu", "memory", "runtimePlatform")
    named = {name: given[name] for name in kept if given.get(name) is not None}
    return {**named, "containerDefinitions": containers, "volumes": [], "placementConstraints": []}


def _checked_container(given: dict[str, Any]) -> dict[str, Any]:
    if not _IMAGE.fullmatch(given.get("image") or ""):
        raise client_error("Container.image contains invalid characters.")
    ports = [_checked_port(each) for each in given.get("portMappings") or []]
    container = {
        "cpu": 0,
        "essential": True,
        **{name: [] for name in ("environment", "mountPoints", "systemControls", "volumesFrom")},
        **given,
        "portMappings": ports,
    }
    if given.get("healthCheck"):
        container["healthCheck"] = {"interval": 30, "timeout": 5, "retries": 3, **given["healthCheck"]}
    return container


def _checked_port(given: dict[str, Any]) -> dict[str, Any]:
    port = given["containerPort"]
    if given.get("hostPort") not in (None, 0, port):
        raise client_error("When networkMode=awsvpc, the host ports and container ports in port mappings must match.")
    return {"protocol": "tcp", **given, "hostPort": port}


def _check_without_role(containers: list[dict[str, Any]]) -> None:
    if any(_ECR.search(each["image"]) for each in containers):
        raise client_error("Fargate requires task definition to have execution role ARN to support ECR images.")
    if any((each.get("logConfiguration") or {}).get("logDriver") == "awslogs" for each in containers):
        message = "Fargate requires task definition to have execution role ARN to support log driver awslogs."
        raise client_error(message)


def checked_network(world: World, given: dict[str, Any] | None) -> dict[str, Any]:
    network = (given or {}).get("awsvpcConfiguration")
    if not network:
        raise invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    subnets, groups = network.get("subnets") or [], network.get("securityGroups") or []
    if not subnets:
        raise invalid("subnets can not be empty.")
    known = {each.id: each for zone in world.ec2.subnets.values() for each in zone.values()}
    for subnet in subnets:
        if subnet not in known:
            reason = f"The subnet ID '{subnet}' does not exist (ErrorCode: InvalidSubnetID.NotFound)"
            raise invalid(f"Error retrieving subnet information for [{subnet}]: {reason}")
    vpcs = {known[each].vpc_id for each in subnets}
    if len(vpcs) > 1:
        raise invalid("subnets must belong to the same VPC.")
    for group in groups:
        found = world.ec2.get_security_group_from_id(group)
        if not found:
            reason = f"The security group '{group}' does not exist (ErrorCode: InvalidGroup.NotFound)"
            raise invalid(f"Error retrieving security group information for [{group}]: {reason}")
        if found.vpc_id not in vpcs:
            raise invalid("security groups must belong to the subnets' VPC.")
    return {"awsvpcConfiguration": {"assignPublicIp": "DISABLED", **network}}


def client_error(message: str) -> Refusal:
    return Refusal("ClientException", message)


def invalid(message: str) -> Refusal:
    return Refusal("InvalidParameterException", message)
