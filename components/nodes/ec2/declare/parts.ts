import type { Volume } from "@pulumi/aws/ebs/volume";
import { getParameterOutput } from "@pulumi/aws/ssm/getParameter";
import * as pulumi from "@pulumi/pulumi";

import { lookedUp } from "../../../pulumi/mocks";
import type { NormalEc2Node } from "../normalNode";
import { ec2Platforms } from "../platforms";

/** What a node has in common with its builder's others. */
export interface Ec2NodeSurroundings {
  builderName: pulumi.Output<string>;
  /** Of a parameter, by its name. */
  parameterArn: (name: string) => pulumi.Output<string>;
  vpcId: pulumi.Output<string>;
  securityGroupId: pulumi.Output<string>;
  publicAddress: boolean;
  ipv6Address: boolean;
  authorityCert: pulumi.Output<string>;
  /** What stops an instance from outside, as an alarm's action. */
  stopAction: pulumi.Output<string> | undefined;
  tags: Record<string, pulumi.Input<string>>;
}

/** Inputs shared by the instance (kept) and the launch template (ephemeral). */
export interface NodeParts {
  node: NormalEc2Node;
  around: Ec2NodeSurroundings;
  /** The types' architecture is that of the node's platform. */
  instanceTypes: pulumi.Output<string>[];
  cache: Volume;
  /** The instance profile's name. */
  profile: pulumi.Output<string>;
  userData: pulumi.Output<string>;
  tags: Record<string, pulumi.Input<string>>;
}

/** The image that a node boots. */
export function nodeImage(node: NormalEc2Node, parent: pulumi.Resource): pulumi.Input<string> {
  const { amiParameter } = ec2Platforms[node.platform];
  const parameter = () => lookedUp("getParameter", getParameterOutput({ name: amiParameter }, { parent }));
  // A public parameter's value is no secret, and as one it would hide the whole instance.
  return node.ami ?? pulumi.unsecret(parameter().value);
}

/** IMDSv2 alone, and not for what is one network hop away: a build's steps. */
export const metadataOptions = { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 };

/**
 * Free up to 4 KB, and then $0.05 a month instead of an error, up to 8 KB: many mirrors, subnets and types, or a long name in
 * each certificate, take more than 4.
 * @see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
 */
export const parameterTier = "Intelligent-Tiering";
