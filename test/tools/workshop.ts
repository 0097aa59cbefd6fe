import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import * as tar from "tar";
import { type PrepareOptions, prepare } from "../../tools/prepare";
import type { Log } from "../../tools/progress";
import type { PreparedTool, ToolFeature, ToolTable } from "../../tools/recipe";

export const ASSET = "/made/up/releases/download/v1.2.3/greeter-v1.2.3.tar.gz";
const GREETING = "greeter 1.2.3";

interface Changes {
  sha256?: string;
  module?: boolean;
  feature?: ToolFeature;
  path?: string;
  log?: Log;
}

/** A folder with an empty cache, a real archive of a small tool, and a Go module that makes the same tool. */
export interface Workshop {
  folder: string;
  cache: string;
  archive: Buffer;
  options(server: string, changes?: Changes): PrepareOptions;
  remove(): Promise<void>;
}

export async function makeWorkshop(): Promise<Workshop> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "tools-test-"));
  const cache = path.join(folder, "cache");
  const archive = await makeArchive(folder);
  await makeRecipe(path.join(folder, "go", "greeter"));
  return {
    folder,
    cache,
    archive,
    options: (server, { sha256 = sum(archive), module = false, feature, path: searchPath, log } = {}) => ({
      table: table(sha256, module, feature),
      recipes: path.join(folder, "go"),
      platform: undefined,
      server,
      env: { ...process.env, MULTI_PLATFORM_IMAGE_CACHE: cache, ...(searchPath !== undefined && { PATH: searchPath }) },
      log: log ?? (() => undefined),
    }),
    remove: () => fs.rm(folder, { recursive: true, force: true }),
  };
}

export async function prepareGreeter(options: PrepareOptions): Promise<PreparedTool> {
  const [tool] = await prepare(["greeter"], options);
  return tool;
}

/** The same in a process of its own; its output is what it said. */
export function prepareInProcess(options: PrepareOptions): { child: ChildProcess; output: Promise<string> } {
  const { env, ...rest } = options;
  const script = path.join(__dirname, "prepareProcess.ts");
  const register = require.resolve("ts-node/register/transpile-only");
  const child = spawn(process.execPath, ["-r", register, script, JSON.stringify(rest)], { env, stdio: "pipe" });
  const output = new Promise<string>((resolve) => {
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.once("close", () => resolve(text));
  });
  return { child, output };
}

export function sum(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Every file of a cache's tools, temporary ones too. */
export async function madeFiles(cache: string): Promise<string[]> {
  return fs.readdir(path.join(cache, "tools")).catch(() => []);
}

function table(sha256: string, module: boolean, feature?: ToolFeature): ToolTable {
  const asset = { path: ASSET, format: "tar.gz", checksum: { kind: "pinned", sha256 } } as const;
  return {
    greeter: {
      version: "1.2.3",
      binary: "greeter",
      machine: { kind: "command", command: "greeter", args: ["--version"], range: ">=1.2.0" },
      feature,
      release: {
        assets: { "linux/amd64": asset, "linux/arm64": asset, "darwin/amd64": asset, "darwin/arm64": asset },
        entry: "greeter/greeter",
      },
      ...(module && { module: { recipe: "greeter", package: ".", variables: { "main.version": "1.2.3" } } }),
    },
  };
}

async function makeArchive(folder: string): Promise<Buffer> {
  const source = path.join(folder, "source");
  await fs.mkdir(path.join(source, "greeter"), { recursive: true });
  await fs.writeFile(path.join(source, "greeter", "greeter"), `#!/bin/sh\necho ${GREETING}\n`);
  const padding = createHash("sha512").update("incompressible").digest();
  await fs.writeFile(path.join(source, "greeter", "other"), Buffer.concat(Array.from({ length: 4096 }, () => padding)));
  const file = path.join(folder, "greeter.tar.gz");
  await tar.create({ file, gzip: { level: 0 }, cwd: source }, ["greeter"]);
  return fs.readFile(file);
}

async function makeRecipe(folder: string): Promise<void> {
  await fs.mkdir(folder, { recursive: true });
  await fs.writeFile(path.join(folder, "go.mod"), "module greeter\n\ngo 1.21\n");
  const program = ["package main", "", "var version string", "", 'func main() { print("greeter ", version) }', ""];
  await fs.writeFile(path.join(folder, "main.go"), program.join("\n"));
}
