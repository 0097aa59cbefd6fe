import * as hosts from "../hosts";
import { atEnd } from "./atEnd";

/** The machines of the main tests: made by the first test that asks, gone after the last. */
export interface Machines {
  run: hosts.TestRun;
  network: hosts.TestNetwork;
  authority: hosts.Authority;
  registry: hosts.Registry;
  amd64: hosts.NamespaceNode;
}

let machines: Promise<Machines> | undefined;
let arm64: Promise<hosts.Arm64Machine> | undefined;
let baseImage: Promise<string> | undefined;

/** A registry, and an amd64 node in a network namespace. */
export function getMachines(): Promise<Machines> {
  machines ??= open();
  return machines;
}

/** The arm64 node: a real arm64 kernel, booted once for all files of tests that need it. */
export function getArm64(): Promise<hosts.Arm64Machine> {
  arm64 ??= getMachines().then(({ run, network, authority, registry }) =>
    hosts.startArm64Machine(run, network, authority, { registries: registry.trusted }),
  );
  return arm64;
}

/** A base image of both platforms in the registry, with a shell. */
export function getBaseImage(): Promise<string> {
  baseImage ??= getMachines().then(({ registry }) => hosts.pushBaseImage(registry));
  return baseImage;
}

/** A real Debian system for both platforms, as a base image. */
export async function getDebianImage(): Promise<string> {
  return hosts.pushDebianImage((await getMachines()).registry);
}

async function open(): Promise<Machines> {
  const run = hosts.openRun();
  const network = await hosts.createNetwork(run);
  const authority = await hosts.createAuthority();
  const registry = await hosts.startRegistry(run, authority, { address: network.address });
  const amd64 = await hosts.startNamespaceNode(run, network, authority, { registries: registry.trusted });
  return { run, network, authority, registry, amd64 };
}

atEnd(async () => (await machines)?.run.close());
