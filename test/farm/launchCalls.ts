import { deepEqual, ok } from "node:assert/strict";

import type { ApiCall } from "../cloud/control";
import { permissionsOf } from "../cloud/permissions";

/** That fleets and what they launch are asked for with all that they are about, as IAM sees it. */
export function checkLaunchCalls(calls: readonly ApiCall[]): void {
  const asked = calls.filter(({ operation }) => ["CreateFleet", "RunInstances"].includes(operation));
  deepEqual(asked.map(({ operation }) => operation).sort(), [
    "CreateFleet",
    "CreateFleet",
    "CreateFleet",
    "RunInstances",
  ]);
  for (const call of asked) {
    const kinds = new Set(call.resources.map(({ arn }) => arn.split(":")[5].split("/")[0]));
    for (const kind of ["image", "instance", "launch-template", "network-interface", "security-group", "subnet"]) {
      ok(kinds.has(kind), `${call.operation} is not about a ${kind}: ${[...kinds].join()}`);
    }
  }
  const needed = asked.flatMap(permissionsOf).map(({ action, resource }) => `${action} ${resource.split(":")[5]}`);
  for (const permission of ["iam:PassRole role/node", "ec2:CreateTags volume/*", "ec2:CreateFleet fleet/*"]) {
    ok(needed.includes(permission), `${permission} is not among ${needed.join(", ")}`);
  }
}
