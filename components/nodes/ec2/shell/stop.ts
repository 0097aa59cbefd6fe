import { setTimeout as sleep } from "node:timers/promises";

import type { Progress } from "../../../support/progress";
import { call } from "../run/awsErrors";
import { callerAddress } from "../run/callerAddress";
import type { Ec2Connection } from "../connection";
import { Ingress } from "../run/callerRules";
import { BuildError } from "../../../support/errors";
import type { Account } from "./account";
import { type BuilderStatus, readBuilderStatus } from "./builderStatus";
import { Claim } from "./claim";
import { askDaemons, type DaemonState } from "../../../transport/daemons";
import { describeNodes, endpointsOf, findNodes, type FoundNode, isEphemeral } from "./nodeInstances";
import { ownHolder, readHolder } from "../../ownFiles";

const pollMilliseconds = 2_000;
// EC2 pulls the plug of a system that does not end by itself, after some minutes.
const stopTimeoutMilliseconds = 15 * 60_000;
const peekMilliseconds = 5 * 60_000;

/** Stops a builder's nodes now, unless somebody needs them. The end of an ephemeral one is its termination. */
export async function stopNodes(
  account: Account,
  connection: Ec2Connection,
  { force, wait }: { force: boolean; wait: boolean },
  progress: Progress,
): Promise<string> {
  if (!force) {
    await assertUnneeded(account, connection, progress);
  }
  const stopping = await stopInstances(account, connection);
  const holder = readHolder();
  if (holder) {
    await new Claim(account, connection, holder).giveUp();
  }
  if (wait && stopping.length > 0) {
    await waitUntilStopped(account, connection, stopping, progress);
  }
  const names = stopping.map(({ name }) => name).join(", ");
  return stopping.length === 0
    ? `No node of ${connection.builderName} runs.\n`
    : `${wait ? "Stopped" : "Stopping"} ${names} of ${connection.builderName}.\n`;
}

/** Why a builder's nodes are not to be stopped, as sentences; what is unknown is no reason. */
export function reasonsToKeep(builder: Pick<BuilderStatus, "nodes" | "leases">): string[] {
  const leases = builder.leases
    .filter(({ isOwn }) => !isOwn)
    .map(({ holder, until }) => `${holder} holds the nodes until ${until}`);
  const builds = builder.nodes
    .filter(({ activeBuilds }) => activeBuilds)
    .map(({ name, activeBuilds }) => `node ${name} runs ${activeBuilds} build${activeBuilds === 1 ? "" : "s"}`);
  return [...leases, ...builds];
}

async function assertUnneeded(account: Account, connection: Ec2Connection, progress: Progress): Promise<void> {
  const status = await readBuilderStatus(account, connection);
  const silent = status.nodes.filter(({ state, buildkitVersion }) => state === "running" && !buildkitVersion);
  const known = reasonsToKeep(status);
  if (known.length === 0 && silent.length > 0) {
    const daemons = await peek(account, connection, progress);
    for (const node of silent) {
      const daemon = daemons.get(node.instanceId);
      node.activeBuilds = daemon?.activeBuilds;
      if (!daemon) {
        progress(`node ${node.name} does not answer, so that nobody here knows whether it builds`);
      }
    }
  }
  const reasons = reasonsToKeep(status);
  if (reasons.length > 0) {
    throw new BuildError(
      `builder ${connection.builderName} is in use: ${reasons.join("; ")}. Fix: wait, or stop it even so with --force.`,
    );
  }
}

/** Asks the daemons, with a way in for as long as that takes. */
async function peek(
  account: Account,
  connection: Ec2Connection,
  progress: Progress,
): Promise<Map<string, DaemonState | undefined>> {
  const nodes = await findNodes(account, connection);
  const endpoints = endpointsOf(connection, nodes);
  if (connection.ingress.from !== "caller") {
    return new Map();
  }
  const ingress = new Ingress(account, connection.securityGroupId, ownHolder());
  try {
    const address = await callerAddress(connection);
    const rule = await ingress.open(address, new Date(account.now() + peekMilliseconds));
    try {
      return await askDaemons(endpoints);
    } finally {
      await ingress.close(rule);
    }
  } catch (error) {
    progress((error as Error).message);
    return new Map();
  }
}

/** Says which nodes it stops. */
async function stopInstances(account: Account, connection: Ec2Connection): Promise<FoundNode[]> {
  const nodes = (await findNodes(account, connection)).filter((node) => runs(node));
  if (nodes.length > 0) {
    const InstanceIds = nodes.map(({ instanceId }) => instanceId);
    const resource = InstanceIds.map((id) => account.arn("ec2", `instance/${id}`)).join(", ");
    if (isEphemeral(connection)) {
      await call({ action: "ec2:TerminateInstances", resource, identity: account.identity }, () =>
        account.ec2.terminateInstances({ InstanceIds }),
      );
    } else {
      await call({ action: "ec2:StopInstances", resource, identity: account.identity }, () =>
        account.ec2.stopInstances({ InstanceIds }),
      );
    }
  }
  return nodes;
}

function runs({ instance }: FoundNode): boolean {
  return ["pending", "running", "stopping", "shutting-down"].includes(instance?.State?.Name ?? "");
}

async function waitUntilStopped(
  account: Account,
  connection: Ec2Connection,
  nodes: readonly FoundNode[],
  progress: Progress,
): Promise<void> {
  const deadline = Date.now() + stopTimeoutMilliseconds;
  progress(`waiting for the nodes of ${connection.builderName} to stop`);
  for (;;) {
    const left = (await describeNodes(account, connection, nodes)).filter(runs).map(({ name }) => name);
    if (left.length === 0) {
      return;
    }
    if (Date.now() > deadline) {
      throw new BuildError(
        `node ${left.join(", ")} has not stopped within ${stopTimeoutMilliseconds / 60_000} min. Fix: \`aws ec2 ${isEphemeral(connection) ? "terminate" : "stop"}-instances --force\`.`,
      );
    }
    await sleep(pollMilliseconds);
  }
}
