"""Launches: all that AWS checks first, a repeated ClientToken, and the root volume's defaults."""

from __future__ import annotations

import base64
import uuid
from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES
from moto.ec2.models.instances import Instance
from moto.ec2.utils import convert_tag_spec, parse_user_data

from .account import check_account
from .errors import Refusal
from .gp3 import check_gp3
from .life import groups_of
from .tokens import Tokens
from .world import Call, World

_USER_DATA_BYTES = 16 * 1024


def install_launches(world: World) -> None:
    tokens = Tokens()
    original = EC2Backend.run_instances

    def run(self: EC2Backend, *arguments: Any, **options: Any) -> Any:
        reservation = original(self, *arguments, **options)
        for instance in reservation.instances:
            world.instances.launch(instance)
        tokens.remember(options["client_token"], reservation)
        return reservation

    EC2Backend.run_instances = run  # type: ignore[method-assign]

    @world.before("ec2", "RunInstances")
    def check(call: Call) -> None:
        tokens.check(call)
        check_launch(world, call, "on-demand")


def check_launch(world: World, call: Call, capacity_type: str) -> None:
    """What AWS looks at before it launches, whoever asks for it. Completes the parameters."""
    if not call.get("ImageId"):
        raise Refusal("MissingParameter", "The request must contain the parameter ImageId")
    check_user_data(call.get("UserData"))
    world.roles.profile(call)
    _check_type(world, call)
    instance_type = call.get("InstanceType", "m1.small")
    check_account(world, instance_type, capacity_type)
    world.faults.strike_capacity(instance_type, zone_of(world, call), capacity_type)
    _complete_root(world, call)
    for mapping in call.get("BlockDeviceMappings", []):
        check_gp3(mapping.get("Ebs") or {})


def zone_of(world: World, call: Call) -> str | None:
    interfaces = call.get("NetworkInterfaces") or [{}]
    subnet = call.get("SubnetId") or interfaces[0].get("SubnetId")
    return world.ec2.get_subnet(subnet).availability_zone if subnet else call.get("Placement.AvailabilityZone")


def launch(world: World, call: Call, capacity_type: str) -> Instance:
    """What moto does for RunInstances, for a launch that is no call of the API."""
    reservation = world.ec2.run_instances(
        call.get("ImageId"),
        1,
        parse_user_data(call.get("UserData")),
        call.get("SecurityGroups", []),
        block_device_mappings=call.get("BlockDeviceMappings"),
        client_token=str(uuid.uuid4()),
        instance_initiated_shutdown_behavior=call.get("InstanceInitiatedShutdownBehavior"),
        instance_market_options="spot" if capacity_type == "spot" else None,
        instance_type=call.get("InstanceType"),
        is_instance_type_default=False,
        metadata_options=call.get("MetadataOptions", {}),
        nics=call.get("NetworkInterfaces", []),
        placement=call.get("Placement.AvailabilityZone"),
        region_name=world.settings.region,
        security_group_ids=call.get("SecurityGroupIds", []),
        subnet_id=call.get("SubnetId"),
        tags=convert_tag_spec(call.get("TagSpecifications", [])),
    )
    instance = reservation.instances[0]
    # moto has those of network interfaces there alone.
    instance.security_groups = groups_of(instance)
    for part in ("Name", "Arn"):
        value = call.get(f"IamInstanceProfile.{part}")
        if value:
            given = {f"iam_instance_profile_{part.lower()}": value}
            world.ec2.associate_iam_instance_profile(instance_id=instance.id, **given)
    for nic in instance.nics.values():
        nic.add_tags(convert_tag_spec(call.get("TagSpecifications", [])).get("network-interface", {}))
    return instance


def check_user_data(encoded: str | None) -> None:
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
    zone = zone_of(world, call)
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
