import { builderPattern } from "../policies/builderPattern";
import { type CallerRole, callerPolicy } from "../policies/policyTable";
import type { PolicyDocument } from "../policies/document";
import type { PolicyOptions } from "../../shell";

/** What a caller may do in AWS with one builder. */
export function policy({ builder, role, account, region }: PolicyOptions): PolicyDocument {
  return callerPolicy(role as CallerRole, { builder: builderPattern(builder), account, region });
}
