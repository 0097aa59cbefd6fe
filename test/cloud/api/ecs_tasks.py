"""Why a task of Fargate would not start: its role, its network, its image for its platform, its log group.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html
"""

from __future__ import annotations

import base64
import json
import re
import ssl
import urllib.request
from typing import Any

from moto.iam.exceptions import NotFoundException
from moto.logs.models import logs_backends

from .policies import allows
from .registry import issue_token
from .world import World

_ARCHITECTURES = {"ARM64": "arm64", "X86_64": "amd64"}
_PULLS = ("ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_KINDS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)


def why_not(world: World, definition: dict[str, Any], network: dict[str, Any]) -> str | None:
    with world.lock:
        reason = _of_role(world, definition) or _of_network(world, network) or _of_logs(world, definition)
    architecture = _ARCHITECTURES[(definition.get("runtimePlatform") or {}).get("cpuArchitecture", "X86_64")]
    # Without the lock: the registry is another server.
    for container in definition["containerDefinitions"]:
        reason = reason or _of_image(world, container["image"], architecture)
    return reason


def _of_role(world: World, definition: dict[str, Any]) -> str | None:
    arn = definition.get("executionRoleArn", "")
    name = arn.split("/")[-1]
    cannot = f"ECS was unable to assume the role '{arn}' that was provided for this task."
    try:
        role = world.iam.get_role(name)
    except NotFoundException:
        return cannot
    if "ecs-tasks.amazonaws.com" not in role.assume_role_policy_document:
        return cannot
    documents = world.roles.effective(name)
    wanted = [*_PULLS, *(["logs:CreateLogStream"] if _log_groups(definition) else [])]
    refused = next((action for action in wanted if not allows(documents, action, None)), None)
    return refused and f"ResourceInitializationError: … is not authorized to perform: {refused}"


def _of_network(world: World, network: dict[str, Any]) -> str | None:
    # The VPC has neither a NAT gateway nor endpoints.
    groups = [world.ec2.get_security_group_from_id(each) for each in network.get("securityGroups") or []]
    is_open = any(rule.cidr_ipv4 == "0.0.0.0/0" for group in groups if group for rule in group.egress_rules)
    if network["assignPublicIp"] == "ENABLED" and is_open:
        return None
    return "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth"


def _of_logs(world: World, definition: dict[str, Any]) -> str | None:
    known = logs_backends[world.settings.accountId][world.settings.region].groups
    missing = next((name for name in _log_groups(definition) if name not in known), None)
    return missing and "ResourceInitializationError: failed to validate logger args: The specified log group does not exist."


def _log_groups(definition: dict[str, Any]) -> list[str]:
    configurations = [each.get("logConfiguration") or {} for each in definition["containerDefinitions"]]
    return [each["options"]["awslogs-group"] for each in configurations if each.get("logDriver") == "awslogs"]


def _of_image(world: World, image: str, architecture: str) -> str | None:
    match = re.fullmatch(r"(?P<host>[^/]+)/(?P<name>[^:@]+)(?::(?P<tag>[^@]+))?(?:@(?P<digest>.+))?", image)
    if not match or match["host"] != world.settings.ecrHost:
        return f"CannotPullContainerError: the stand-in knows the account's own ECR alone, and not {image}"
    reference = match["digest"] or match["tag"] or "latest"
    failed = "CannotPullContainerError: pull image manifest has been retried 1 time(s):"
    repository = f"https://{match['host']}/v2/{match['name']}"
    try:
        platforms = _platforms(world, repository, reference)
    except OSError as error:
        return f"{failed} failed to resolve ref {image}: {error}"
    if ("linux", architecture) in platforms:
        return None
    return f"{failed} image Manifest does not contain descriptor matching platform 'linux/{architecture}'"


def _platforms(world: World, repository: str, reference: str) -> list[tuple[str, str]]:
    """Of an index, or of the one image that there is, whose own configuration tells it."""
    manifest = _get(world, f"{repository}/manifests/{reference}")
    if "manifests" in manifest:
        described = [each.get("platform", {}) for each in manifest["manifests"]]
    else:
        described = [_get(world, f"{repository}/blobs/{manifest['config']['digest']}")]
    return [(each.get("os", ""), each.get("architecture", "")) for each in described]


def _get(world: World, url: str) -> Any:
    credentials = base64.b64encode(f"AWS:{issue_token(world)}".encode()).decode()
    request = urllib.request.Request(url, headers={"authorization": f"Basic {credentials}", "accept": _KINDS})
    context = ssl.create_default_context(cafile=str(world.settings.folder / "ca.pem"))
    with urllib.request.urlopen(request, context=context, timeout=10) as answer:
        return json.load(answer)
