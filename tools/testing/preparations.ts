import { preparedParts } from "../../test/hosts/requirements";
import { prepareTools } from "../index";
import { say, seconds } from "../progress";
import { NOTHING, oneFailure } from "./counts";
import { preparePackages } from "./packages";
import { type FileResult, runNode } from "./runFile";
import type { TestFile } from "./testFile";

/** What a file waits for: programs of the system, the tools, and the parts that are made once on a machine. */
export function needsOf({ group, parts }: TestFile): string[] {
  if (group === "unit") {
    return [];
  }
  return group === "tools" ? ["tools"] : ["packages", "tools", ...parts.filter((part) => preparedParts.includes(part))];
}

/**
 * Makes ready what these files need, and says of each thing when it is there. What fails is a failure of the run, and is
 * there all the same: the tests that need it try again, and say what they lack.
 */
export async function prepareFor(files: readonly TestFile[], provide: (need: string) => void): Promise<FileResult[]> {
  const needs = new Set(files.flatMap(needsOf));
  const results: FileResult[] = [];
  const prepare = async (name: string, provided: readonly string[], work: () => Promise<unknown>): Promise<void> => {
    const started = Date.now();
    const failure = await work().then(
      () => undefined,
      (error: unknown) => oneFailure(`${name}: ${error instanceof Error ? error.message : String(error)}`),
    );
    provided.forEach(provide);
    results.push({ name, seconds: (Date.now() - started) / 1000, counts: failure ?? NOTHING, tests: [] });
    say(`# ${name}: ${failure ? failure.failures.join() : "ready"} after ${seconds(started)}`);
  };
  const parts = preparedParts.filter((part) => needs.has(part));
  const packages = needs.has("packages") ? prepare("packages", ["packages"], preparePackages) : Promise.resolve();
  // Side by side: tools are compiled, and parts are mostly fetched.
  await Promise.all([
    needs.has("tools") ? prepare("tools", ["tools"], prepareTools) : undefined,
    packages.then(() => (parts.length > 0 ? prepare("parts", parts, () => prepareParts(parts, provide)) : undefined)),
  ]);
  return results;
}

/** In a process of its own: nothing else here needs what it loads. */
async function prepareParts(parts: readonly string[], provide: (need: string) => void): Promise<void> {
  const program = ["--require", "ts-node/register/transpile-only", "test/prepare.ts", ...parts];
  const code = await runNode(program, process.env, "parts", (part) => provide(String(part)));
  if (code !== 0) {
    throw new Error(`not all could be made, see above (${code ?? "ended by a signal"})`);
  }
}
