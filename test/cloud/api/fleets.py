"""CreateFleet, of the type instant: one instance, on demand from the first of the overrides that can be had.

What a launch is refused for is no refusal of the call: it is among the answer's errors, and the next override is tried.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instant-fleet.html
"""

from __future__ import annotations

import copy
import uuid
from typing import Any

from moto.core.exceptions import ServiceException
from moto.ec2.exceptions import InvalidSubnetIdError
from moto.ec2.models.instances import Instance
from moto.ec2.utils import convert_tag_spec

from .errors import Refusal
from .gate import Answered, log_internal
from .identities import Identity
from .launches import check_launch, launch, zone_of
from .templates import template_data
from .tokens import Tokens
from .world import Call, World

_PARAMETERS = {
    "ClientToken",
    "LaunchTemplateConfigs",
    "OnDemandOptions",
    "SpotOptions",
    "TagSpecifications",
    "TargetCapacitySpecification",
    "Type",
}
_OVERRIDES = {"AvailabilityZone", "ImageId", "InstanceType", "Priority", "SubnetId"}
# The strategies that heed the caller's order: on demand always, for spot instances as far as AWS likes.
_STRATEGIES = {"on-demand": "prioritized", "spot": "capacity-optimized-prioritized"}
_OPTIONS = {"on-demand": "OnDemandOptions", "spot": "SpotOptions"}
_NOBODY = Identity("unknown", "")


def install_fleets(world: World) -> None:
    tokens = Tokens()

    @world.before("ec2", "CreateFleet")
    def create(call: Call) -> None:
        tokens.check(call)
        fleet = _Fleet(world, call)
        answer = fleet.launch()
        # Also when nothing was launched: asking for something else takes another token.
        tokens.remember(call.get("ClientToken"), answer)
        raise Answered(answer)


class _Fleet:
    def __init__(self, world: World, call: Call):
        self.world = world
        self.call = call
        self.id = f"fleet-{uuid.uuid4()}"
        _check_parameters(call)
        self.capacity_type = call.get("TargetCapacitySpecification.DefaultTargetCapacityType", "on-demand")
        self._check_strategy()
        self.pools = [
            _Pool(world, specification, data, override)
            for config in call.get("LaunchTemplateConfigs")
            for data, specification in [template_data(world, config.get("LaunchTemplateSpecification") or {})]
            for override in config.get("Overrides") or [{}]
        ]
        self._check_pools()

    def launch(self) -> dict[str, Any]:
        errors = []
        for pool in self._in_order():
            described = {"Lifecycle": self.capacity_type, "LaunchTemplateAndOverrides": pool.described}
            try:
                instance = self._launch(pool)
            except ServiceException as error:
                code, message = _in_fleet(error, pool)
                errors.append({**described, "ErrorCode": code, "ErrorMessage": message})
            else:
                launched = {**described, "InstanceIds": [instance.id], "InstanceType": instance.instance_type}
                return {"FleetId": self.id, "Errors": errors, "Instances": [launched]}
        return {"FleetId": self.id, "Errors": errors, "Instances": []}

    def _in_order(self) -> list[_Pool]:
        """Lower numbers are preferred, and those without one come last.

        For spot instances AWS "optimizes for capacity first", so that any pool with capacity may be taken: here the one
        that the caller likes least. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-fleet-allocation-strategy.html
        """
        preferred = sorted(self.pools, key=lambda pool: pool.override.get("Priority", float("inf")))
        return preferred[::-1] if self.capacity_type == "spot" else preferred

    def _launch(self, pool: _Pool) -> Instance:
        world, tags = self.world, self._tags(pool)
        call = Call("ec2", "RunInstances", pool.parameters, self.call.identity)
        call.parameters["TagSpecifications"] = [
            {"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in given.items()]}
            for kind, given in tags.items()
        ]
        if self.capacity_type == "spot":
            call.parameters["InstanceMarketOptions"] = {"MarketType": "spot"}
        # AWS asks the caller's policies for the launch, too.
        log_internal(world, call)
        if "spot-instances-request" in tags and self.capacity_type != "spot":
            message = (
                "You cannot specify tags for Spot instances requests if there are no Spot instances requests being "
                "created by the request."
            )
            raise Refusal("InvalidParameterValue", message)
        check_launch(world, call, self.capacity_type)
        instance = launch(world, call, self.capacity_type)
        instance.add_tags(
            {
                "aws:ec2:fleet-id": self.id,
                "aws:ec2launchtemplate:id": pool.specification["LaunchTemplateId"],
                "aws:ec2launchtemplate:version": pool.specification["Version"],
            }
        )
        return instance

    def _tags(self, pool: _Pool) -> dict[str, dict[str, str]]:
        """Of the template, and of the request, which win."""
        tags = convert_tag_spec(pool.data.get("TagSpecifications", []))
        for kind, given in convert_tag_spec(self.call.get("TagSpecifications", [])).items():
            if kind != "fleet":
                tags[kind] = {**tags.get(kind, {}), **given}
        return tags

    def _check_strategy(self) -> None:
        strategy = self.call.get(f"{_OPTIONS[self.capacity_type]}.AllocationStrategy")
        if strategy != _STRATEGIES[self.capacity_type]:
            raise _unknown(f"allocation strategy {strategy}, which leaves the order to AWS")
        for kind, name in _OPTIONS.items():
            others = set(self.call.get(name) or {}) - {"AllocationStrategy"}
            if others:
                raise _unknown(f"{', '.join(sorted(others))} of the options for {kind}")

    def _check_pools(self) -> None:
        if len({pool.key for pool in self.pools}) < len(self.pools):
            raise Refusal("InvalidFleetConfig", "The fleet configuration contains duplicate instance pools.")


class _Pool:
    """One override of one template: a launch that may be tried."""

    def __init__(self, world: World, specification: dict[str, str], data: dict[str, Any], override: dict[str, Any]):
        unknown = set(override) - _OVERRIDES
        if unknown:
            raise _unknown(f"{', '.join(sorted(unknown))} of overrides")
        self.specification = specification
        self.data = data
        self.override = override
        self.parameters = _merged(specification, data, override)
        if not self.parameters.get("InstanceType"):
            raise Refusal("InvalidFleetConfig", "The fleet configuration must specify an instance type.")
        # AWS tells pools apart by zone: two subnets of one zone are one pool.
        subnet = override.get("SubnetId")
        try:
            self.zone = zone_of(world, Call("ec2", "RunInstances", self.parameters, _NOBODY))
        except InvalidSubnetIdError:
            self.zone = subnet
        self.key = (self.parameters["InstanceType"], self.zone)

    @property
    def described(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"LaunchTemplateSpecification": self.specification}
        return {**answer, "Overrides": self.override} if self.override else answer


def _check_parameters(call: Call) -> None:
    unknown = set(call.parameters) - _PARAMETERS
    if unknown:
        raise _unknown(f"{', '.join(sorted(unknown))} of CreateFleet")
    if call.get("Type") != "instant":
        raise _unknown(f"fleets of the type {call.get('Type', 'maintain')}")
    if not call.get("LaunchTemplateConfigs"):
        raise Refusal("MissingParameter", "The request must contain the parameter LaunchTemplateConfigs")
    capacity = call.get("TargetCapacitySpecification") or {}
    if set(capacity) - {"DefaultTargetCapacityType", "TotalTargetCapacity"} or capacity.get("TotalTargetCapacity") != 1:
        raise _unknown(f"the target capacity {capacity}: one instance is")


def _merged(specification: dict[str, str], data: dict[str, Any], override: dict[str, Any]) -> dict[str, Any]:
    """The parameters with which RunInstances would do it."""
    parameters = copy.deepcopy(data)
    parameters |= {name: override[name] for name in ("ImageId", "InstanceType") if name in override}
    if override.get("AvailabilityZone"):
        parameters["Placement"] = {**parameters.get("Placement", {}), "AvailabilityZone": override["AvailabilityZone"]}
    if override.get("SubnetId"):
        place = (parameters.get("NetworkInterfaces") or [parameters])[0]
        place["SubnetId"] = override["SubnetId"]
    # moto has a class of its own for it in a template's first version. Empty is none.
    user_data = str(parameters.pop("UserData", ""))
    if user_data:
        parameters["UserData"] = user_data
    return {**parameters, "LaunchTemplate": specification}


def _in_fleet(error: ServiceException, pool: _Pool) -> tuple[str, str]:
    """Fleets have a code of their own for types that a zone or a region does not have."""
    if error.code not in ("Unsupported", "InvalidInstanceType"):
        return error.code, error.message
    instance_type = pool.parameters["InstanceType"]
    message = (
        f"Your requested instance type ({instance_type}) is not supported in your requested Availability Zone "
        f"({pool.zone})."
    )
    return "InvalidFleetConfiguration", message


def _unknown(what: str) -> Refusal:
    """None of AWS's own: what the emulator ignored would make a test pass."""
    return Refusal("UnknownParameter", f"the tests' cloud does not know {what}")
