"""Network interfaces of instances: IPv6 addresses of a launch, and groups that are changed at the interface."""

from __future__ import annotations

from .errors import Refusal
from .world import Call, World


def install_interfaces(world: World) -> None:
    @world.before("ec2", "RunInstances")
    def count_addresses(call: Call) -> None:
        # moto knows the count of the launch alone, and a launch with an interface has it there:
        # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceNetworkInterfaceSpecification.html
        interfaces = call.get("NetworkInterfaces") or [{}]
        count = interfaces[0].get("Ipv6AddressCount")
        if not count:
            return
        _check_subnet(world, interfaces[0].get("SubnetId") or call.get("SubnetId"))
        call.parameters["Ipv6AddressCount"] = count

    @world.before("ec2", "AssignIpv6Addresses")
    def check_addresses(call: Call) -> None:
        _check_subnet(world, world.ec2.get_network_interface(call.get("NetworkInterfaceId")).subnet.id)

    @world.after("ec2", "ModifyNetworkInterfaceAttribute")
    def change_groups(call: Call) -> None:
        for group in call.get("Groups", []):
            call.afterwards.append(lambda group=group: world.instances.apply_ingress(group))


def _check_subnet(world: World, subnet_id: str | None) -> None:
    if subnet_id and not world.ec2.get_subnet(subnet_id).ipv6_cidr_block_associations:
        raise Refusal("InvalidParameterValue", f"The subnet {subnet_id} does not have an IPv6 CIDR block associated")
