import type { Cloud, CloudInstance } from "../cloud/cloud";
import { waitFor } from "../main/stack";

/** The instance of a builder's node. */
export async function instanceOf(cloud: Cloud, builderName: string, node: string): Promise<CloudInstance> {
  const all = await cloud.instances();
  const mine = all.filter(
    ({ tags, state }) =>
      state !== "terminated" &&
      tags["multi-platform-image:builder"] === builderName &&
      tags["multi-platform-image:node"] === node,
  );
  if (mine.length !== 1) {
    throw new Error(`${builderName} has ${mine.length} instances for node ${node}`);
  }
  return mine[0];
}

/** Waits until the instance is in a state. Says how long that took, in seconds. */
export async function waitForState(
  cloud: Cloud,
  instanceId: string,
  state: CloudInstance["state"],
  seconds: number,
): Promise<number> {
  const begin = Date.now();
  const stateOf = async () => (await cloud.instances()).find(({ id }) => id === instanceId)?.state;
  await waitFor(`${instanceId} to be ${state}`, async () => (await stateOf()) === state, seconds, 250);
  return (Date.now() - begin) / 1000;
}

/** Waits until a step of a build runs on the node: one that sleeps for a number of seconds of its own. */
export async function waitForSleep(cloud: Cloud, instanceId: string, sleeps: number, seconds = 120): Promise<void> {
  const command = ["sh", "-c", `grep -lzx ${sleeps} /proc/[0-9]*/cmdline`];
  const isRunning = () =>
    cloud.run(instanceId, command).then(
      (found) => found !== "",
      () => false,
    );
  // Each look starts three processes.
  await waitFor(`"sleep ${sleeps}" to run on ${instanceId}`, isRunning, seconds, 500);
}

/** What of the calls of a program were about instances' lives or access: what hooks do, and no look-up of a provider. */
export async function hookCalls(cloud: Cloud): Promise<string[]> {
  const mine = [
    "StartInstances",
    "StopInstances",
    "RunInstances",
    "TerminateInstances",
    "PutParameter",
    "AuthorizeSecurityGroupIngress",
    "RevokeSecurityGroupIngress",
    "GetConsoleOutput",
    "DescribeInstanceStatus",
  ];
  const calls = await cloud.calls();
  return calls
    .filter(({ caller, operation }) => caller.kind !== "node" && mine.includes(operation))
    .map(({ operation }) => operation);
}
