import { IAM } from "@aws-sdk/client-iam";
import { type Credentials, STS } from "@aws-sdk/client-sts";

import { builderPattern } from "../../components/nodes/ec2/policies/builderPattern";
import type { PolicyDocument } from "../../components/nodes/ec2/policies/document";
import { callerPolicy } from "../../components/nodes/ec2/policies/policyTable";
import type { Log } from "../progress";
import type { Identity } from "./account";
import { namesOf } from "./settings";

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

/** A role with the documented policies and no other right, and its credentials. */
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
    const root = `arn:${this.partition}:iam::${this.identity.account}:root`;
    const Statement = [{ Effect: "Allow", Principal: { AWS: root }, Action: "sts:AssumeRole" }];
    const { Role } = await this.iam.createRole({
      RoleName: this.name,
      AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement }),
    });
    for (const [PolicyName, document] of Object.entries(this.policies())) {
      await this.iam.putRolePolicy({ RoleName: this.name, PolicyName, PolicyDocument: JSON.stringify(document) });
    }
    const sts = new STS({ region: this.identity.region, credentials: this.identity.credentials });
    for (let tried = 1; ; tried += 1) {
      try {
        const given = { RoleArn: Role?.Arn, RoleSessionName: "verify-aws", DurationSeconds: 3_600 };
        return (await sts.assumeRole(given)).Credentials as Credentials;
      } catch (error) {
        if (tried >= tries) {
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
      }
    }
  }

  /** With the user's own rights, when all else is gone. */
  async remove(log: Log): Promise<void> {
    try {
      for (const PolicyName of Object.keys(this.policies())) {
        await this.iam.deleteRolePolicy({ RoleName: this.name, PolicyName });
      }
      await this.iam.deleteRole({ RoleName: this.name });
    } catch (error) {
      log(`role ${this.name} is still there: ${(error as Error).message}`);
    }
  }

  private get partition(): string {
    return this.identity.arn.split(":")[1];
  }

  private policies(): Record<string, PolicyDocument> {
    const builder = builderPattern(namesOf(this.runId).builder);
    return {
      manage: callerPolicy("manage", { builder }),
      build: callerPolicy("build", { builder }),
      own: ownPolicy(this.runId, this.partition, this.identity.account),
    };
  }
}
