import * as fs from "node:fs";
import * as path from "node:path";
import { cacheDirectory } from "../components/support/paths";
import { runCommand } from "./command";
import { endProcess, livingProcess } from "./processes";
import { say } from "./progress";
import { stopRegistry } from "./registry";

/** A daemon lets its builds finish first: components/nodes/local/run/watch.ts. */
const NODE_SECONDS = 60;

runCommand(async () => {
  const ended = await Promise.all([stopRegistry(), ...localNodes().map(stopNode)]);
  if (!ended.includes(true)) {
    say("nothing of `npm start` is running");
  }
  return 0;
});

/** Each node's folder holds the pid of its watcher, which ends its buildkitd. */
function localNodes(): string[] {
  const nodes = path.join(cacheDirectory(), "nodes");
  return fs.existsSync(nodes) ? fs.readdirSync(nodes).map((name) => path.join(nodes, name)) : [];
}

async function stopNode(folder: string): Promise<boolean> {
  const pid = livingProcess(path.join(folder, "pid"), folder);
  if (pid) {
    await endProcess(pid, `the local node ${path.basename(folder)}`, NODE_SECONDS);
  }
  return pid !== undefined;
}
