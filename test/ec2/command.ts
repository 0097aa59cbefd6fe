import { type ChildProcess, spawn } from "node:child_process";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";

import type { Cloud } from "../cloud/cloud";
import { compiled, startsFast } from "../main/compiled";

const repository = path.resolve(__dirname, "../..");

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface StartedCommand {
  child: ChildProcess;
  stderr: () => string;
  done: Promise<Outcome>;
}

/** A command of `multi-platform-image`, in the cloud's namespace, with a HOME of its own. */
export async function startCommand(cloud: Cloud, home: string, args: readonly string[]): Promise<StartedCommand> {
  const main = await compiled(path.join(repository, "components/cli/main"));
  const [program, ...rest] = cloud.enter([process.execPath, main, ...args]);
  const own = { PATH: process.env.PATH, HOME: home, TMPDIR: os.tmpdir() };
  const env = { ...own, ...(await startsFast()), ...cloud.environment() };
  const child = spawn(program, rest, { cwd: repository, env, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
  const done = new Promise<Outcome>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
  return { child, stderr: () => stderr, done };
}

/** Where buildx keeps a builder of this name. */
export function storedBuilder(home: string, name: string): string {
  return path.join(home, ".docker/buildx/instances", name);
}

/** What a build waits for that adds it: a step that takes as long as a test wants, and needs no base image. */
export async function slowSource(address: string): Promise<{ url: string; answer: () => void }> {
  let answer = () => {};
  const asked = new Promise<void>((resolve) => (answer = resolve));
  const server = http.createServer((_, response) => void asked.then(() => response.end("slow")));
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  server.unref();
  return { url: `http://${address}:${(server.address() as AddressInfo).port}/slow`, answer };
}
