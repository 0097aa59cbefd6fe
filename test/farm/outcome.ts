import * as fs from "node:fs";
import * as path from "node:path";

import type { Outcome, Stack } from "../main/stack";

interface StateResource {
  urn: string;
  outputs?: Record<string, unknown>;
}

/** What a command told at its end. Pulumi prints it as it comes, too. */
export function diagnostics({ output }: Outcome): string {
  return output.slice(output.lastIndexOf("\nDiagnostics:"));
}

/** The digest that an image of the stack has in the state: without a second of Pulumi's CLI, for tests that ask often. */
export function indexDigest(stack: Pick<Stack, "directory" | "backend">, image: string): unknown {
  const [, project] = /^name: (.*)$/m.exec(fs.readFileSync(path.join(stack.directory, "Pulumi.yaml"), "utf8")) ?? [];
  const file = path.join(stack.backend, ".pulumi", "stacks", project, "dev.json");
  const state = JSON.parse(fs.readFileSync(file, "utf8")) as {
    checkpoint: { latest: { resources: StateResource[] } };
  };
  const urn = `urn:pulumi:dev::${project}::multi-platform-image:index:MultiPlatformImage::${image}`;
  return state.checkpoint.latest.resources.find((each) => each.urn === urn)?.outputs?.indexDigest;
}
