"""ECS on Fargate: clusters, task definitions, services and their deployments. Tasks pull their image, but no container runs.

moto's own is not asked: its services have no deployments, and no task of theirs ever fails.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from .ecs_deployments import Deployments
from .ecs_rules import checked_definition, checked_network, invalid
from .errors import Refusal
from .gate import Answered
from .world import Call, World

Record = dict[str, Any]


class Ecs:
    def __init__(self, world: World):
        self.world = world
        self.clusters: dict[str, Record] = {}
        self.definitions: dict[str, Record] = {}
        self.services: dict[str, Record] = {}
        self.tags: dict[str, list[Record]] = {}
        self.deployments = Deployments(world, self.definitions)

    def arn(self, resource: str) -> str:
        settings = self.world.settings
        return f"arn:aws:ecs:{settings.region}:{settings.accountId}:{resource}"

    def create_cluster(self, call: Call) -> Record:
        name = call.get("clusterName", "default")
        arn = self.arn(f"cluster/{name}")
        settings = [{"name": "containerInsights", "value": "disabled"}]
        cluster = {"clusterArn": arn, "clusterName": name, "status": "ACTIVE", "settings": settings}
        self.clusters[arn] = cluster
        self.tags[arn] = call.get("tags", [])
        return {"cluster": self._tagged(arn, cluster)}

    def describe_clusters(self, call: Call) -> Record:
        arns = [self._cluster_arn(each) for each in call.get("clusters", ["default"])]
        found = [self._tagged(arn, self.clusters[arn]) for arn in arns if arn in self.clusters]
        failures = [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in self.clusters]
        return {"clusters": found, "failures": failures}

    def delete_cluster(self, call: Call) -> Record:
        cluster = self._cluster(call)
        arn = cluster["clusterArn"]
        if any(each["clusterArn"] == arn and each["status"] != "INACTIVE" for each in self.services.values()):
            message = "The Cluster cannot be deleted while Services are active."
            raise Refusal("ClusterContainsServicesException", message)
        # It is described for a while yet.
        cluster["status"] = "INACTIVE"
        return {"cluster": cluster}

    def register_task_definition(self, call: Call) -> Record:
        definition = checked_definition(call.parameters)
        family = definition["family"]
        revision = 1 + sum(each["family"] == family for each in self.definitions.values())
        arn = self.arn(f"task-definition/{family}:{revision}")
        self.definitions[arn] = {
            **definition,
            "taskDefinitionArn": arn,
            "revision": revision,
            "status": "ACTIVE",
            "compatibilities": ["EC2", "FARGATE"],
        }
        self.tags[arn] = call.get("tags", [])
        return {"taskDefinition": self.definitions[arn], "tags": self.tags[arn]}

    def describe_task_definition(self, call: Call) -> Record:
        definition = self._definition(call)
        return {"taskDefinition": definition, "tags": self.tags[definition["taskDefinitionArn"]]}

    def deregister_task_definition(self, call: Call) -> Record:
        definition = self._definition(call)
        definition["status"] = "INACTIVE"
        return {"taskDefinition": definition}

    def create_service(self, call: Call) -> Record:
        cluster = self._cluster(call)
        name = call.get("serviceName", "")
        arn = self.arn(f"service/{cluster['clusterName']}/{name}")
        if self.services.get(arn, {}).get("status") not in (None, "INACTIVE"):
            raise invalid("Creation of service was not idempotent.")
        definition = self._active_definition(call)
        if call.get("launchType") != "FARGATE" or "FARGATE" not in definition["requiresCompatibilities"]:
            raise invalid("The stand-in knows services with launch type FARGATE, and task definitions that require it.")
        service = {
            "serviceArn": arn,
            "serviceName": name,
            "clusterArn": cluster["clusterArn"],
            "status": "ACTIVE",
            "desiredCount": call.get("desiredCount", 0),
            "runningCount": 0,
            "pendingCount": 0,
            "launchType": "FARGATE",
            "platformVersion": "LATEST",
            "platformFamily": "Linux",
            "schedulingStrategy": "REPLICA",
            "availabilityZoneRebalancing": "ENABLED",
            "propagateTags": "NONE",
            "enableECSManagedTags": call.get("enableECSManagedTags", False),
            "enableExecuteCommand": False,
            "deploymentController": {"type": "ECS"},
            "deploymentConfiguration": _configuration(call),
            "networkConfiguration": checked_network(self.world, call.get("networkConfiguration")),
            "roleArn": self._own_role(),
            "taskDefinition": definition["taskDefinitionArn"],
            "deployments": [],
            "loadBalancers": [],
            "events": [],
        }
        self.services[arn] = service
        self.tags[arn] = call.get("tags", [])
        self.deployments.start(service)
        return {"service": self._tagged(arn, service)}

    def describe_services(self, call: Call) -> Record:
        self._cluster(call)
        arns = [self._service_arn(call, each) for each in call.get("services", [])]
        found = [self._tagged(arn, self.services[arn]) for arn in arns if arn in self.services]
        failures = [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in self.services]
        return {"services": found, "failures": failures}

    def update_service(self, call: Call) -> Record:
        service = self._service(call)
        if service["status"] != "ACTIVE":
            raise Refusal("ServiceNotActiveException", "Service was not ACTIVE.")
        changes = {}
        if call.get("taskDefinition"):
            changes["taskDefinition"] = self._active_definition(call)["taskDefinitionArn"]
        if call.get("networkConfiguration"):
            changes["networkConfiguration"] = checked_network(self.world, call.get("networkConfiguration"))
        count = call.get("desiredCount", service["desiredCount"])
        is_new = any(service[name] != value for name, value in changes.items()) or call.get("forceNewDeployment")
        if call.get("deploymentConfiguration"):
            service["deploymentConfiguration"] |= _configuration(call)
        service |= {**changes, "desiredCount": count}
        if is_new:
            self.deployments.start(service)
        else:
            self.deployments.scale(service)
        return {"service": self._tagged(service["serviceArn"], service)}

    def delete_service(self, call: Call) -> Record:
        service = self._service(call)
        if service["desiredCount"] > 0 and not call.get("force"):
            raise invalid("The service cannot be stopped while it is scaled above 0.")
        service |= {"desiredCount": 0, "status": "DRAINING"}
        self.deployments.scale(service)
        return {"service": service}

    def list_service_deployments(self, call: Call) -> Record:
        arn = self._service_arn(call, call.get("service", ""))
        return {"serviceDeployments": self.deployments.of(arn)}

    def describe_service_deployments(self, call: Call) -> Record:
        return {"serviceDeployments": self.deployments.find(call.get("serviceDeploymentArns", [])), "failures": []}

    def list_tags_for_resource(self, call: Call) -> Record:
        return {"tags": self.tags.get(call.get("resourceArn"), [])}

    def tag_resource(self, call: Call) -> Record:
        added = call.get("tags", [])
        keys = [each["key"] for each in added]
        arn = call.get("resourceArn")
        self.tags[arn] = [each for each in self.tags.get(arn, []) if each["key"] not in keys] + added
        return {}

    def untag_resource(self, call: Call) -> Record:
        arn = call.get("resourceArn")
        self.tags[arn] = [each for each in self.tags.get(arn, []) if each["key"] not in call.get("tagKeys", [])]
        return {}

    def _own_role(self) -> str:
        account = self.world.settings.accountId
        return f"arn:aws:iam::{account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"

    def _tagged(self, arn: str, record: Record) -> Record:
        return {**record, "tags": self.tags.get(arn, [])}

    def _cluster_arn(self, name: str) -> str:
        return name if name.startswith("arn:") else self.arn(f"cluster/{name}")

    def _cluster(self, call: Call) -> Record:
        found = self.clusters.get(self._cluster_arn(call.get("cluster", "default")))
        if not found or found["status"] != "ACTIVE":
            raise Refusal("ClusterNotFoundException", "Cluster not found.")
        return found

    def _service_arn(self, call: Call, name: str) -> str:
        cluster = self._cluster_arn(call.get("cluster", "default")).split("/")[-1]
        return name if name.startswith("arn:") else self.arn(f"service/{cluster}/{name}")

    def _service(self, call: Call) -> Record:
        self._cluster(call)
        found = self.services.get(self._service_arn(call, call.get("service", "")))
        if not found or found["status"] == "INACTIVE":
            raise Refusal("ServiceNotFoundException", "Service not found.")
        return found

    def _definition(self, call: Call) -> Record:
        name = call.get("taskDefinition", "")
        found = self.definitions.get(name if name.startswith("arn:") else self.arn(f"task-definition/{name}"))
        if not found:
            raise Refusal("ClientException", "Unable to describe task definition.")
        return found

    def _active_definition(self, call: Call) -> Record:
        found = self._definition(call)
        if found["status"] != "ACTIVE":
            raise Refusal("ClientException", "TaskDefinition is inactive")
        return found


def install_ecs(world: World) -> None:
    world.ecs = Ecs(world)
    operations = (
        *("CreateCluster", "DescribeClusters", "DeleteCluster"),
        *("RegisterTaskDefinition", "DescribeTaskDefinition", "DeregisterTaskDefinition"),
        *("CreateService", "DescribeServices", "UpdateService", "DeleteService"),
        *("ListServiceDeployments", "DescribeServiceDeployments"),
        *("ListTagsForResource", "TagResource", "UntagResource"),
    )
    for operation in operations:
        # CreateCluster is create_cluster.
        method = re.sub("(?<!^)([A-Z])", r"_\1", operation).lower()
        world.before("ecs", operation)(_answering(getattr(world.ecs, method)))


def _answering(operate: Callable[[Call], Record]) -> Callable[[Call], None]:
    def answer(call: Call) -> None:
        # A copy: it is written down later, while deployments go on.
        raise Answered(deepcopy(operate(call)))

    return answer


def _configuration(call: Call) -> Record:
    given = call.get("deploymentConfiguration", {})
    return {"maximumPercent": 200, "minimumHealthyPercent": 100, "strategy": "ROLLING", **given}
