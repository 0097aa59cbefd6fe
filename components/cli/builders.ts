import { nodeKinds } from "../nodes/kinds";
import type { AccountOptions, NodeShell, ShellBuilder } from "../nodes/shell";
import { BuildError } from "../support/errors";

/** What the command line does, by the kinds of node that it does anything with. */
export function shells(): NodeShell[] {
  return Object.values(nodeKinds).flatMap(({ shell }) => shell?.() ?? []);
}

/** The builder that a name means, of whatever kind its nodes are. */
export async function findBuilder(name: string, options: AccountOptions): Promise<ShellBuilder> {
  const failures: string[] = [];
  for (const shell of shells()) {
    try {
      return await shell.find(name, options);
    } catch (error) {
      if (!(error instanceof BuildError)) {
        throw error;
      }
      failures.push(error.message);
    }
  }
  throw new BuildError(failures.join("\n"));
}
