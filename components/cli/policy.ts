import { builderPattern } from "../nodes/ec2/policies/builderPattern";
import { callerPolicy } from "../nodes/ec2/policies/policyTable";
import type { PolicyOptions } from "./arguments";

/** A policy as JSON, ready to be attached. Calls nobody. */
export function policy({ builder, role, account, region }: PolicyOptions): string {
  return `${JSON.stringify(callerPolicy(role, { builder: builderPattern(builder), account, region }), null, 2)}\n`;
}
