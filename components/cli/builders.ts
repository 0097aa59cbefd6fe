import { nodeKinds } from "../nodes/kinds";
import type { NodeShell, PlaceOption, PlaceOptions, ShellBuilder } from "../nodes/shell";
import { BuildError } from "../support/errors";
import { UsageError } from "./usageError";

/** What the command line does, by the kinds of node that it does anything with. */
export function shells(): NodeShell[] {
  return Object.values(nodeKinds).flatMap(({ shell }) => shell?.() ?? []);
}

/**
 * Those that the options of a command mean.
 * @throws UsageError where they are of nodes of different kinds.
 */
export function shellsOf(options: Partial<Record<PlaceOption, string>>): NodeShell[] {
  const all = shells();
  const given = all.flatMap((shell) => shell.options).filter((option) => options[option] !== undefined);
  const meant = all.filter((shell) =>
    given.length === 0 ? shell.isUsual : given.every((option) => shell.options.includes(option)),
  );
  if (meant.length === 0) {
    const sets = all.map((shell) => shell.options.map((option) => `--${option}`).join(", "));
    throw new UsageError(
      `${given.map((option) => `--${option}`).join(" and ")} are for different kinds of nodes: give some of ${sets.join(", or of ")}`,
    );
  }
  return meant;
}

/** The builder that a name means, of whatever kind its nodes are. */
export async function findBuilder(name: string, options: PlaceOptions): Promise<ShellBuilder> {
  const failures: string[] = [];
  for (const shell of shellsOf(options)) {
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
