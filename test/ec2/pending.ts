import type { Cloud } from "../cloud/cloud";
import type { Stack } from "../main/stack";

/** What Pulumi noted before it asked for it, and no answer of. */
interface Pending {
  urn: string;
  type: string;
  inputs: Record<string, unknown>;
}

interface Exported {
  deployment: {
    resources?: { id?: string }[];
    pending_operations?: { type: string; resource: Pending }[];
  };
}

/** How a user finds what a pending creation has made, as troubleshooting.md has it: by its name, or by its builder's tags. */
const finders: Record<string, (cloud: Cloud, inputs: Record<string, string>) => Promise<string[]>> = {
  "aws:iam/role:Role": async (cloud, { name }) => only((await cloud.inventory()).roles, name),
  "aws:iam/instanceProfile:InstanceProfile": async (cloud, { name }) =>
    only((await cloud.inventory()).instanceProfiles, name),
  "aws:ssm/parameter:Parameter": async (cloud, { name }) => only((await cloud.inventory()).parameters, name),
  "aws:cloudwatch/metricAlarm:MetricAlarm": async (cloud, { name }) => only((await cloud.inventory()).alarms, name),
  "aws:ec2/securityGroup:SecurityGroup": async (cloud, { name }) =>
    (await cloud.inventory()).securityGroups.filter((group) => group.name === name).map(({ id }) => id),
  "aws:ebs/volume:Volume": async (cloud) => (await cloud.inventory()).volumes.map(({ id }) => id),
  "aws:ec2/instance:Instance": async (cloud) => (await cloud.inventory()).instances.map(({ id }) => id),
};

const only = (all: string[], name: string): string[] => all.filter((each) => each === name);

/**
 * Has Pulumi take over what an update that was killed had asked for: `pulumi refresh` with the ids of what is there. What is
 * not there is cleared.
 * @param others ids of what is not this stack's
 */
export async function adopt(cloud: Cloud, stack: Stack, others: ReadonlySet<string>): Promise<string[]> {
  const { deployment } = JSON.parse((await stack.run("stack", "export")).output) as Exported;
  const known = new Set(deployment.resources?.map(({ id }) => id));
  const found: string[] = [];
  for (const { type, resource } of deployment.pending_operations ?? []) {
    const ids =
      type === "creating" ? await finders[resource.type]?.(cloud, resource.inputs as Record<string, string>) : [];
    const [id] = (ids ?? []).filter((each) => !others.has(each) && !known.has(each));
    found.push(...(id ? [`${resource.urn},${id}`] : []));
  }
  const imports = found.flatMap((each) => ["--import-pending-creates", each]);
  const { code, output } = await stack.run("refresh", "--yes", "--skip-preview", ...imports, "--clear-pending-creates");
  if (code !== 0) {
    throw new Error(output);
  }
  return found;
}
