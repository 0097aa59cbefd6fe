import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { cacheDirectory } from "../components/support/paths";
import type { PreparedTool } from "./recipe";
import { TOOLS, type ToolName } from "./table";

/** Kept off PATH: pulumi warns of plugins that it finds there. */
const PROVIDER: ToolName = "pulumi-resource-docker-build";

/** What a program needs to find these tools and no others; nothing outside the cache is changed. */
export function toolEnvironment(
  tools: readonly PreparedTool<ToolName>[],
  base: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const cache = cacheDirectory(base);
  const commands = tools.filter(({ name }) => name !== PROVIDER);
  const set = createHash("sha256").update(JSON.stringify(commands)).digest("hex").slice(0, 12);
  const bin = path.join(cache, "bin", set);
  const home = path.join(cache, "pulumi-home");
  for (const { name, path: target } of commands) {
    linkFile(path.join(bin, TOOLS[name].binary), target, cache);
  }
  const provider = tools.find(({ name }) => name === PROVIDER);
  if (provider) {
    linkFile(
      path.join(home, "plugins", `resource-docker-build-v${provider.version}`, provider.name),
      provider.path,
      cache,
    );
  }
  return {
    ...base,
    PATH: [bin, base.PATH].filter(Boolean).join(path.delimiter),
    PULUMI_HOME: home,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // Set it to "false" to let pulumi fetch other plugins, such as aws for nodes of kind ec2.
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: base.PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION ?? "true",
    // ts-node's type check of a program takes many times what running it takes; `npm test` does the checking.
    PULUMI_NODEJS_TRANSPILE_ONLY: "true",
  };
}

/**
 * Makes or replaces a link by a rename, so that another run that reads it at this moment finds one of the two. Hard where
 * it can be: pulumi looks for its language hosts beside its own file, with symbolic links resolved, and warns of others.
 */
function linkFile(file: string, target: string, cache: string): void {
  if (isSameFile(file, target)) {
    return;
  }
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  fs.rmSync(temporary, { force: true });
  if (target.startsWith(cache + path.sep)) {
    fs.linkSync(target, temporary);
  } else {
    fs.symlinkSync(target, temporary);
  }
  fs.renameSync(temporary, file);
}

function isSameFile(file: string, target: string): boolean {
  const one = fs.statSync(file, { throwIfNoEntry: false });
  const other = fs.statSync(target);
  return one?.ino === other.ino && one.dev === other.dev;
}
