import * as fs from "node:fs";

import {
  createCredentialChain,
  fromEnv,
  fromNodeProviderChain,
  fromTemporaryCredentials,
  fromTokenFile,
  fromWebToken,
} from "@aws-sdk/credential-providers";

import { BuildError } from "../../../support/errors";
import { expandedHome } from "../../../support/paths";
import type { requestHandlerOf } from "./awsTransport";
import type { AwsRole, AwsSettings, AwsWebIdentity } from "../awsSettings";

type CredentialProvider = ReturnType<typeof fromNodeProviderChain>;

/** What STS clients need besides credentials. */
export interface StsOptions {
  region: string;
  endpoint?: string;
  useFipsEndpoint?: boolean;
  useDualstackEndpoint?: boolean;
  requestHandler?: ReturnType<typeof requestHandlerOf>;
}

/** The credentials that an aws provider with these settings would have. */
export function credentialsOf(settings: AwsSettings, sts: StsOptions): CredentialProvider {
  const first = settings.assumeRoleWithWebIdentity
    ? webIdentityCredentials(settings.assumeRoleWithWebIdentity, sts)
    : baseCredentials(settings, sts);
  return (settings.assumeRoles ?? []).reduce((before, role) => assumedCredentials(role, before, sts), first);
}

function baseCredentials(settings: AwsSettings, { requestHandler }: StsOptions): CredentialProvider {
  const { accessKey, secretKey, token, profile } = settings;
  // Of SSO, of roles of a profile and of tokens: their regions are the profile's.
  const parent = { ...(requestHandler && { clientConfig: { requestHandler } }) };
  if (accessKey && secretKey) {
    return () => Promise.resolve({ accessKeyId: accessKey, secretAccessKey: secretKey, sessionToken: token });
  }
  const fromFiles = fromNodeProviderChain({
    profile,
    ...parent,
    configFilepath: onlyFile("sharedConfigFiles", settings.sharedConfigFiles),
    filepath: onlyFile("sharedCredentialsFiles", settings.sharedCredentialsFiles),
  });
  // The provider, as all of Go's SDK, prefers keys in the environment to AWS_PROFILE; this SDK does not.
  // https://github.com/aws/aws-sdk-go-v2/blob/main/config/resolve_credentials.go
  return profile ? fromFiles : createCredentialChain(fromEnv(), fromTokenFile(parent), fromFiles);
}

function webIdentityCredentials(identity: AwsWebIdentity, clientConfig: StsOptions): CredentialProvider {
  // Read each time: CI systems and Kubernetes renew it in place.
  return async () =>
    fromWebToken({
      clientConfig,
      roleArn: identity.roleArn,
      roleSessionName: identity.sessionName,
      durationSeconds: identity.durationSeconds,
      policy: identity.policy,
      policyArns: identity.policyArns?.map((arn) => ({ arn })),
      webIdentityToken: identity.token ?? fs.readFileSync(expandedHome(identity.tokenFile ?? ""), "utf8").trim(),
    })();
}

function assumedCredentials(
  role: AwsRole,
  masterCredentials: CredentialProvider,
  clientConfig: StsOptions,
): CredentialProvider {
  return fromTemporaryCredentials({
    masterCredentials,
    clientConfig,
    params: {
      RoleArn: role.roleArn,
      RoleSessionName: role.sessionName ?? "multi-platform-image",
      ExternalId: role.externalId,
      DurationSeconds: role.durationSeconds,
      Policy: role.policy,
      PolicyArns: role.policyArns?.map((arn) => ({ arn })),
      SourceIdentity: role.sourceIdentity,
      Tags: role.tags && Object.entries(role.tags).map(([Key, Value]) => ({ Key, Value })),
      TransitiveTagKeys: role.transitiveTagKeys,
    },
  });
}

function onlyFile(argument: string, files: readonly string[] | undefined): string | undefined {
  if (files && files.length > 1) {
    throw new BuildError(
      `aws provider: \`${argument}\` is ${JSON.stringify(files)}: hooks read one such file; merge them into one, or use \`profile\` of the usual files`,
    );
  }
  return files && expandedHome(files[0]);
}
