import { getInstanceType, type GetInstanceTypeResult } from "@pulumi/aws/ec2/getInstanceType";
import { getRegion } from "@pulumi/aws/getRegion";
import * as pulumi from "@pulumi/pulumi";

import { lookedUp } from "../../../pulumi/mocks";
import { PlainResourceError } from "../../../pulumi/resourceError";
import { resolved } from "../../../pulumi/resolved";
import { notOffered } from "./network";
import type { NormalEc2Node } from "../normalNode";
import { ec2Platforms } from "../platforms";

/** The type, once AWS has said that it is good for the node. */
export function checkedInstanceType(
  node: NormalEc2Node,
  type: pulumi.Input<string>,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  return pulumi.output(type).apply(async (instanceType) => {
    const facts = await askAws(instanceType, parent);
    const problem = problemOf(node, facts);
    if (problem) {
      const argument = node.isEphemeral ? "instanceTypes" : "instanceType";
      const example = ec2Platforms[node.platform].instanceType;
      throw new PlainResourceError(
        `node ${node.name}: \`${argument}\` is ${instanceType}, ${problem}, for instance ${example}`,
        parent,
      );
    }
    return instanceType;
  });
}

async function askAws(instanceType: string, parent: pulumi.Resource): Promise<GetInstanceTypeResult> {
  try {
    const answer = getInstanceType({ instanceType }, { parent });
    return await resolved(lookedUp("getInstanceType", pulumi.output(answer)));
  } catch (error) {
    // AWS's code for a type that it does not have, at all or in this region.
    if ((error as Error).message.includes("InvalidInstanceType")) {
      throw notOffered(instanceType, (await getRegion({}, { parent })).region, parent);
    }
    throw error;
  }
}

function problemOf(
  { platform }: NormalEc2Node,
  { supportedArchitectures, ebsNvmeSupport }: GetInstanceTypeResult,
): string | undefined {
  const { architecture } = ec2Platforms[platform];
  if (!supportedArchitectures.includes(architecture)) {
    return `whose architecture is ${supportedArchitectures.join(", ")}: ${platform} needs a type of ${architecture}`;
  }
  // Only NVMe shows a volume's id: https://docs.aws.amazon.com/ebs/latest/userguide/identify-nvme-ebs-device.html
  if (ebsNvmeSupport === "unsupported") {
    return "which has no NVMe, by which a node finds its cache's volume: it needs a type on the Nitro system";
  }
  return undefined;
}
