import { EC2, type EC2ClientConfig } from "@aws-sdk/client-ec2";
import { ECR } from "@aws-sdk/client-ecr";
import { IAM } from "@aws-sdk/client-iam";
import { SSM } from "@aws-sdk/client-ssm";
import { STS } from "@aws-sdk/client-sts";

import { tagNames } from "../../components/nodes/ec2/connection";
import { leftoversOf } from "./leftovers";
import { namesOf, verifyTag } from "./settings";
import type { Leftover, NodeInstance } from "./world";

/** Who pays, and where. */
export interface Identity {
  account: string;
  arn: string;
  region: string;
  /** The user's own, kept before the environment may get others. */
  credentials: EC2ClientConfig["credentials"];
}

/**
 * @throws Error without a region, or without credentials that AWS takes
 */
export async function identify(): Promise<Identity> {
  // It would tell users to change a dependency of ours: https://github.com/aws/aws-sdk-js-v3/issues/6803
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  const sts = new STS({});
  const region = await sts.config.region().catch(() => {
    throw new Error(
      "no AWS region is set. Fix: `AWS_REGION=us-east-1 npm run verify:aws`, or a profile with a region.",
    );
  });
  try {
    const { Account, Arn } = await sts.getCallerIdentity({});
    return { account: Account ?? "unknown", arn: Arn ?? "unknown", region, credentials: sts.config.credentials };
  } catch (error) {
    throw new Error(
      `AWS does not know who you are: ${(error as Error).message}. Fix: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.`,
      { cause: error },
    );
  }
}

/** The AWS account, as far as one run is concerned. */
export class Account {
  private readonly ec2: EC2;
  private readonly ssm: SSM;
  private readonly iam: IAM;
  private readonly ecr: ECR;
  private readonly callersSsm: SSM;

  constructor(
    region: string,
    private readonly runId: string,
    credentials: EC2ClientConfig["credentials"],
  ) {
    this.ec2 = new EC2({ region, credentials });
    this.ssm = new SSM({ region, credentials });
    this.iam = new IAM({ region, credentials });
    this.ecr = new ECR({ region, credentials });
    // As the run's program: what it may read is a question.
    this.callersSsm = new SSM({ region });
  }

  /** The run's nodes, besides those that are gone. */
  async instances(): Promise<NodeInstance[]> {
    const { Reservations = [] } = await this.ec2.describeInstances({ Filters: this.filters() });
    return Reservations.flatMap(({ Instances = [] }) => Instances)
      .map(({ InstanceId = "", State, StateReason, Tags = [] }) => ({
        id: InstanceId,
        name: Tags.find(({ Key }) => Key === tagNames.node)?.Value ?? InstanceId,
        state: State?.Name ?? "unknown",
        reason: StateReason?.Code ?? "",
      }))
      .filter(({ state }) => state !== "terminated");
  }

  /** Of one of the nodes. */
  async console(): Promise<string> {
    const [{ id }] = await this.instances();
    const { Output = "" } = await this.ec2.getConsoleOutput({ InstanceId: id, Latest: true });
    return Buffer.from(Output, "base64").toString("utf8");
  }

  async parameter(name: string): Promise<string> {
    const { Parameter } = await this.ssm.getParameter({ Name: name });
    return Parameter?.Value ?? "";
  }

  async parameterAsCaller(name: string): Promise<void> {
    await this.callersSsm.getParameter({ Name: name });
  }

  /** The value of an `Authorization` header for ECR. */
  async registryAuthorization(): Promise<string> {
    const { authorizationData } = await this.ecr.getAuthorizationToken({});
    return `Basic ${authorizationData?.[0]?.authorizationToken ?? ""}`;
  }

  /** All that AWS lists of the run, after it. */
  async leftovers(): Promise<Leftover[]> {
    const [instances, volumes, groups, parameters, repositories, profiles, roles] = await Promise.all([
      this.instances().then((all) => all.filter(({ state }) => state !== "shutting-down").map(({ id }) => id)),
      this.ec2
        .describeVolumes({ Filters: this.filters() })
        .then(({ Volumes = [] }) => Volumes.map(({ VolumeId = "" }) => VolumeId)),
      this.ec2
        .describeSecurityGroups({ Filters: this.filters() })
        .then(({ SecurityGroups = [] }) => SecurityGroups.map(({ GroupId = "" }) => GroupId)),
      this.parameters(),
      this.repositories(),
      this.profiles(),
      this.roles(),
    ]);
    return leftoversOf({ instances, volumes, groups, parameters, repositories, profiles, roles });
  }

  private filters() {
    return [{ Name: `tag:${verifyTag}`, Values: [this.runId] }];
  }

  private async parameters(): Promise<string[]> {
    const names: string[] = [];
    let NextToken: string | undefined;
    do {
      const filters = [{ Key: `tag:${verifyTag}`, Values: [this.runId] }];
      const page = await this.ssm.describeParameters({ ParameterFilters: filters, NextToken });
      names.push(...(page.Parameters ?? []).map(({ Name = "" }) => Name));
      NextToken = page.NextToken;
    } while (NextToken);
    return names;
  }

  private async repositories(): Promise<string[]> {
    try {
      const { repository } = namesOf(this.runId);
      const { repositories = [] } = await this.ecr.describeRepositories({ repositoryNames: [repository] });
      return repositories.map(({ repositoryName = "" }) => repositoryName);
    } catch (error) {
      if ((error as Error).name === "RepositoryNotFoundException") {
        return [];
      }
      throw error;
    }
  }

  private async roles(): Promise<string[]> {
    return this.listed(async (Marker) => {
      const page = await this.iam.listRoles({ Marker });
      return { names: (page.Roles ?? []).map(({ RoleName = "" }) => RoleName), Marker: page.Marker };
    });
  }

  private async profiles(): Promise<string[]> {
    return this.listed(async (Marker) => {
      const page = await this.iam.listInstanceProfiles({ Marker });
      return {
        names: (page.InstanceProfiles ?? []).map(({ InstanceProfileName = "" }) => InstanceProfileName),
        Marker: page.Marker,
      };
    });
  }

  private async listed(
    list: (Marker: string | undefined) => Promise<{ names: string[]; Marker?: string }>,
  ): Promise<string[]> {
    const names: string[] = [];
    let marker: string | undefined;
    do {
      const page = await list(marker);
      names.push(...page.names);
      marker = page.Marker;
    } while (marker);
    return names.filter((name) => name.startsWith(namesOf(this.runId).builder));
  }
}
