import {
  AssignIpv6AddressesCommand,
  type InstanceNetworkInterface,
  ModifyNetworkInterfaceAttributeCommand,
  UnassignIpv6AddressesCommand,
} from "@aws-sdk/client-ec2";

import type { Aws } from "../client";
import { findInstance } from "./instanceCalls";

/** ec2_instance.go, `resourceInstanceUpdate`, branch `vpc_security_group_ids`: a call on the interface, not on the instance. */
export async function changeGroups(aws: Aws, id: string, Groups: string[] = []): Promise<void> {
  const { NetworkInterfaceId } = await primaryInterface(aws, id, "vpc_security_group_ids");
  await aws.ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, Groups }));
}

/** ec2_instance.go, `resourceInstanceUpdate`, branch `ipv6_address_count`. */
export async function changeAddresses(aws: Aws, id: string, old = 0, next = 0): Promise<void> {
  const { NetworkInterfaceId, Ipv6Addresses = [] } = await primaryInterface(aws, id, "ipv6_address_count");
  if (next > old) {
    await aws.ec2.send(new AssignIpv6AddressesCommand({ NetworkInterfaceId, Ipv6AddressCount: next - old }));
    return;
  }
  if (Ipv6Addresses.length !== old) {
    const counts = `IPv6 address count (${Ipv6Addresses.length}) on the instance does not match state's count (${old})`;
    throw new Error(`${counts}, we're in a race with something else`);
  }
  const given = Ipv6Addresses.slice(next).map(({ Ipv6Address = "" }) => Ipv6Address);
  await aws.ec2.send(new UnassignIpv6AddressesCommand({ NetworkInterfaceId, Ipv6Addresses: given }));
}

async function primaryInterface(aws: Aws, id: string, attribute: string): Promise<InstanceNetworkInterface> {
  const instance = await findInstance(aws, id);
  const primary = instance?.NetworkInterfaces?.find(({ Attachment }) => Attachment?.DeviceIndex === 0);
  if (!primary) {
    throw new Error(`Failed to update ${attribute} on "${id}", which does not contain a primary network interface`);
  }
  return primary;
}
