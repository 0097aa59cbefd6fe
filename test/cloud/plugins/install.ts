import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import * as path from "node:path";

import type { Options } from "@swc/core";

import { cacheDirectory, prepareTools, toolEnvironment } from "../../../tools";
import { publishFolder } from "../../../tools/cache";
import { javascript, transpileInto } from "../../hosts/transpile";
import { packageVersion } from "./versions";

const repository = path.resolve(__dirname, "../../..");

const plugins = { aws: "@pulumi/aws", tls: "@pulumi/tls" } as const;

/**
 * A PULUMI_HOME with the stand-ins for the aws and tls providers, and with the real docker-build provider. It is the
 * tests' own: `npm start` has to find the real ones.
 */
export async function testPulumiHome(): Promise<string> {
  const program = await compiledPlugins();
  const tools = await prepareTools(["pulumi-resource-docker-build"]);
  const { PULUMI_HOME: real = "" } = toolEnvironment(tools);
  // Beside each folder Pulumi notes in a file when it was last used.
  const entries = await fs.readdir(path.join(real, "plugins"), { withFileTypes: true });
  const builds = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const scripts = Object.keys(plugins).map((name) => startScript(name, program));
  return madeOnce("pulumi-home", { scripts, builds }, async (home) => {
    await installPlugins(home, program);
    for (const build of builds.filter((name) => name.startsWith("resource-docker-build-"))) {
      // Pulumi takes no link for a plugin's folder, but links in it.
      const folder = path.join(home, "plugins", build);
      await fs.mkdir(folder);
      for (const file of await fs.readdir(path.join(real, "plugins", build))) {
        await fs.symlink(path.join(real, "plugins", build, file), path.join(folder, file));
      }
    }
  });
}

/** Puts the stand-ins where Pulumi looks for plugins of exactly the versions of the installed SDKs. */
export async function installPlugins(pulumiHome: string, program?: string): Promise<void> {
  const compiled = program ?? (await compiledPlugins());
  for (const [name, sdk] of Object.entries(plugins)) {
    const folder = path.join(pulumiHome, "plugins", `resource-${name}-v${packageVersion(sdk)}`);
    await fs.mkdir(folder, { recursive: true });
    await fs.writeFile(path.join(folder, `pulumi-resource-${name}`), startScript(name, compiled), { mode: 0o755 });
  }
}

const options = ["--no-warnings", "--require", path.join(repository, "test/main/keptModules.js")];

/** Each of Pulumi's commands starts each plugin anew. */
function startScript(name: string, compiled: string): string {
  const main = path.join(compiled, name, "main.js");
  const kept = path.join(compiled, `${name}.modules`);
  const words = [process.execPath, ...options, main].map((word) => `'${word}'`);
  return `#!/bin/sh\nTEST_KEPT_MODULES='${kept}' exec ${words.join(" ")} "$@"\n`;
}

/** The command that serves both, until it is killed. */
export async function runningCommand(): Promise<{ command: string[]; environment: NodeJS.ProcessEnv }> {
  const compiled = await compiledPlugins();
  return {
    command: [process.execPath, ...options, path.join(compiled, "main.js")],
    environment: { TEST_KEPT_MODULES: path.join(compiled, "main.modules") },
  };
}

/** The plugins as JavaScript: loading TypeScript would cost each of Pulumi's commands a second. */
async function compiledPlugins(): Promise<string> {
  const names = await fs.readdir(__dirname, { recursive: true });
  const sources: Record<string, string> = {};
  for (const name of names.filter((each) => isPlugin(each)).sort()) {
    sources[name] = await fs.readFile(path.join(__dirname, name), "utf8");
  }
  return madeOnce("plugins", { sources, settings, repository }, async (folder) => {
    transpileInto(folder, sources, settings);
    await fs.symlink(path.join(repository, "node_modules"), path.join(folder, "node_modules"));
  });
}

const isPlugin = (name: string): boolean =>
  name.endsWith(".ts") && !["install.ts", "running.ts"].includes(name) && !name.startsWith("program");

/** Without the lock of larger folders: making it twice takes no time, and it appears by one rename. */
async function madeOnce(name: string, inputs: unknown, make: (folder: string) => Promise<void>): Promise<string> {
  const key = createHash("sha256").update(JSON.stringify(inputs)).digest("hex").slice(0, 16);
  const folder = path.join(cacheDirectory(), "test", `${name}-${key}`);
  if (!existsSync(folder)) await publishFolder(folder, make);
  return folder;
}

/** Packages are loaded when they are first used: most commands of Pulumi use few of them, and each loads all plugins. */
const settings: Options = { ...javascript, module: { type: "commonjs", lazy: true } };
