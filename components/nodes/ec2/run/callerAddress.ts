import * as dgram from "node:dgram";
import { once } from "node:events";

import { BuildError } from "../../../support/errors";
import type { Ec2Connection } from "../connection";
import { sourceOf } from "./ruleText";

/** AWS's own service, of IPv4 alone. */
const addressService = "https://checkip.amazonaws.com";
const answerTimeoutMilliseconds = 5_000;
/** Any address beyond this machine's networks: nothing is sent there. This is a.root-servers.net. */
const farIpv6Address = "2001:503:ba3e::2:30";

/** The address that nodes see this machine at. */
export async function callerAddress({
  ingress,
  addressing,
  vpcCidr,
}: Pick<Ec2Connection, "ingress" | "addressing" | "vpcCidr">): Promise<string> {
  if (ingress.from === "caller" && ingress.address !== undefined) {
    return checked(ingress.address, "`ingress.address`");
  }
  switch (addressing) {
    case "public":
      return askService();
    case "private":
      return localAddress(vpcCidr.split("/")[0]);
    case "ipv6":
      return localAddress(farIpv6Address);
    default:
      return addressing satisfies never;
  }
}

async function askService(): Promise<string> {
  const ask = async () => {
    const answer = await fetch(addressService, { signal: AbortSignal.timeout(answerTimeoutMilliseconds) });
    return checked((await answer.text()).trim().slice(0, 100), `the answer of ${addressService}`);
  };
  try {
    return await ask().catch(ask);
  } catch (error) {
    throw unknownAddress(`${addressService} did not tell it: ${reasonOf(error as Error)}`);
  }
}

/** The address of this machine on the way to another one, as its own routes have it. */
async function localAddress(destination: string): Promise<string> {
  const socket = dgram.createSocket(destination.includes(":") ? "udp6" : "udp4");
  try {
    // Connecting a UDP socket sends nothing, and chooses a route.
    socket.connect(9, destination);
    await once(socket, "connect");
    return checked(socket.address().address, "this machine's address");
  } catch (error) {
    throw unknownAddress(`this machine has no way to ${destination}: ${reasonOf(error as Error)}`);
  } finally {
    socket.close();
  }
}

function checked(address: string, what: string): string {
  if (!sourceOf(address)) {
    throw new BuildError(
      `${what} is ${JSON.stringify(address)}: an IPv4 or IPv6 address is needed, for instance 203.0.113.7`,
    );
  }
  return address;
}

function unknownAddress(reason: string): BuildError {
  return new BuildError(
    `the address that the nodes would see this machine at is unknown: ${reason}. ` +
      'Fix: set `ingress` of the builder to { from: "caller", address: "…" }, to { from: "cidrs", … }, or, inside the VPC, to { from: "vpc" }.',
  );
}

function reasonOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message;
}
