import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { BuildReport } from "../../components/insights/report";
import type { NamespaceNode } from "../../test/hosts";
import type { Run, Side } from "./sides";

/** How long somebody waits for the node until it starts: docker-build does 20 s at most. */
const waitMilliseconds = 5_000;
/** Who looks each second is met at any moment of it. */
const moreMilliseconds = 1_000;
const lookEveryMilliseconds = 20;

/** An update that finds its node asleep: how long after the node's first answer its build begins there, and how much of it is ours. */
export async function runAfterWake(side: Side, node: NamespaceNode): Promise<Run> {
  await node.stop();
  const before = await node.connections();
  const running = side.run();
  // A failure is seen below.
  running.catch(() => undefined);
  while ((await node.connections()) === before) {
    await sleep(lookEveryMilliseconds * 10);
  }
  await sleep(waitMilliseconds + Math.random() * moreMilliseconds);
  const [answered] = await Promise.all([answerOf(node), node.start()]);
  const run = await running;
  const last = (await node.history()).at(-1);
  if (!last) {
    throw new Error("the node has no record of the build that was measured");
  }
  const prepared = side.name === "ours" ? preparedAt(side.directory()) : undefined;
  return {
    ...run,
    afterWakeSeconds: (last.startedAt.getTime() - answered) / 1_000,
    ...(prepared !== undefined && { oursAfterWakeSeconds: (prepared - answered) / 1_000 }),
  };
}

/** When a daemon takes the first connection. */
async function answerOf({ socket }: NamespaceNode): Promise<number> {
  while (!(await isAnswered(socket))) {
    await sleep(lookEveryMilliseconds);
  }
  return Date.now();
}

function isAnswered(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = net.connect(socket);
    connection.once("error", () => resolve(false));
    connection.once("connect", () => {
      connection.destroy();
      resolve(true);
    });
  });
}

/** When docker-build's turn came, by the report that the update has kept. */
function preparedAt(project: string): number {
  const folder = path.join(project, ".multi-platform-image/reports/dev/last");
  const [file] = fs.readdirSync(folder);
  const { report } = JSON.parse(fs.readFileSync(path.join(folder, file), "utf8")) as { report: BuildReport };
  const [{ seconds }] = report.phases;
  return Date.parse(report.startedAt) + seconds * 1_000;
}
