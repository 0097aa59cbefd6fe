import { shells } from "./builders";
import type { NodeShell, PolicyOptions } from "../nodes/shell";

/** For whom there are policies. */
export function policyRoles(): NodeShell["roles"] {
  return shells().flatMap(({ roles }) => roles);
}

/** A policy as JSON, ready to be attached. Calls nobody. */
export function policy(options: PolicyOptions): string {
  const shell = shells().find(({ roles }) => roles.some(({ name }) => name === options.role));
  return `${JSON.stringify(shell?.policy(options), null, 2)}\n`;
}
