import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { say, seconds } from "../progress";
import { type Counts, NOTHING, summary } from "./counts";

/** Each is a folder under test/. `lint` is first and has none. */
export const GROUPS = ["unit", "tools", "hosts", "main", "ec2"] as const;
export type Group = (typeof GROUPS)[number];

const ROOT = path.join(__dirname, "..", "..");

/** Runs one group's tests in a process of its own, so that what one leaves behind does not touch the next. */
export async function runGroup(group: Group): Promise<Counts> {
  const started = Date.now();
  const files = testFiles(group);
  say(`\n# ${group}: ${files.length} files`);
  if (files.length === 0) {
    return NOTHING;
  }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "test-counts-"));
  try {
    const countsFile = path.join(folder, "counts.json");
    const code = await runMocha(files, countsFile);
    const counts = readCounts(group, countsFile, code);
    say(`# ${group}: ${summary(counts)} in ${seconds(started)}`);
    return counts;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a program of node_modules/.bin's package on this terminal and gives its exit code; null if a signal ended it. */
export function runNode(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<number | null> {
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
}

function runMocha(files: readonly string[], countsFile: string): Promise<number | null> {
  const options = ["--exit", "--reporter", path.join(__dirname, "reporter.ts")];
  return runNode([require.resolve("mocha/bin/mocha.js"), ...options, ...files], {
    ...process.env,
    TEST_COUNTS_FILE: countsFile,
    // The AWS SDK's advice on Node's version is nothing that a test can follow.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  });
}

function testFiles(group: Group): string[] {
  const folder = path.join(ROOT, "test", group);
  if (!fs.existsSync(folder)) {
    return [];
  }
  return fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts") && !file.includes("node_modules"))
    .sort()
    .map((file) => path.join(folder, file));
}

/** A run that broke off has no counts, and one that ended badly has a failure, whatever it counted. */
function readCounts(group: Group, file: string, code: number | null): Counts {
  if (!fs.existsSync(file)) {
    say(`# ${group}: broke off with ${code ?? "a signal"} before it could count`);
    return { ...NOTHING, failed: 1 };
  }
  const counts = JSON.parse(fs.readFileSync(file, "utf8")) as Counts;
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}
