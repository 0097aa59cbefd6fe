import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import * as readline from "node:readline";

import { cacheDirectory } from "../../components/support/paths";
import { machineParts } from "../../test/hosts/requirements";
import { tierVariable } from "../../test/tier";
import { say, seconds } from "../progress";
import { type Counts, type FileCounts, oneFailure, sum, summary } from "./counts";
import { noteProcess } from "./interrupt";
import { takeLeftovers } from "./leftovers";
import { ROOT, type TestFile } from "./testFile";

export interface FileResult {
  name: string;
  seconds: number;
  counts: Counts;
  tests: FileCounts["tests"];
  /** Of a core. @default - not measured */
  cpuSeconds?: number;
}

/** Runs a file of tests in a process and a temporary folder of its own, and takes what it leaves behind. */
export async function runFile(file: TestFile, folder: string, all: boolean): Promise<FileResult> {
  const started = Date.now();
  const temporary = path.join(folder, "tmp");
  const countsFile = path.join(folder, "counts.json");
  const kept = path.join(cacheDirectory(), "test", "kept-modules");
  fs.mkdirSync(temporary, { recursive: true });
  fs.mkdirSync(kept, { recursive: true });
  say(`# ${file.name}: begins`);
  const env = {
    ...process.env,
    TMPDIR: temporary,
    TEST_COUNTS_FILE: countsFile,
    [tierVariable]: all ? "all" : "",
    // Of TypeScript and others that each process loads.
    V8_COMPILE_CACHE_CACHE_DIR: path.join(cacheDirectory(), "test", "compile-cache"),
    TEST_KEPT_MODULES: path.join(kept, "mocha.modules"),
    TEST_KEPT_TYPESCRIPT: path.join(cacheDirectory(), "test", "kept-typescript"),
    // The AWS SDK's advice on Node's version is nothing that a test can follow.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  };
  const options = ["--exit", "--retries", String(retriesOf(file)), "--reporter", path.join(__dirname, "reporter.ts")];
  const code = await runNode([require.resolve("mocha/bin/mocha.js"), ...options, ...file.paths], env, file.name);
  const { counts, ...others } = readCounts(file.name, countsFile, code);
  const left = await takeLeftovers(temporary);
  const total = sum([counts, ...left.map((what) => oneFailure(`${file.name}: left behind: ${what}`))]);
  const ofCore = Math.round(others.cpuSeconds ?? 0);
  say(`# ${file.name}: ${summary(total)} in ${seconds(started)}, ${ofCore} s of a core`);
  return { name: file.name, seconds: (Date.now() - started) / 1000, counts: total, ...others };
}

/** Where machines boot beside each other on few cores, something is late now and then; the summary names it. */
const retriesOf = ({ group, parts }: TestFile): number =>
  group !== "unit" && parts.some((part) => machineParts.includes(part)) ? 1 : 0;

/** Runs a program of Node's and gives its exit code; null if a signal ended it. `name` stands before each of its lines. */
export async function runNode(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  name: string,
  onMessage?: (message: unknown) => void,
): Promise<number | null> {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env,
    stdio: ["ignore", "pipe", "pipe", ...(onMessage ? (["ipc"] as const) : [])],
  });
  noteProcess(child);
  if (onMessage) {
    child.on("message", onMessage);
  }
  for (const input of [child.stdout, child.stderr]) {
    if (input) {
      readline.createInterface({ input }).on("line", (line) => say(`${name}: ${line}`));
    }
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
}

/** A run that broke off has no counts, and one that ended badly has a failure, whatever it counted. */
function readCounts(name: string, file: string, code: number | null): Omit<FileResult, "name" | "seconds"> {
  const ending = code ?? "a signal";
  if (!fs.existsSync(file)) {
    return { counts: oneFailure(`${name}: broke off with ${ending} before it could count`), tests: [] };
  }
  const { tests, cpuSeconds, ...counts } = JSON.parse(fs.readFileSync(file, "utf8")) as FileCounts;
  const isOdd = code !== 0 && counts.failed === 0;
  const failure = oneFailure(`${name}: ended with ${ending}, though no test failed`);
  return { counts: isOdd ? sum([counts, failure]) : counts, tests, cpuSeconds };
}
