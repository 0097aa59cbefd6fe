import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import type { Log } from "../progress";
import { timed } from "./life";
import type { Row } from "./report";
import type { UpOptions } from "./world";

const root = path.join(__dirname, "..", "..");

/** Those that use most of what AWS has: one digest in two services, and nodes on spot instances. */
export const verifiedExamples = ["ecs-fargate", "ephemeral-farm"] as const;

/** A stack of an example: `pulumi up`, and what removes it. */
export interface ExampleStack {
  up: (options: UpOptions) => Promise<unknown>;
  destroy: () => Promise<void>;
}

/** Runs each example's `pulumi up`, twice, and its `destroy` however that ended. */
export async function runExamples(
  open: (folder: string) => Promise<ExampleStack>,
  stop: AbortSignal,
  log: Log,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const example of verifiedExamples) {
    const asserts = "it comes up, changes nothing the second time, and is destroyed";
    if (stop.aborted) {
      rows.push({ name: `example ${example}`, asserts, seconds: 0, result: "not run" });
      continue;
    }
    rows.push(await timed(`example ${example}`, asserts, () => runExample(example, open), log));
  }
  return rows;
}

async function runExample(example: string, open: (folder: string) => Promise<ExampleStack>): Promise<void> {
  const folder = installExample(example);
  const stack = await open(folder);
  try {
    await stack.up({});
    // What AWS answers is no change: `NAME:TAG@DIGEST` as ECS's image reads back as it was given.
    await stack.up({ refresh: true, expectNoChanges: true });
  } finally {
    await stack.destroy();
    // With its state: what could not be destroyed can be, later.
    fs.rmSync(folder, { recursive: true });
  }
}

/**
 * As its users have it: in a folder of its own, with the library as an installed package. `VERIFY_AWS_LIBRARY` is another
 * folder in its place, where an account reaches the internet only through mirrors.
 */
function installExample(example: string): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `verify-aws-${example}-`));
  const modules = path.join(folder, "node_modules");
  const filter = (file: string) => path.basename(file) !== "node_modules";
  fs.cpSync(path.join(root, "examples", example), folder, { recursive: true, filter });
  fs.mkdirSync(modules);
  fs.symlinkSync(path.join(root, "node_modules/@pulumi"), path.join(modules, "@pulumi"));
  const library = process.env.VERIFY_AWS_LIBRARY ?? path.join(root, "components");
  fs.symlinkSync(library, path.join(modules, "pulumi-multi-platform-image"));
  return folder;
}
