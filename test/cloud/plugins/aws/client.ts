import { EC2Client } from "@aws-sdk/client-ec2";
import { ECRClient } from "@aws-sdk/client-ecr";
import { IAMClient } from "@aws-sdk/client-iam";
import { SSMClient } from "@aws-sdk/client-ssm";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { fromNodeProviderChain } from "@aws-sdk/credential-providers";

import type { Properties } from "../protocol/values";
import { endpointOf } from "./endpoints";
import { awsError } from "./errors";
import { JsonApi } from "./jsonApi";
import { dispatcherOf, handlerOf, type TransportSettings } from "./transport";

/** The provider's own arguments, as far as the stand-in knows them. */
export type Configuration = {
  region?: string;
  accessKey?: string;
  secretKey?: string;
  token?: string;
  profile?: string;
  endpoints?: Record<string, string>[];
  assumeRoles?: AssumedRole[];
  defaultTags?: { tags?: Record<string, string> };
  allowedAccountIds?: string[];
  forbiddenAccountIds?: string[];
} & TransportSettings &
  Properties;

export interface AssumedRole {
  roleArn?: string;
  sessionName?: string;
  externalId?: string;
  /** As Go writes durations: `1h`, `15m`. */
  duration?: string;
}

interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** What all resources and look-ups share once the provider is configured. */
export interface Aws {
  configuration: Configuration;
  region: string;
  accountId: string;
  defaultTags: Record<string, string>;
  cloudWatch: JsonApi;
  ec2: EC2Client;
  ecr: ECRClient;
  ecs: JsonApi;
  iam: IAMClient;
  logs: JsonApi;
  ssm: SSMClient;
  sts: STSClient;
}

/** By it the log of calls tells the provider from its users. */
const customUserAgent = "standin-aws";

export const regionOf = ({ region }: Configuration): string | undefined =>
  region || process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION;

export async function connect(configuration: Configuration): Promise<Aws> {
  const region = regionOf(configuration) ?? "";
  const credentials = await credentialsOf(configuration, region);
  const sts = newSts(configuration, region, credentials);
  const { Account: accountId = "" } = await sts.send(new GetCallerIdentityCommand({}));
  assertAccount(accountId, configuration);
  const settings = (service: string) => ({
    region,
    credentials,
    customUserAgent,
    endpoint: endpointOf(service, configuration),
    ...wayOf(configuration),
  });
  const dispatcher = dispatcherOf(configuration);
  const json = (service: "cloudWatch" | "ecs" | "logs"): JsonApi =>
    new JsonApi(service, {
      region,
      // Those of the SDK's own search, where none are given.
      credentials: () => sts.config.credentials(),
      // Where it is called at all: a provider may have endpoints of some services alone.
      endpoint: () => endpointOf(service.toLowerCase(), configuration),
      agent: customUserAgent,
      dispatcher,
    });
  return {
    configuration,
    region,
    accountId,
    defaultTags: configuration.defaultTags?.tags ?? {},
    cloudWatch: json("cloudWatch"),
    ec2: named("EC2", new EC2Client(settings("ec2"))),
    ecr: named("ECR", new ECRClient(settings("ecr"))),
    ecs: json("ecs"),
    iam: named("IAM", new IAMClient(settings("iam"))),
    logs: json("logs"),
    ssm: named("SSM", new SSMClient(settings("ssm"))),
    sts,
  };
}

const newSts = (configuration: Configuration, region: string, credentials?: Credentials): STSClient =>
  named(
    "STS",
    new STSClient({
      region,
      credentials,
      customUserAgent,
      endpoint: endpointOf("sts", configuration),
      ...wayOf(configuration),
    }),
  );

function wayOf(configuration: Configuration) {
  const dispatcher = dispatcherOf(configuration);
  return dispatcher && { requestHandler: handlerOf(dispatcher) };
}

/** Undefined: the SDK's own search, from the environment on. Roles are assumed one by another. */
async function credentialsOf(configuration: Configuration, region: string): Promise<Credentials | undefined> {
  const { accessKey, secretKey, token, profile, assumeRoles = [] } = configuration;
  let credentials: Credentials | undefined =
    accessKey && secretKey
      ? { accessKeyId: accessKey, secretAccessKey: secretKey, sessionToken: token }
      : profile
        ? await fromNodeProviderChain({ profile })()
        : undefined;
  for (const { roleArn, sessionName = "standin", externalId, duration } of assumeRoles) {
    const { Credentials: assumed } = await newSts(configuration, region, credentials).send(
      new AssumeRoleCommand({
        RoleArn: roleArn,
        RoleSessionName: sessionName,
        ExternalId: externalId,
        DurationSeconds: duration === undefined ? undefined : goDurationSeconds(duration),
      }),
    );
    credentials = {
      accessKeyId: assumed?.AccessKeyId ?? "",
      secretAccessKey: assumed?.SecretAccessKey ?? "",
      sessionToken: assumed?.SessionToken,
    };
  }
  return credentials;
}

function goDurationSeconds(duration: string): number {
  const [, hours = "0", minutes = "0", seconds = "0"] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(duration) ?? [];
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

function assertAccount(accountId: string, { allowedAccountIds, forbiddenAccountIds }: Configuration): void {
  const isAllowed = !allowedAccountIds?.length || allowedAccountIds.includes(accountId);
  if (!isAllowed || forbiddenAccountIds?.includes(accountId)) {
    throw new Error(`AWS account ID not allowed: ${accountId}`);
  }
}

/** Errors of every call read like the real provider's. */
function named<T extends EC2Client | ECRClient | IAMClient | SSMClient | STSClient>(service: string, client: T): T {
  const stack = client.middlewareStack as EC2Client["middlewareStack"];
  stack.add(
    (next, context) => (args) =>
      next(args).catch((error: unknown) => {
        throw awsError(service, String(context.commandName).replace(/Command$/, ""), error);
      }),
    { step: "initialize", name: "realProvidersErrors", priority: "high" },
  );
  return client;
}
