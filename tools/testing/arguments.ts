import { asGroup, type Group, GROUPS } from "./groups";

export interface TestArguments {
  /** All trials, long waits and boots of emulated machines, and not one trial of each proof. */
  all: boolean;
  groups: readonly Group[];
  /** Lint belongs to a run of all groups. */
  lint: boolean;
  /** Only the files that a change since main touches. */
  changed: boolean;
}

const options = ["--all", "--changed"];

/** `[--all] [--changed] [GROUP…]`. */
export function readArguments(args: readonly string[]): TestArguments {
  const unknown = args.find((arg) => arg.startsWith("-") && !options.includes(arg));
  if (unknown) {
    throw new Error(`"${unknown}" is no option: use ${options.join(", ")} and names of groups (${GROUPS.join(", ")}).`);
  }
  const groups = args.filter((arg) => !arg.startsWith("-")).map(asGroup);
  return {
    all: args.includes("--all"),
    changed: args.includes("--changed"),
    groups: groups.length > 0 ? [...new Set(groups)] : GROUPS,
    lint: groups.length === 0,
  };
}
