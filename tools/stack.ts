import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { type Tool, prepareTools, toolEnvironment } from "./index";
import type { ToolName } from "./table";

export const STACK = "dev";
const ROOT = path.join(__dirname, "..");

/** Where pulumi runs: our tools, and a state in the checkout that needs no account and no passphrase. */
export interface Workspace {
  tools: readonly Tool[];
  env: NodeJS.ProcessEnv;
}

export async function prepareWorkspace(): Promise<Workspace> {
  const tools = await prepareTools();
  const state = path.join(ROOT, ".state", "pulumi");
  fs.mkdirSync(state, { recursive: true });
  const env = {
    PULUMI_BACKEND_URL: `file://${state}`,
    ...(!process.env.PULUMI_CONFIG_PASSPHRASE_FILE && { PULUMI_CONFIG_PASSPHRASE: "" }),
    ...process.env,
  };
  return { tools, env: toolEnvironment(tools, env) };
}

export function toolPath(workspace: Workspace, name: ToolName): string {
  const tool = workspace.tools.find((candidate) => candidate.name === name);
  if (!tool) {
    throw new Error(`${name} does not run on ${process.platform}: use Linux, or a machine that has one.`);
  }
  return tool.path;
}

/** Makes the stack on first use; a stack that the user selected stays selected. */
export async function ensureStack(workspace: Workspace): Promise<void> {
  const selected = await capture(workspace, ["stack", "--show-name", "--non-interactive"]);
  if (selected.code !== 0) {
    await pulumiOrThrow(workspace, ["stack", "select", "--create", STACK, "--non-interactive"]);
  }
}

export async function pulumiOrThrow(workspace: Workspace, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await capture(workspace, args);
  if (code !== 0) {
    throw new Error(`\`pulumi ${args.join(" ")}\` ended with ${code}: ${stderr || stdout}`);
  }
  return stdout;
}

/** Runs pulumi on this terminal and gives its exit code. */
export function runPulumi(workspace: Workspace, args: readonly string[]): Promise<number> {
  const child = spawn("pulumi", args, { cwd: ROOT, env: workspace.env, stdio: "inherit" });
  // The terminal sends ^C to pulumi as well, which then ends in its own order; a kill reaches only this process.
  const wait = () => undefined;
  const passOn = () => void child.kill("SIGTERM");
  process.on("SIGINT", wait).on("SIGTERM", passOn);
  return new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 143)));
  }).finally(() => process.off("SIGINT", wait).off("SIGTERM", passOn));
}

function capture(
  workspace: Workspace,
  args: readonly string[],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn("pulumi", args, {
    cwd: ROOT,
    env: workspace.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}
