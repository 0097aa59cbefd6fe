import { execFile } from "node:child_process";
import * as os from "node:os";
import * as path from "node:path";
import * as semver from "semver";
import { findOnPath, isExecutable } from "../components/support/paths";
import type { Log } from "./progress";
import type { MachineRule, PreparedTool, ToolFeature, ToolTable } from "./recipe";

/** The tool if this machine has it already in an acceptable version; `log` hears why one that is there is passed over. */
export async function findOnMachine(
  table: ToolTable,
  name: string,
  env: NodeJS.ProcessEnv,
  log: Log,
): Promise<PreparedTool | undefined> {
  const { machine, binary, feature } = table[name];
  if (!machine) {
    return undefined;
  }
  switch (machine.kind) {
    case "command":
      return findCommand(name, machine, feature, env, log);
    case "beside": {
      const companion = await findOnMachine(table, machine.tool, env, log);
      const file = companion && path.join(path.dirname(companion.path), binary);
      return file && isExecutable(file) ? { ...companion, name, path: file } : undefined;
    }
    case "plugin": {
      const home = env.PULUMI_HOME || path.join(os.homedir(), ".pulumi");
      const file = path.join(home, "plugins", machine.folder, binary);
      return isExecutable(file) ? { name, version: table[name].version, path: file, source: "machine" } : undefined;
    }
    default:
      return machine satisfies never;
  }
}

async function findCommand(
  name: string,
  rule: Extract<MachineRule, { kind: "command" }>,
  feature: ToolFeature | undefined,
  env: NodeJS.ProcessEnv,
  log: Log,
): Promise<PreparedTool | undefined> {
  const file = findOnPath(rule.command, env);
  if (!file) {
    return undefined;
  }
  const version = semver.coerce(versionIn(await output(file, rule.args, env)))?.version;
  if (!version || !semver.satisfies(version, rule.range)) {
    log(`${name}: ${file} is passed over: it says ${version ?? "no version"}, and ${rule.range} is needed`);
    return undefined;
  }
  const lack = feature && (await lackOf(feature, file, env));
  if (lack) {
    log(`${name}: ${file} is passed over: ${lack}`);
    return undefined;
  }
  return { name, version, path: file, source: "machine" };
}

/** Why this file is of no use as a tool that must have the feature, or undefined if it has it. */
export async function lackOf(feature: ToolFeature, file: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const said = await output(file, feature.args, env);
  return said.includes(feature.says)
    ? undefined
    : `\`${[path.basename(file), ...feature.args].join(" ")}\` does not name ${feature.says}, and ${feature.why}`;
}

function output(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const options = { timeout: 10_000, env: { ...env, PULUMI_SKIP_UPDATE_CHECK: "true" } };
  return new Promise((resolve) => {
    execFile(file, args, options, (error, stdout) => resolve(error ? "" : stdout));
  });
}

/** The part of the output that starts with the version: module paths such as `distribution/v3` hold digits as well. */
function versionIn(text: string): string {
  return /\bv?\d+\.\d+\.\d+\S*/.exec(text)?.[0] ?? "";
}
