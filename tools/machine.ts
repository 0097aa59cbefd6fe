import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as semver from "semver";
import type { MachineRule, PreparedTool, ToolTable } from "./recipe";

/** The tool if this machine has it already in an acceptable version. */
export async function findOnMachine(
  table: ToolTable,
  name: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<PreparedTool | undefined> {
  const { machine, binary } = table[name];
  if (!machine) {
    return undefined;
  }
  switch (machine.kind) {
    case "command":
      return findCommand(name, machine, env);
    case "beside": {
      const companion = await findOnMachine(table, machine.tool, env);
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
  env: NodeJS.ProcessEnv,
): Promise<PreparedTool | undefined> {
  const file = findOnPath(rule.command, env);
  if (!file) {
    return undefined;
  }
  const version = semver.coerce(await versionOutput(file, rule.args, env))?.version;
  return version && semver.satisfies(version, rule.range)
    ? { name, version, path: file, source: "machine" }
    : undefined;
}

export function findOnPath(command: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  return (env.PATH ?? "")
    .split(path.delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => path.join(folder, command))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The part of the output that starts with the version: module paths such as `distribution/v3` hold digits as well. */
async function versionOutput(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const output = await new Promise<string>((resolve) => {
    const options = { timeout: 10_000, env: { ...env, PULUMI_SKIP_UPDATE_CHECK: "true" } };
    execFile(file, args, options, (error, stdout) => resolve(error ? "" : stdout));
  });
  return /\bv?\d+\.\d+\.\d+\S*/.exec(output)?.[0] ?? "";
}
