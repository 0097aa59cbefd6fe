/**
 * A process of its own that keeps nodes awake and carries buildx's connections to their pods, after `wake` has ended. It makes
 * no pod: where one ends, or is made anew by an update, it follows, and where none is there for a minute, it ends itself.
 */
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { keepConnection, readDaemonInfo } from "../../../buildkit/client";
import { serveAsHolder } from "../../../transport/holders";
import type { Relay } from "../../../transport/relay";
import { loadCluster } from "../run/load";
import { KubernetesNode } from "../run/node";
import { type CarrierTask, readyLine } from "./carrierProcess";
import { holdRelay } from "./hold";
import { keep, type Way } from "./keep";

const pollMilliseconds = 2_000;
const answerMilliseconds = 6_000;

async function main(): Promise<void> {
  const { settings, builder, chosen, until } = JSON.parse(await readInput()) as CarrierTask;
  const end = new Date(until);
  const cluster = loadCluster("multi-platform-image", settings);
  await cluster;
  const names = builder.nodes.map(({ name }) => name);
  const relay = holdRelay(builder.builderName, names);
  await relay.open();
  const declared = builder.nodes.filter(({ name }) => chosen.includes(name));
  const nodes = declared.map((node) => new KubernetesNode(builder, node, () => cluster));
  const first = await Promise.all(nodes.map((node) => point(node, relay)));
  if (first.includes(false)) {
    throw new Error("a pod has ended as soon as it was ready");
  }
  const ending = new AbortController();
  await serveAsHolder(path.dirname(relay.socket(names[0])), end, (how) => {
    if (how === "end") {
      process.exit(0);
    }
    ending.abort();
  });
  // A `wake` that fails after this ends this process so: what an earlier one holds is reached as before.
  process.once("SIGTERM", () => void relay.release().finally(() => process.exit(0)));
  // Last: an earlier one's sockets are taken by a process that has pods, and by no other.
  await relay.claim();
  // Nobody reads what is written after the line, as a module of NODE_OPTIONS may do.
  process.stdout.on("error", () => undefined);
  process.stdout.write(`${readyLine}\n`);
  await Promise.all(nodes.map((node) => keep(wayTo(node, relay, end, ending.signal), end, ending.signal)));
  // Its time is over, or another one has the sockets that are registered: what is built through these is not cut.
  while (names.some((name) => relay.connections(name).length > 0)) {
    await sleep(pollMilliseconds);
  }
}

/** The way to a node, through the relay as buildx goes it. */
function wayTo(node: KubernetesNode, relay: Relay, until: Date, signal: AbortSignal): Way {
  const socket = relay.socket(node.name);
  return {
    find: () => point(node, relay),
    hold: async () => {
      await readDaemonInfo(socket, answerMilliseconds);
      await keepConnection(socket, until.getTime() - Date.now(), signal).catch(() => undefined);
    },
  };
}

/** Has connections go to the node's pod as it is now. Says whether there is one. */
async function point(node: KubernetesNode, relay: Relay): Promise<boolean> {
  const { endpoint } = await node.see();
  relay.point(node.name, endpoint);
  return endpoint !== undefined;
}

async function readInput(): Promise<string> {
  let text = "";
  for await (const part of process.stdin) {
    text += String(part);
  }
  return text;
}

if (require.main === module) {
  main().then(
    () => process.exit(0),
    (error: Error) => {
      process.stdout.write(error.message);
      process.exit(1);
    },
  );
}
