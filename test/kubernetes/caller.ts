import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import type { DaemonInfo } from "../../components/buildkit/client";
import type { RunNode } from "../../components/nodes/node";
import { wakeNode } from "../../components/session/wakeNodes";
import type { Progress } from "../../components/support/progress";
import { Relay } from "../../components/transport/relay";
import { execute } from "../hosts/command";
import { temporaryDirectory } from "../main/stack";
import { kubernetesTools } from "./tools";

/** Wakes a node for a relay of its own, as an update has it. */
export async function wakeAlone(
  node: RunNode,
  seconds = 120,
  progress: Progress = () => undefined,
): Promise<{ node: RunNode; relay: Relay; info: DaemonInfo }> {
  const relay = new Relay(randomUUID(), [node.name]);
  await relay.claim();
  return { node, relay, info: await wakeNode(node, relay, seconds, progress) };
}

/**
 * Builds through the relay of a node `amd64`. Says what BuildKit's client printed.
 * @param folder the context, whose Dockerfile is written
 */
export async function build(relay: Relay, dockerfile: string, folder = temporaryDirectory("context")): Promise<string> {
  fs.writeFileSync(path.join(folder, "Dockerfile"), dockerfile);
  const { buildctl } = await kubernetesTools();
  const local = ["context", "dockerfile"].flatMap((name) => ["--local", `${name}=${folder}`]);
  const command = ["build", "--progress", "plain", "--frontend", "dockerfile.v0", ...local];
  const all = [buildctl, "--addr", `unix://${relay.socket("amd64")}`, ...command];
  return execute(["sh", "-c", 'exec "$@" 2>&1', "sh", ...all], { timeoutMilliseconds: 240_000 });
}
