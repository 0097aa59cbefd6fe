/** All that is loaded of the AWS SDK: some 350 ms, so that only those who need AWS load this file. */
import { setTimeout as sleep } from "node:timers/promises";

import { EC2 } from "@aws-sdk/client-ec2";
import { SSM } from "@aws-sdk/client-ssm";
import { STS } from "@aws-sdk/client-sts";

import { BuildError } from "../../../support/errors";
import type { AwsClients } from "./awsClients";
import { call } from "./awsErrors";
import type { Ec2Connection } from "../connection";
import { credentialsOf } from "./credentials";
import type { AwsSettings } from "../awsSettings";
import { requestHandlerOf } from "./awsTransport";

// Throttling passes within seconds, and the SDK waits longer each time.
const maxAttempts = 5;

/** For all that a chain of roles asks AWS; the SDK has no limit for a `credential_process` of a profile. */
const credentialsMilliseconds = 120_000;

/** Clients for a builder's region, proven to act in its account where that is known. */
export async function openClients(
  { builderName, region, accountId }: Pick<Ec2Connection, "region"> & Partial<Ec2Connection>,
  aws: AwsSettings,
  patienceMilliseconds = credentialsMilliseconds,
): Promise<AwsClients> {
  // It would tell users to change a dependency of ours: https://github.com/aws/aws-sdk-js-v3/issues/6803
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  const { useFipsEndpoint, useDualstackEndpoint } = aws;
  const requestHandler = requestHandlerOf(aws);
  const common = { region, useFipsEndpoint, useDualstackEndpoint, maxAttempts, requestHandler };
  const sts = { region, useFipsEndpoint, useDualstackEndpoint, requestHandler, ...endpointOf(aws.endpoints?.sts) };
  const credentials = inTime(credentialsOf(aws, sts), patienceMilliseconds);
  const asker = new STS({ ...common, ...sts, credentials });
  const identity = await identify(asker);
  if (accountId !== undefined && identity.account !== accountId) {
    throw new BuildError(
      `builder ${builderName} is in AWS account ${accountId}, and the credentials here are of account ${identity.account} (${identity.arn}). ` +
        "Fix: use credentials or a role of the builder's account, as the aws provider that made it has: " +
        "`aws:profile`, `aws:assumeRoles`, or the environment.",
    );
  }
  // What one answer of AWS says of this machine's clock, the other clients know from the beginning: a claim is made in AWS's time.
  const { systemClockOffset } = asker.config;
  const ssm = new SSM({ ...common, credentials, systemClockOffset, ...endpointOf(aws.endpoints?.ssm) });
  const partition = identity.arn.split(":")[1];
  return {
    ec2: new EC2({ ...common, credentials, systemClockOffset, ...endpointOf(aws.endpoints?.ec2) }),
    ssm,
    account: identity.account,
    identity: identity.arn,
    arn: (service, resource) => `arn:${partition}:${service}:${region}:${identity.account}:${resource}`,
    now: () => Date.now() + ssm.config.systemClockOffset,
  };
}

async function identify(sts: STS): Promise<{ account: string; arn: string }> {
  const action = { action: "sts:GetCallerIdentity", resource: "the AWS credentials in use" };
  const { Account, Arn } = await call(action, () => sts.getCallerIdentity({}));
  return { account: Account ?? "unknown", arn: Arn ?? "unknown" };
}

// An `endpoint: undefined` would hide AWS_ENDPOINT_URL from the SDK.
function endpointOf(endpoint: string | undefined): { endpoint?: string } {
  return endpoint ? { endpoint } : {};
}

function inTime<T>(provider: () => Promise<T>, milliseconds: number): () => Promise<T> {
  return async () => {
    const done = new AbortController();
    const late = sleep(milliseconds, undefined, { ref: false, signal: done.signal }).then(() => {
      throw new BuildError(
        `AWS credentials were not there after ${milliseconds / 1_000} s. Fix: see whether \`aws sts get-caller-identity\` ` +
          "ends without a question here, and what `credential_process` of the profile does, if it has one.",
      );
    });
    try {
      return await Promise.race([provider(), late]);
    } finally {
      done.abort();
      late.catch(() => undefined);
    }
  };
}
