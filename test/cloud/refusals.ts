import type { ApiCall } from "./control";
import { permissionsOf } from "./permissions";
import { isAllowed, type Permission, type Policy } from "./policy";

export const isProvider = ({ agent }: ApiCall): boolean => agent.includes("standin-aws");

/** What was called as the tests' own identity, apart by who called: the provider, or hooks and the command line. */
export function callersOwn(calls: readonly ApiCall[]): { provider: ApiCall[]; own: ApiCall[] } {
  const made = calls.filter(({ caller }) => caller.kind === "caller");
  return { provider: made.filter(isProvider), own: made.filter((call) => !isProvider(call)) };
}

/** What stands for the deployment is no part of the builder. */
const isDeployment = ({ resources }: ApiCall): boolean =>
  resources.length > 0 && resources.every(({ arn }) => arn.includes(":parameter/deployed-"));

const textOf = ({ action, resource, keys }: Permission): string => `${action} on ${resource} ${JSON.stringify(keys)}`;

/** What the policies together would refuse of these calls. */
export function refusals(calls: readonly ApiCall[], policies: readonly Policy[]): string[] {
  const refused = calls
    .filter((call) => !isDeployment(call))
    .flatMap(permissionsOf)
    .filter((permission) => !isAllowed(policies, permission));
  return [...new Set(refused.map(textOf))].sort();
}

/** The operations that the policies allow of these calls, as far as they are on what is a builder's, by its name. */
export function allowedOn(builderName: string, calls: readonly ApiCall[], policies: readonly Policy[]): string[] {
  const isOn = ({ resource, keys }: Permission): boolean =>
    resource.includes(builderName) || Object.values(keys).includes(builderName);
  return calls
    .map((call) => ({ operation: call.operation, asked: permissionsOf(call) }))
    .filter(({ asked }) => asked.some(isOn) && asked.every((permission) => isAllowed(policies, permission)))
    .map(({ operation }) => operation);
}
