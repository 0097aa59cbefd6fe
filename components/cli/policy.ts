import { builderPattern, describePattern } from "../nodes/ec2/policies/builderPattern";
import { callerPolicy } from "../nodes/ec2/policies/policyTable";
import type { PolicyOptions } from "./arguments";

/** A policy as JSON, ready to be attached, once whom it counts for is said. Calls nobody. */
export function policy(
  { builder, role, account, region }: PolicyOptions,
  say = (line: string): unknown => process.stderr.write(`${line}\n`),
): string {
  say(describePattern(builder));
  return `${JSON.stringify(callerPolicy(role, { builder: builderPattern(builder), account, region }), null, 2)}\n`;
}
