import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as readline from "node:readline";
import { say, seconds } from "../progress";
import { type Counts, NOTHING, oneFailure, sum, summary } from "./counts";

/** Each is a folder under test/. `lint` is first and has none. */
export const GROUPS = ["unit", "tools", "hosts", "main", "ec2", "farm", "recipes"] as const;
export type Group = (typeof GROUPS)[number];

/**
 * How often a test of a group may be tried again, told in the summary: where machines boot and builds run beside each
 * other on few cores, something is late now and then.
 */
const RETRIES: Record<Group, number> = { unit: 0, tools: 0, hosts: 1, main: 1, ec2: 1, farm: 1, recipes: 1 };

/** How many files of a group run at once. Tests on EC2 nodes mostly wait: for a boot, or for a node to be idle. */
const LANES: Record<Group, number> = { unit: 1, tools: 1, hosts: 1, main: 2, ec2: 4, farm: 3, recipes: 2 };

/** What takes longest begins first, so that no lane is left with it at the end. */
const LONGEST: Partial<Record<Group, readonly string[]>> = {
  main: ["lostNode", "placement", "build"],
  ec2: ["life", "killed", "faults"],
  farm: ["healing", "certificates", "sharing", "examples"],
  recipes: ["digests", "baseImages"],
};

const ROOT = path.join(__dirname, "..", "..");

/** Runs one group's tests in processes of their own, so that what one leaves behind does not touch the next. */
export async function runGroup(group: Group): Promise<Counts> {
  const started = Date.now();
  const files = testFiles(group);
  say(`\n# ${group}: ${files.length} files`);
  if (files.length === 0) {
    return NOTHING;
  }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "test-counts-"));
  try {
    const lanes = LANES[group];
    const batches = lanes === 1 ? [files] : files.map((file) => [file]);
    const counts = await inLanes(lanes, batches, (batch, at) =>
      runBatch(group, batch, path.join(folder, `counts-${at}.json`), lanes > 1),
    );
    const total = sum(counts);
    say(`# ${group}: ${summary(total)} in ${seconds(started)}`);
    return total;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Works off a list, several at once. */
async function inLanes<T, R>(
  lanes: number,
  list: readonly T[],
  work: (each: T, at: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const lane = async () => {
    while (next < list.length) {
      const at = next;
      next += 1;
      results[at] = await work(list[at], at);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}

async function runBatch(
  group: Group,
  files: readonly string[],
  countsFile: string,
  isBesideOthers: boolean,
): Promise<Counts> {
  const name = isBesideOthers ? path.basename(files[0], ".test.ts") : undefined;
  const started = Date.now();
  const code = await runMocha(group, files, countsFile, name);
  const counts = readCounts(name ? `${group} ${name}` : group, countsFile, code);
  if (name) {
    say(`# ${name}: ${summary(counts)} in ${seconds(started)}`);
  }
  return counts;
}

/** Runs a program of node_modules/.bin's package on this terminal and gives its exit code; null if a signal ended it. */
export async function runNode(
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
  name?: string,
): Promise<number | null> {
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: name ? ["ignore", "pipe", "pipe"] : "inherit" });
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

/** @param name stands before each line, where several write at once. */
function runMocha(group: Group, files: readonly string[], countsFile: string, name?: string): Promise<number | null> {
  const options = ["--exit", "--retries", String(RETRIES[group]), "--reporter", path.join(__dirname, "reporter.ts")];
  const env = {
    ...process.env,
    TEST_COUNTS_FILE: countsFile,
    // The AWS SDK's advice on Node's version is nothing that a test can follow.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  };
  return runNode([require.resolve("mocha/bin/mocha.js"), ...options, ...files], env, name);
}

function testFiles(group: Group): string[] {
  const folder = path.join(ROOT, "test", group);
  if (!fs.existsSync(folder)) {
    return [];
  }
  return fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts") && !file.includes("node_modules"))
    .sort((one, other) => rank(group, one) - rank(group, other) || one.localeCompare(other))
    .map((file) => path.join(folder, file));
}

function rank(group: Group, file: string): number {
  const longest = LONGEST[group] ?? [];
  const at = longest.indexOf(path.basename(file, ".test.ts"));
  return at === -1 ? longest.length : at;
}

/** A run that broke off has no counts, and one that ended badly has a failure, whatever it counted. */
function readCounts(name: string, file: string, code: number | null): Counts {
  const ending = code ?? "a signal";
  if (!fs.existsSync(file)) {
    return oneFailure(`${name}: broke off with ${ending} before it could count`);
  }
  const counts = JSON.parse(fs.readFileSync(file, "utf8")) as Counts;
  return code !== 0 && counts.failed === 0
    ? sum([counts, oneFailure(`${name}: ended with ${ending}, though no test failed`)])
    : counts;
}
