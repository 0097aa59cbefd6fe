"""The calls that start and end instances: what AWS refuses, and what moto would have done at once."""

from __future__ import annotations

import copy
import itertools
from typing import Any

from moto.core.responses import ActionResult
from moto.core.types import Base64EncodedString
from moto.core.utils import utcnow
from moto.ec2.models import EC2Backend
from moto.ec2.models import elastic_network_interfaces as interfaces
from moto.ec2.responses.general import General

from .account import check_account
from .errors import Refusal
from .life import Life
from .world import Call, World


def install_lifecycle(world: World) -> None:
    addresses = (f"54.214.{upper}.{lower}" for upper, lower in itertools.product(range(256), range(1, 255)))
    # moto draws them by lot: a test that an address changed would fail now and then.
    interfaces.random_public_ip = lambda: next(addresses)

    def lives(ids: list[str]) -> list[Life]:
        return [world.instances.lives[instance.id] for instance in world.ec2.get_multi_instances_by_id(ids)]

    def start(self: EC2Backend, instance_ids: list[str]) -> list[Any]:
        return _change(lives(instance_ids), ("stopped",), world.instances.start)

    def stop(self: EC2Backend, instance_ids: list[str]) -> list[Any]:
        return _change(lives(instance_ids), ("running",), world.instances.stop)

    def terminate(self: EC2Backend, instance_ids: list[str]) -> list[Any]:
        states = ("pending", "running", "stopping", "stopped")
        return _change(lives(instance_ids), states, world.instances.terminate)

    EC2Backend.start_instances = start  # type: ignore[method-assign]
    EC2Backend.stop_instances = stop  # type: ignore[method-assign]
    EC2Backend.terminate_instances = terminate  # type: ignore[method-assign]

    @world.before("ec2", "StartInstances")
    def check_start(call: Call) -> None:
        asked = lives(call.get("InstanceIds", []))
        _expect(asked, ("stopped", "pending", "running"), "started")
        for instance in (life.instance for life in asked if life.state == "stopped"):
            check_account(world, instance.instance_type, "on-demand")
            world.faults.strike_capacity(instance.instance_type, instance.availability_zone, "on-demand")

    @world.before("ec2", "StopInstances")
    def check_stop(call: Call) -> None:
        asked = lives(call.get("InstanceIds", []))
        _expect(asked, ("running", "stopping", "stopped"), "stopped")
        for instance in (life.instance for life in asked if life.instance.lifecycle == "spot"):
            message = (
                f"You can't stop the Spot Instance '{instance.id}' because it is associated with a one-time Spot "
                "Instance request. You can only stop Spot Instances associated with persistent Spot Instance requests."
            )
            raise Refusal("UnsupportedOperation", message)
        for life in asked:
            life.skips_shutdown = bool(call.get("SkipOsShutdown"))

    @world.before("ec2", "ModifyInstanceAttribute")
    def check_change(call: Call) -> None:
        stopped_only = (
            call.get("InstanceType") or call.get("UserData") or call.get("Attribute") in ("instanceType", "userData")
        )
        for life in lives([call.get("InstanceId")]):
            if stopped_only and life.state != "stopped":
                raise _incorrect(f"The instance '{life.instance.id}' is not in the 'stopped' state.")

    @world.after("ec2", "ModifyInstanceAttribute")
    def change_groups(call: Call) -> None:
        for group in call.get("Groups", []):
            call.afterwards.append(lambda group=group: world.instances.apply_ingress(group))

    def console(self: General) -> ActionResult:
        life = lives([self._get_param("InstanceId")])[0]
        text = world.instances.console(life, self._get_param("Latest") is True)
        output = {"Output": Base64EncodedString.from_raw_string(text)} if text else {}
        return ActionResult({"InstanceId": life.instance.id, "Timestamp": utcnow(), **output})

    General.get_console_output = console  # type: ignore[method-assign]


def _change(lives: list[Life], states: tuple[str, ...], change: Any) -> list[Any]:
    """What is on its way already is answered, not asked again."""
    answered = []
    for life in lives:
        answered.append((life.instance, copy.copy(life.instance._state)))
        if life.state in states:
            change(life)
    return answered


def _expect(lives: list[Life], states: tuple[str, ...], done: str) -> None:
    for life in lives:
        if life.state not in states:
            raise _incorrect(f"The instance '{life.instance.id}' is not in a state from which it can be {done}.")


def _incorrect(message: str) -> Refusal:
    return Refusal("IncorrectInstanceState", message)
