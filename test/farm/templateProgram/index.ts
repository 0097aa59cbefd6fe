import * as fs from "node:fs";

import * as ebs from "@pulumi/aws/ebs/volume";
import { getAmiOutput } from "@pulumi/aws/ec2/getAmi";
import { LaunchTemplate } from "@pulumi/aws/ec2/launchTemplate";
import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup";
import { InstanceProfile } from "@pulumi/aws/iam/instanceProfile";
import { Role } from "@pulumi/aws/iam/role";

/** What a test changes between two steps. */
export interface Settings {
  ami: string;
  userData: string;
  /** A text as Terraform takes it, or what it refuses. */
  encrypted: string;
  /** An argument that the stand-in does not know. */
  keyName?: string;
}

const settings = JSON.parse(fs.readFileSync("settings.json", "utf8")) as Settings;

const image = getAmiOutput({ filters: [{ name: "image-id", values: [settings.ami] }], includeDeprecated: true });
const role = new Role("node", {
  assumeRolePolicy: JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
  }),
});
const profile = new InstanceProfile("node", { role: role.name });
const group = new SecurityGroup("nodes", { description: "tests" });
const volume = new ebs.Volume("cache", { availabilityZone: "us-east-1a", size: 1, type: "gp3" });
const tags = { node: "arm64" };
const template = new LaunchTemplate("node", {
  description: "Build nodes",
  updateDefaultVersion: true,
  imageId: settings.ami,
  iamInstanceProfile: { name: profile.name },
  userData: Buffer.from(settings.userData).toString("base64"),
  instanceInitiatedShutdownBehavior: "terminate",
  metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
  networkInterfaces: [
    { deviceIndex: 0, associatePublicIpAddress: "true", securityGroups: [group.id], deleteOnTermination: "true" },
  ],
  blockDeviceMappings: [
    {
      deviceName: image.rootDeviceName,
      ebs: { volumeType: "gp3", volumeSize: 20, throughput: 200, encrypted: settings.encrypted },
    },
  ],
  tagSpecifications: ["instance", "volume"].map((resourceType) => ({ resourceType, tags })),
  keyName: settings.keyName,
  tags,
});

export const templateId = template.id;
export const latestVersion = template.latestVersion;
export const defaultVersion = template.defaultVersion;
export const volumeId = volume.id;
