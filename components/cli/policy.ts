import { shellsOf } from "./builders";
import type { NodeShell, PolicyOptions } from "../nodes/shell";

/** For whom there are policies, of the nodes that the options mean. */
export function policyRoles(options: Pick<PolicyOptions, "account" | "region" | "namespace">): NodeShell["roles"] {
  return shellsOf(options).flatMap(({ roles }) => roles);
}

/** A policy as text, ready to be attached or applied, once whom it counts for is said. Calls nobody. */
export function policy(
  options: PolicyOptions,
  say = (line: string): unknown => process.stderr.write(`${line}\n`),
): string {
  const [shell] = shellsOf(options);
  say(shell.describePolicy(options));
  return shell.policy(options);
}
