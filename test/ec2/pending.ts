import { EC2 } from "@aws-sdk/client-ec2";

import { type Cloud, type CloudInstance } from "../cloud/cloud";
import { type Stack, waitFor } from "../main/stack";

interface Exported {
  deployment: {
    resources?: { id?: string }[];
    /** What Pulumi noted before it asked for it, and no answer of. */
    pending_operations?: { type: string; resource: { type: string } }[];
  };
}

/**
 * What troubleshooting.md says to do before `destroy`, where a warning names an instance: the one that Pulumi does not know
 * keeps its security group from being deleted. Says which were ended.
 * @param others of other stacks
 */
export async function endUnknownInstances(cloud: Cloud, stack: Stack, others: ReadonlySet<string>): Promise<string[]> {
  const { deployment } = JSON.parse((await stack.run("stack", "export")).output) as Exported;
  const isNamed = deployment.pending_operations?.some(({ resource }) => resource.type === "aws:ec2/instance:Instance");
  if (!isNamed) {
    return [];
  }
  const known = new Set(deployment.resources?.map(({ id }) => id));
  const isUnknown = ({ id, state }: CloudInstance) => state !== "terminated" && !known.has(id) && !others.has(id);
  const ids = (await cloud.instances()).filter(isUnknown).map(({ id }) => id);
  if (ids.length > 0) {
    await new EC2(cloud.client).terminateInstances({ InstanceIds: ids });
    await waitFor(`the end of ${ids.join()}`, async () => !(await cloud.instances()).some(isUnknown));
  }
  return ids;
}
