"""RunInstances: all that AWS checks first, a repeated ClientToken, and the root volume's defaults."""

from __future__ import annotations

import base64
import json
from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES

from .errors import Refusal
from .gate import Answered
from .world import Call, World

_USER_DATA_BYTES = 16 * 1024


def install_launches(world: World) -> None:
    # By ClientToken: what was asked, and what came of it.
    asked: dict[str, str] = {}
    launched: dict[str, Any] = {}
    original = EC2Backend.run_instances

    def run(self: EC2Backend, *arguments: Any, **options: Any) -> Any:
        reservation = original(self, *arguments, **options)
        for instance in reservation.instances:
            world.instances.launch(instance)
        launched[options["client_token"]] = reservation
        return reservation

    EC2Backend.run_instances = run  # type: ignore[method-assign]

    @world.before("ec2", "RunInstances")
    def check(call: Call) -> None:
        token = call.get("ClientToken")
        question = json.dumps(call.parameters, sort_keys=True, default=str)
        if token in launched:
            if asked[token] == question:
                raise Answered(launched[token])
            message = (
                "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."
            )
            raise Refusal("IdempotentParameterMismatch", message)
        if token:
            asked[token] = question
        if not call.get("ImageId"):
            raise Refusal("MissingParameter", "The request must contain the parameter ImageId")
        _check_user_data(call.get("UserData"))
        world.roles.profile(call)
        _check_type(world, call)
        _complete_root(world, call)


def _check_user_data(encoded: str | None) -> None:
    if encoded and len(base64.b64decode(encoded)) > _USER_DATA_BYTES:
        raise Refusal("InvalidParameterValue", f"User data is limited to {_USER_DATA_BYTES} bytes")


def _check_type(world: World, call: Call) -> None:
    """Type against image and zone. Unknown images and types are moto's own refusals."""
    name = call.get("InstanceType", "m1.small")
    image = world.ec2.amis.get(call.get("ImageId"))
    if name not in INSTANCE_TYPES or image is None:
        return
    supported = INSTANCE_TYPES[name]["ProcessorInfo"]["SupportedArchitectures"]
    if image.architecture not in supported:
        message = (
            f"The architecture '{','.join(supported)}' of the specified instance type does not match the architecture "
            f"'{image.architecture}' of the specified AMI. Specify an instance type and an AMI that have matching "
            "architectures, and try again. You can use 'describe-instance-types' or 'describe-images' to discover the "
            "architecture of the instance type or AMI."
        )
        raise Refusal("InvalidParameterValue", message)
    interfaces = call.get("NetworkInterfaces") or [{}]
    subnet = call.get("SubnetId") or interfaces[0].get("SubnetId")
    zone = world.ec2.get_subnet(subnet).availability_zone if subnet else call.get("Placement.AvailabilityZone")
    offered = INSTANCE_TYPE_OFFERINGS["availability-zone"][world.settings.region]
    zones = sorted(offer["Location"] for offer in offered if offer["InstanceType"] == name)
    if zone and zone not in zones:
        message = (
            f"Your requested instance type ({name}) is not supported in your requested Availability Zone ({zone}). "
            f"Please retry your request by not specifying an Availability Zone or choosing {', '.join(zones)}."
        )
        raise Refusal("Unsupported", message)


def _complete_root(world: World, call: Call) -> None:
    """moto keeps the root volume of a terminated instance, and names it by itself; AWS goes by the image."""
    image = world.ec2.amis.get(call.get("ImageId"))
    if image is None:
        return
    mappings = call.get("BlockDeviceMappings", [])
    root = next((one for one in mappings if one.get("DeviceName") == image.root_device_name), None)
    if root is None:
        root = {"DeviceName": image.root_device_name, "Ebs": {}}
        mappings = [root, *mappings]
    root["Ebs"] = {"DeleteOnTermination": True, "VolumeSize": 8, "VolumeType": "gp3", **root.get("Ebs", {})}
    call.parameters["BlockDeviceMappings"] = mappings
