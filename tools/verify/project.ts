import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { prepareTools, toolEnvironment } from "../index";
import type { Spec } from "./settings";

const root = path.join(__dirname, "..", "..");
export const stackName = "verify";

/** The Pulumi project of a run, in a folder of its own, with its state. */
export interface Project {
  folder: string;
  environment: Record<string, string>;
}

/**
 * Makes the project. Pulumi fetches the plugins of aws and tls by itself, into our own PULUMI_HOME, where the next run
 * finds them; whoever sets PULUMI_HOME and PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION brings others.
 */
export async function createProject(spec: Spec, region: string): Promise<Project> {
  const tools = await prepareTools(["pulumi", "pulumi-language-nodejs", "pulumi-resource-docker-build"]);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "verify-aws-"));
  const state = path.join(folder, "state");
  fs.mkdirSync(state);
  fs.writeFileSync(path.join(folder, "Pulumi.yaml"), "name: verify-aws\nruntime: nodejs\nmain: index.ts\n");
  const program = path.join(__dirname, "program");
  fs.writeFileSync(path.join(folder, "index.ts"), `export = require(${JSON.stringify(program)});\n`);
  fs.writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name: "verify-aws", main: "index.ts" }));
  fs.copyFileSync(path.join(root, "tsconfig.json"), path.join(folder, "tsconfig.json"));
  fs.symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
  fs.cpSync(path.join(__dirname, "app"), path.join(folder, "app"), { recursive: true });
  writeMessage(folder, "first");
  writeSpec(folder, spec);
  const base = toolEnvironment(tools);
  const environment = {
    ...base,
    PULUMI_HOME: process.env.PULUMI_HOME ?? base.PULUMI_HOME,
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: process.env.PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION ?? "false",
    PULUMI_BACKEND_URL: `file://${state}`,
    // Of a state that is deleted with the run, and was never anywhere else.
    PULUMI_CONFIG_PASSPHRASE: "verify",
    AWS_REGION: region,
  };
  const known = Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { folder, environment: Object.fromEntries(known) };
}

export function writeSpec(folder: string, spec: Spec): void {
  fs.writeFileSync(path.join(folder, "spec.json"), JSON.stringify(spec, undefined, 2));
}

export function readSpec(folder: string): Spec {
  return JSON.parse(fs.readFileSync(path.join(folder, "spec.json"), "utf8")) as Spec;
}

export function writeMessage(folder: string, text: string): void {
  fs.writeFileSync(path.join(folder, "app", "message"), `${text}\n`);
}
