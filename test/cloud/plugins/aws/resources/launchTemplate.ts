import { randomUUID } from "node:crypto";

import {
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  DeleteLaunchTemplateCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  ModifyLaunchTemplateCommand,
} from "@aws-sdk/client-ec2";

import type { Attributes, ResourceType } from "../../protocol/resource";
import { isProperties, isSame, isUnknown, unknown } from "../../protocol/values";
import type { Aws } from "../client";
import { during, unless } from "../errors";
import { fromTagList, retagEc2, tagged, tagSpecifications } from "../tags";
import { fromTemplateData, type TemplateArguments, toTemplateData, withoutEmpty } from "./launchTemplateData";

const optional = { kind: "optional" } as const;
const computed = { kind: "computed" } as const;
const optionalComputed = { kind: "optional computed" } as const;

/** What is left out in one of many blocks, and what AWS answers for that, are no difference. */
const isSameBlocks = (one: unknown, other: unknown): boolean => isSame(withoutEmpty(one), withoutEmpty(other));

/** Each version of a template has its own. A change of any makes a version. */
const data: Attributes = {
  blockDeviceMappings: {
    ...optional,
    isSame: isSameBlocks,
    blocks: {
      deviceName: optional,
      ebs: {
        ...optional,
        block: {
          deleteOnTermination: optional,
          encrypted: optional,
          iops: optional,
          kmsKeyId: optional,
          throughput: optional,
          volumeSize: optional,
          volumeType: optional,
        },
      },
    },
  },
  description: optional,
  iamInstanceProfile: { ...optional, block: { arn: optional, name: optional } },
  imageId: optional,
  instanceInitiatedShutdownBehavior: optional,
  instanceType: optional,
  metadataOptions: {
    ...optionalComputed,
    block: {
      httpEndpoint: optionalComputed,
      httpProtocolIpv6: optionalComputed,
      httpPutResponseHopLimit: optionalComputed,
      httpTokens: optionalComputed,
      instanceMetadataTags: optionalComputed,
    },
  },
  networkInterfaces: {
    ...optional,
    isSame: isSameBlocks,
    blocks: {
      associatePublicIpAddress: optional,
      deleteOnTermination: optional,
      description: optional,
      deviceIndex: optional,
      ipv6AddressCount: optional,
      securityGroups: optional,
      subnetId: optional,
    },
  },
  tagSpecifications: { ...optional, isSame: isSameBlocks, blocks: { resourceType: optional, tags: optional } },
  userData: optional,
  vpcSecurityGroupIds: { ...optional, isSame: isSameBlocks },
};

type LaunchTemplate = TemplateArguments & {
  defaultVersion?: number;
  description?: string;
  latestVersion?: number;
  name: string;
  tagsAll?: Record<string, string>;
  updateDefaultVersion?: boolean;
};

/** `updateKeys` */
const isOfData = (changed: string): boolean => changed.split(".")[0] in data;

/** https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ec2/ec2_launch_template.go */
const type: ResourceType<Aws> = {
  autoName: { maxLength: 128 },
  attributes: {
    ...data,
    arn: computed,
    defaultVersion: optionalComputed,
    latestVersion: computed,
    name: { kind: "optional computed", replaces: true },
    updateDefaultVersion: optional,
  },
  check(inputs) {
    const { name, defaultVersion, updateDefaultVersion, userData, iamInstanceProfile: profile } = inputs;
    return {
      ...(typeof name === "string" &&
        !/^[\w().\-/]{3,128}$/.test(name) && { name: "invalid value for name (3 to 128 of A-Z a-z 0-9 ( ) . - / _)" }),
      ...(defaultVersion !== undefined &&
        updateDefaultVersion !== undefined && { defaultVersion: "conflicts with update_default_version" }),
      ...(typeof userData === "string" &&
        Buffer.from(userData, "base64").toString("base64") !== userData && { userData: "is not base64" }),
      ...(isProperties(profile) &&
        profile.arn !== undefined &&
        profile.name !== undefined && { iamInstanceProfile: "arn conflicts with name" }),
      ...notBoolean(inputs),
      ...tooFast(inputs),
    };
  },
  // `customdiff.ComputedIf`: also for tags, which make no version, and not for the description, which does.
  modifyPlan({ state, planned, differences }) {
    const changed = [...differences.keys()].filter((name) => !["name", "description"].includes(name));
    if (!state || changed.length === 0) return;
    if (planned.updateDefaultVersion === true) planned.defaultVersion = unknown;
    if (changed.every((name) => ["defaultVersion", "updateDefaultVersion"].includes(name))) return;
    planned.latestVersion = unknown;
  },
  async create(planned: LaunchTemplate, { ec2 }) {
    const { LaunchTemplate: made } = await ec2
      .send(
        new CreateLaunchTemplateCommand({
          ClientToken: randomUUID(),
          LaunchTemplateData: toTemplateData(planned),
          LaunchTemplateName: planned.name,
          TagSpecifications: tagSpecifications("launch-template", planned),
          VersionDescription: planned.description,
        }),
      )
      .catch(during("creating EC2 Launch Template"));
    return { id: made?.LaunchTemplateId ?? "" };
  },
  async read(id, _state, { ec2, region, accountId }) {
    const explain = during(`reading EC2 Launch Template (${id})`);
    const answer = await ec2
      .send(new DescribeLaunchTemplatesCommand({ LaunchTemplateIds: [id] }))
      .catch(unless("InvalidLaunchTemplateId.NotFound"))
      .catch(explain);
    const template = answer?.LaunchTemplates?.[0];
    if (!template) return undefined;
    const Versions = [String(template.LatestVersionNumber)];
    const { LaunchTemplateVersions: [latest] = [] } = await ec2
      .send(new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId: id, Versions }))
      .catch(explain);
    return {
      ...fromTemplateData(latest?.LaunchTemplateData ?? {}),
      arn: `arn:aws:ec2:${region}:${accountId}:launch-template/${id}`,
      defaultVersion: template.DefaultVersionNumber,
      description: latest?.VersionDescription ?? "",
      latestVersion: template.LatestVersionNumber,
      name: template.LaunchTemplateName,
      tagsAll: fromTagList(template.Tags),
    };
  },
  async update(id, { state, planned, changed }, { ec2 }) {
    const template = planned as LaunchTemplate;
    let latest = (state as LaunchTemplate).latestVersion;
    if ([...changed].some(isOfData)) {
      const { LaunchTemplateVersion: made } = await ec2
        .send(
          new CreateLaunchTemplateVersionCommand({
            ClientToken: randomUUID(),
            LaunchTemplateData: toTemplateData(template),
            LaunchTemplateId: id,
            VersionDescription: template.description,
          }),
        )
        .catch(during(`creating EC2 Launch Template (${id}) Version`));
      latest = made?.VersionNumber;
    }
    if (!template.updateDefaultVersion && !changed.has("defaultVersion")) return;
    const DefaultVersion = String(template.updateDefaultVersion ? latest : template.defaultVersion);
    await ec2
      .send(new ModifyLaunchTemplateCommand({ LaunchTemplateId: id, DefaultVersion }))
      .catch(during(`updating EC2 Launch Template (${id})`));
  },
  // At once: instances that were launched from it don't need it.
  async delete(id, _state, { ec2 }) {
    await ec2
      .send(new DeleteLaunchTemplateCommand({ LaunchTemplateId: id }))
      .catch(unless("InvalidLaunchTemplateId.NotFound"))
      .catch(during(`deleting Launch Template (${id})`));
  },
};

export const launchTemplate = tagged(type, retagEc2);

/** `validation.IntBetween(125, 1000)`, where a volume has 2000: internal/service/ec2/ec2_launch_template.go */
function tooFast({ blockDeviceMappings }: Record<string, unknown>): Record<string, string> {
  const mappings = (Array.isArray(blockDeviceMappings) ? blockDeviceMappings : []).filter(isProperties);
  const given = mappings.map(({ ebs }) => (isProperties(ebs) ? ebs.throughput : undefined));
  const wrong = given.find((value): value is number => typeof value === "number" && (value < 125 || value > 1000));
  return wrong === undefined
    ? {}
    : { blockDeviceMappings: `expected ebs.throughput to be in the range (125 - 1000), got ${wrong}` };
}

/** Terraform's nullable booleans are texts. */
function notBoolean({ blockDeviceMappings, networkInterfaces }: Record<string, unknown>): Record<string, string> {
  const blocks = (value: unknown) => (Array.isArray(value) ? value : []).filter(isProperties);
  const given = [
    ...blocks(networkInterfaces).flatMap((each) => [each.associatePublicIpAddress, each.deleteOnTermination]),
    ...blocks(blockDeviceMappings)
      .map(({ ebs }) => ebs)
      .filter(isProperties)
      .flatMap((ebs) => [ebs.deleteOnTermination, ebs.encrypted]),
  ];
  const wrong = given.find(
    (value) => value !== undefined && !isUnknown(value) && value !== "true" && value !== "false",
  );
  return wrong === undefined
    ? {}
    : { networkInterfaces: `expected a nullable boolean, "true" or "false", got ${JSON.stringify(wrong)}` };
}
