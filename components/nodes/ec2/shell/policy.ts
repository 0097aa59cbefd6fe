import { builderPattern } from "../policies/builderPattern";
import { type CallerRole, callerPolicy } from "../policies/policyTable";
import type { PolicyOptions } from "../../shell";

/** What a caller may do in AWS with one builder, as JSON. */
export function policy({ builder, role, account, region }: PolicyOptions): string {
  const document = callerPolicy(role as CallerRole, { builder: builderPattern(builder), account, region });
  return `${JSON.stringify(document, null, 2)}\n`;
}
