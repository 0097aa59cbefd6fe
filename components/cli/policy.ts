import { shells } from "./builders";
import type { NodeShell, PolicyOptions } from "../nodes/shell";

/** For whom there are policies. */
export function policyRoles(): NodeShell["roles"] {
  return shells().flatMap(({ roles }) => roles);
}

/** A policy as JSON, ready to be attached, once whom it counts for is said. Calls nobody. */
export function policy(
  options: PolicyOptions,
  say = (line: string): unknown => process.stderr.write(`${line}\n`),
): string {
  const shell = shells().find(({ roles }) => roles.some(({ name }) => name === options.role));
  if (shell) {
    say(shell.describePolicy(options));
  }
  return `${JSON.stringify(shell?.policy(options), null, 2)}\n`;
}
