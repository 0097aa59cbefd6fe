/**
 * A process of its own that keeps nodes awake and carries buildx's connections to their pods, after `wake` has ended. It makes
 * no pod: where one ends, or is made anew by an update, it follows, and where none is there for a minute, it ends itself.
 */
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { keepConnection } from "../../../buildkit/client";
import { serveAsHolder } from "../../../transport/holders";
import type { Relay } from "../../../transport/relay";
import { loadCluster } from "../run/load";
import { KubernetesNode } from "../run/node";
import { type CarrierTask, readyLine } from "./carrierProcess";
import { holdRelay } from "./hold";

const againMilliseconds = 2_000;
const goneMilliseconds = 60_000;

async function main(): Promise<void> {
  const { settings, builder, chosen, until } = JSON.parse(await readInput()) as CarrierTask;
  const end = new Date(until);
  const cluster = loadCluster("multi-platform-image", settings);
  await cluster;
  const names = builder.nodes.map(({ name }) => name);
  const relay = holdRelay(builder.builderName, names);
  await relay.claim();
  const ending = new AbortController();
  await serveAsHolder(path.dirname(relay.socket(names[0])), end, (how) => {
    if (how === "end") {
      process.exit(0);
    }
    ending.abort();
  });
  const declared = builder.nodes.filter(({ name }) => chosen.includes(name));
  const nodes = declared.map((node) => new KubernetesNode(builder, node, () => cluster));
  const first = await Promise.all(nodes.map((node) => point(node, relay)));
  if (first.includes(false)) {
    throw new Error("a pod has ended as soon as it was ready");
  }
  process.stdout.write(`${readyLine}\n`);
  await Promise.all(nodes.map((node) => keep(node, relay, end, ending.signal)));
  // Another one has the sockets that are registered; what is built through these may take its time.
  while (names.some((name) => relay.connections(name).length > 0) && new Date() < end) {
    await sleep(againMilliseconds);
  }
}

/** Keeps a connection to a node until then, or until there is no pod any more. */
async function keep(node: KubernetesNode, relay: Relay, until: Date, signal: AbortSignal): Promise<void> {
  let lastSeen = Date.now();
  while (new Date() < until && !signal.aborted && Date.now() - lastSeen < goneMilliseconds) {
    if (await point(node, relay).catch(() => false)) {
      await keepConnection(relay.socket(node.name), until.getTime() - Date.now(), signal)
        .then(() => (lastSeen = Date.now()))
        .catch(() => undefined);
    }
    await sleep(signal.aborted ? 0 : againMilliseconds);
  }
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
