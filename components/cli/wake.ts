import { formatEndpoint } from "../transport/endpoint";
import type { Progress } from "../support/progress";
import { nodesOf, platformsOf, provePlacement } from "../session/placement";
import { register, type RegisteredNode, remoteRegistration } from "../session/registration";
import { wakeNode } from "../session/wakeNodes";
import { title } from "../nodes/node";
import type { Ec2Connection, Ec2ConnectionNode } from "../nodes/ec2/connection";
import { Instances } from "../nodes/ec2/run/instances";
import { ec2RunNode } from "../nodes/ec2/run/kept/keptNode";
import { BuildError } from "../support/errors";
import { onInterruption } from "../support/interruption";
import { nodeSetsOf } from "../nodes/nodeSets";
import { type Account, openAccount } from "../nodes/ec2/shell/account";
import type { WakeOptions } from "./arguments";
import { findConnection } from "../nodes/ec2/shell/findBuilders";
import { Claim } from "../nodes/ec2/shell/claim";
import { withRelay } from "../transport/daemons";
import { isEphemeral } from "../nodes/ec2/shell/nodeInstances";
import { ownHolder, writeCertificates } from "../nodes/ec2/shell/ownFiles";
import { withProgress } from "./progress";
import { directName } from "./registrations";
import { formatTime } from "../support/tables";

/** Makes a builder ready for builds from this machine's shell, and says how to build. */
export async function wake({ builder, minutes, platforms, ...options }: WakeOptions): Promise<string> {
  return withProgress(`waking ${builder}`, async (progress) => {
    const account = await openAccount(options);
    const connection = await findConnection(account, builder);
    if (isEphemeral(connection)) {
      throw new BuildError(
        `builder ${connection.builderName} has no nodes to wake: each \`pulumi up\` that builds launches its own, and terminates them. ` +
          'Fix: for builds outside of `pulumi up` use a builder with `lifecycle: "stop-when-idle"`.',
      );
    }
    const nodes = platforms ? nodesOf(connection.nodes, platforms) : nodeSetsOf(connection.nodes)[0];
    const instances = new Instances(connection, () => Promise.resolve(account));
    const claim = new Claim(account, connection, ownHolder());
    // Whoever interrupts the command wants neither nodes awake nor a way in.
    const ignoreInterruption = onInterruption(() => claim.undo());
    const until = await claim.take(minutes, progress);
    try {
      const endpoints = await wakeAll(account, connection, nodes, instances, claim, progress);
      await claim.removeOlderRules();
      const name = registerDirectly(connection, nodes, endpoints);
      progress(
        `builder ${name} is registered; its nodes stay awake and let this machine in until ${formatTime(until)}`,
      );
      return `docker buildx build --builder ${name} --platform ${platformList(nodes)} --tag REPOSITORY:TAG --push .\n`;
    } catch (error) {
      await claim.undo();
      throw error;
    } finally {
      ignoreInterruption();
    }
  });
}

/** The nodes' endpoints in their order, once every daemon lists its workers and each serves its platform natively. */
async function wakeAll(
  account: Account,
  connection: Ec2Connection,
  nodes: readonly Ec2ConnectionNode[],
  instances: Instances,
  claim: Claim,
  progress: Progress,
): Promise<string[]> {
  const clients = () => Promise.resolve(account);
  const isOwnClaim = (name: string) => claim.isOwn(name);
  const runNodes = nodes.map((node) => ec2RunNode({ connection, node, instances, clients, isOwnClaim }));
  return withRelay(
    nodes.map(({ name }) => name),
    async (relay) => {
      const outcomes = await Promise.allSettled(
        runNodes.map(async (node) => {
          const info = await wakeNode(node, relay, connection.wakeTimeoutSeconds, progress);
          const endpoint = await node.wake(progress);
          if ("waitingFor" in endpoint) {
            throw new BuildError(`${title(node)} went away as soon as it was awake. Fix: try again.`);
          }
          progress(`${title(node)} is awake: BuildKit ${info.version}`);
          return { ...node, listed: info.platforms, endpoint: formatEndpoint(endpoint) };
        }),
      );
      const failures = outcomes.flatMap((each) => (each.status === "rejected" ? [each.reason as Error] : []));
      if (failures.length > 0) {
        throw new BuildError(failures.map(({ message }) => message).join("\n"));
      }
      const awake = outcomes.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
      provePlacement(awake, nodes.flatMap(platformsOf));
      return awake.map(({ endpoint }) => endpoint);
    },
  );
}

function registerDirectly(
  connection: Ec2Connection,
  nodes: readonly Ec2ConnectionNode[],
  endpoints: readonly string[],
): string {
  const builderName = directName(connection.builderName);
  const driverOptions = writeCertificates(connection.builderName, connection.tls);
  const registered = nodes.map(({ name, platform, additionalPlatforms }, index): RegisteredNode => ({
    name,
    platform,
    additionalPlatforms,
    endpoint: endpoints[index],
    driverOptions,
  }));
  register(builderName, remoteRegistration(builderName, registered));
  return builderName;
}

function platformList(nodes: readonly Ec2ConnectionNode[]): string {
  return nodes.flatMap(platformsOf).join(",");
}
