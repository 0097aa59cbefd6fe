import { builderPattern } from "../policies/builderPattern";
import { callerPolicy } from "../policies/table";
import type { PolicyOptions } from "./arguments";

/** A policy as JSON, ready to be attached. Calls nobody. */
export function policy({ builder, role, account, region }: PolicyOptions): string {
  return `${JSON.stringify(callerPolicy(role, { builder: builderPattern(builder), account, region }), null, 2)}\n`;
}
