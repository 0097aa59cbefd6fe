"""Deployments of ECS services: tasks start late, fail for what is missing, and a circuit breaker gives up after three.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html
"""

from __future__ import annotations

import secrets
import threading
import time
from datetime import datetime, timezone
from typing import Any

from .ecs_tasks import why_not
from .world import World

Record = dict[str, Any]
# Far below AWS's own, which takes half a minute for a task of Fargate.
_START_SECONDS = 1.0
_STOP_SECONDS = 1.0
# Of one task that is wanted; up to 200 of many.
_THRESHOLD = 3


class Deployments:
    def __init__(self, world: World, definitions: dict[str, Record]):
        self.world = world
        self.definitions = definitions
        self._made: dict[str, list[Record]] = {}
        # The interfaces of running tasks, by service.
        self._interfaces: dict[str, list[str]] = {}

    def of(self, service: str) -> list[Record]:
        return [dict(each) for each in reversed(self._made.get(service, []))]

    def find(self, arns: list[str]) -> list[Record]:
        return [dict(each) for made in self._made.values() for each in made if each["serviceDeploymentArn"] in arns]

    def start(self, service: Record) -> None:
        arn, now = service["serviceArn"], datetime.now(timezone.utc)
        number = str(secrets.randbelow(10**19)).zfill(19)
        deployment = {
            "serviceDeploymentArn": f"{arn.replace(':service/', ':service-deployment/')}/{secrets.token_hex(10)}",
            "serviceArn": arn,
            "clusterArn": service["clusterArn"],
            "targetServiceRevisionArn": f"{arn.replace(':service/', ':service-revision/')}/{number}",
            "createdAt": now,
            "startedAt": now,
            "status": "IN_PROGRESS",
        }
        task_set = {
            "id": f"ecs-svc/{number}",
            "status": "PRIMARY",
            "taskDefinition": service["taskDefinition"],
            "createdAt": now,
            "updatedAt": now,
            "desiredCount": service["desiredCount"],
            "runningCount": 0,
            "failedTasks": 0,
            "rolloutState": "IN_PROGRESS",
        }
        for old in service["deployments"]:
            old["status"] = "ACTIVE"
        service["deployments"].insert(0, task_set)
        self._made.setdefault(arn, []).append(deployment)
        work = (service, task_set, deployment)
        threading.Thread(target=self._roll_out, args=work, daemon=True).start()

    def scale(self, service: Record) -> None:
        if service["desiredCount"] == 0:
            threading.Thread(target=self._stop, args=(service,), daemon=True).start()

    def _roll_out(self, service: Record, task_set: Record, deployment: Record) -> None:
        while task_set["status"] == "PRIMARY" and service["desiredCount"] > 0:
            time.sleep(_START_SECONDS)
            with self.world.lock:
                definition = self.definitions[task_set["taskDefinition"]]
                network = service["networkConfiguration"]["awsvpcConfiguration"]
            reason = why_not(self.world, definition, network)
            with self.world.lock:
                if not reason:
                    self._succeed(service, task_set, deployment, network)
                    return
                task_set["failedTasks"] += 1
                service["events"].insert(0, _event(service, reason))
                breaker = service["deploymentConfiguration"].get("deploymentCircuitBreaker") or {}
                if breaker.get("enable") and task_set["failedTasks"] >= _THRESHOLD:
                    self._give_up(service, task_set, deployment, breaker)
                    return

    def _succeed(self, service: Record, task_set: Record, deployment: Record, network: Record) -> None:
        made = [self._interface(network) for _ in range(service["desiredCount"])]
        self._release(self._interfaces.get(service["serviceArn"], []))
        self._interfaces[service["serviceArn"]] = made
        service |= {"runningCount": len(made), "deployments": [task_set]}
        task_set |= {"runningCount": len(made), "rolloutState": "COMPLETED"}
        deployment |= {"status": "SUCCESSFUL", "finishedAt": datetime.now(timezone.utc)}

    def _give_up(self, service: Record, task_set: Record, deployment: Record, breaker: Record) -> None:
        task_set["rolloutState"] = "FAILED"
        reason = "Service deployment rolled back because of circuit breaker threshold exceeded"
        before = service["deployments"][1:]
        if not breaker.get("rollback") or not before:
            deployment |= {"status": "STOPPED" if not breaker.get("rollback") else "ROLLBACK_FAILED", "statusReason": reason}
            return
        before[0]["status"] = "PRIMARY"
        service |= {"deployments": before[:1], "taskDefinition": before[0]["taskDefinition"]}
        deployment |= {"status": "ROLLBACK_SUCCESSFUL", "statusReason": reason}

    def _stop(self, service: Record) -> None:
        time.sleep(_STOP_SECONDS)
        with self.world.lock:
            self._release(self._interfaces.pop(service["serviceArn"], []))
            service["runningCount"] = 0
            if service["status"] == "DRAINING":
                service["status"] = "INACTIVE"

    def _interface(self, network: Record) -> str:
        """By it a task keeps its security groups from being deleted."""
        subnet = self.world.ec2.get_subnet(network["subnets"][0])
        made = self.world.ec2.create_network_interface(subnet, None, group_ids=network.get("securityGroups"))
        return made.id

    def _release(self, interfaces: list[str]) -> None:
        for each in interfaces:
            self.world.ec2.delete_network_interface(each)


def _event(service: Record, reason: str) -> Record:
    text = f"(service {service['serviceName']}) was unable to place a task: {reason}"
    return {"id": secrets.token_hex(16), "createdAt": datetime.now(timezone.utc), "message": text}
