import type { Endpoint } from "../transport/endpoint";
import type { Progress } from "../support/progress";
import { nodesOf, platformsOf, provePlacement } from "../session/placement";
import { register, type RegisteredNode, remoteRegistration } from "../session/registration";
import { wakeNode } from "../session/wakeNodes";
import { type Node, type RunNode, title } from "../nodes/node";
import { BuildError } from "../support/errors";
import { nodeSetsOf } from "../nodes/nodeSets";
import { writeCertificates } from "../nodes/ownFiles";
import type { Reached } from "../nodes/shell";
import type { WakeOptions } from "./commands";
import { findBuilder } from "./builders";
import { withRelay } from "../transport/daemons";
import { withProgress } from "./withProgress";
import { directName } from "./registrations";
import { formatTime } from "../support/tables";

/** Makes a builder ready for builds from this machine's shell, and says how to build. */
export async function wake({ builder, minutes, platforms, ...options }: WakeOptions): Promise<string> {
  return withProgress(`waking ${builder}`, async (progress) => {
    const found = await findBuilder(builder, options);
    const all = found.wakeable();
    const nodes = platforms ? nodesOf(all, platforms) : nodeSetsOf(all)[0];
    return found.hold(nodes, minutes, progress, async (held) => {
      const endpoints = await wakeAll(held.nodes, found.wakeTimeoutSeconds, progress);
      const reached = await held.reach(endpoints);
      const name = registerDirectly(found.builderName, nodes, reached);
      await held.giveUpOlder();
      progress(
        `builder ${name} is registered; its nodes stay awake and let this machine in until ${formatTime(held.until)}`,
      );
      return `docker buildx build --builder ${name} --platform ${platformList(nodes)} --tag REPOSITORY:TAG --push .\n`;
    });
  });
}

/** The nodes' endpoints in their order, once every daemon lists its workers and each serves its platform natively. */
async function wakeAll(nodes: readonly RunNode[], wakeTimeoutSeconds: number, progress: Progress): Promise<Endpoint[]> {
  return withRelay(
    nodes.map(({ name }) => name),
    async (relay) => {
      const outcomes = await Promise.allSettled(
        nodes.map(async (node) => {
          const info = await wakeNode(node, relay, wakeTimeoutSeconds, progress);
          const endpoint = await node.wake(progress);
          if ("waitingFor" in endpoint) {
            throw new BuildError(`${title(node)} went away as soon as it was awake. Fix: try again.`);
          }
          progress(`${title(node)} is awake: BuildKit ${info.version}`);
          return { ...node, listed: info.platforms, endpoint };
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

function registerDirectly(builder: string, nodes: readonly Node[], reached: readonly Reached[]): string {
  const builderName = directName(builder);
  const registered = nodes.map(({ name, platform, additionalPlatforms }, index): RegisteredNode => {
    const { endpoint, tls } = reached[index];
    const driverOptions = tls && writeCertificates(builder, tls);
    return { name, platform, additionalPlatforms, endpoint, driverOptions };
  });
  register(builderName, remoteRegistration(builderName, registered));
  return builderName;
}

function platformList(nodes: readonly Node[]): string {
  return nodes.flatMap(platformsOf).join(",");
}
