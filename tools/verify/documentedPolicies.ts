import { IAM } from "@aws-sdk/client-iam";
import { type Credentials, STS } from "@aws-sdk/client-sts";

import { builderPattern } from "../../components/nodes/ec2/policies/builderPattern";
import type { PolicyDocument } from "../../components/nodes/ec2/policies/document";
import { callerPolicy, type CallerRole } from "../../components/nodes/ec2/policies/policyTable";
import type { Log } from "../progress";
import type { Identity } from "./account";
import { namesOf } from "./settings";

/** Those of a builder whose nodes stay, and of one whose nodes are ephemeral: the run's is one after the other. */
const roles = ["manage", "build", "manage-ephemeral", "build-ephemeral"] as const satisfies readonly CallerRole[];

/** A role is not known everywhere at once. */
const tries = 30;
const pauseMilliseconds = 2_000;

/** What the run's program makes beside the builder, and what its steps look at. */
export function ownPolicy(runId: string, partition: string, account: string): PolicyDocument {
  const { repository, deployedParameter } = namesOf(runId);
  return {
    Version: "2012-10-17",
    Statement: [
      { Sid: "Registry", Effect: "Allow", Action: ["ecr:GetAuthorizationToken"], Resource: ["*"] },
      {
        Sid: "Repository",
        Effect: "Allow",
        Action: ["ecr:*"],
        Resource: [`arn:${partition}:ecr:*:${account}:repository/${repository}`],
      },
      {
        Sid: "Deployed",
        Effect: "Allow",
        Action: ["ssm:*"],
        Resource: [`arn:${partition}:ssm:*:${account}:parameter${deployedParameter}`],
      },
    ],
  };
}

/**
 * A role with the documented policies and no other right, and its credentials. They are policies of their own, as docs/iam.md
 * makes them: in a role itself there is no room for all, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
export class DocumentedRole {
  private readonly iam: IAM;
  private readonly name: string;

  constructor(
    private readonly runId: string,
    private readonly identity: Identity,
  ) {
    this.iam = new IAM({ region: identity.region, credentials: identity.credentials });
    this.name = namesOf(runId).repository;
  }

  /** @throws Error where the user may not make roles */
  async assume(): Promise<Credentials> {
    const root = this.arn("root");
    const Statement = [{ Effect: "Allow", Principal: { AWS: root }, Action: "sts:AssumeRole" }];
    await this.iam.createRole({
      RoleName: this.name,
      AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement }),
    });
    for (const [PolicyName, document] of Object.entries(this.policies())) {
      await this.iam.createPolicy({ PolicyName, PolicyDocument: JSON.stringify(document) });
      await this.iam.attachRolePolicy({ RoleName: this.name, PolicyArn: this.arn(`policy/${PolicyName}`) });
    }
    for (let tried = 1; ; tried += 1) {
      try {
        return await this.credentials();
      } catch (error) {
        if (tried >= tries) {
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
      }
    }
  }

  /** The role with less: what the policy does not allow, either. */
  async session(policy: object): Promise<{ accessKeyId: string; secretAccessKey: string; sessionToken: string }> {
    const { AccessKeyId, SecretAccessKey, SessionToken } = await this.credentials(JSON.stringify(policy));
    return { accessKeyId: AccessKeyId!, secretAccessKey: SecretAccessKey!, sessionToken: SessionToken! };
  }

  /** With the user's own rights, when all else is gone. */
  async remove(log: Log): Promise<void> {
    try {
      for (const PolicyName of Object.keys(this.policies())) {
        const PolicyArn = this.arn(`policy/${PolicyName}`);
        await this.iam.detachRolePolicy({ RoleName: this.name, PolicyArn });
        await this.iam.deletePolicy({ PolicyArn });
      }
      await this.iam.deleteRole({ RoleName: this.name });
    } catch (error) {
      log(`role ${this.name} or a policy of its name is still there: ${(error as Error).message}`);
    }
  }

  private async credentials(Policy?: string): Promise<Credentials> {
    const sts = new STS({ region: this.identity.region, credentials: this.identity.credentials });
    const given = {
      RoleArn: this.arn(`role/${this.name}`),
      RoleSessionName: "verify-aws",
      DurationSeconds: 3_600,
      Policy,
    };
    return (await sts.assumeRole(given)).Credentials as Credentials;
  }

  private arn(resource: string): string {
    return `arn:${this.partition}:iam::${this.identity.account}:${resource}`;
  }

  private get partition(): string {
    return this.identity.arn.split(":")[1];
  }

  private policies(): Record<string, PolicyDocument> {
    const builder = builderPattern(namesOf(this.runId).builder);
    const documented = roles.map((role) => [`${this.name}-${role}`, callerPolicy(role, { builder })] as const);
    const own = ownPolicy(this.runId, this.partition, this.identity.account);
    return { ...Object.fromEntries(documented), [`${this.name}-own`]: own };
  }
}
