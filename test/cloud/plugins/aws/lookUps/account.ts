import { GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr";
import { GetParameterCommand } from "@aws-sdk/client-ssm";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";

import type { LookUp } from "../../protocol/resource";
import { secret, textOf } from "../../protocol/values";
import type { Aws } from "../client";
import { during } from "../errors";
import { registryHost } from "../resources/repository";

export const getCallerIdentity: LookUp<Aws> = async (_args, { sts }) => {
  const { Account, Arn, UserId } = await sts.send(new GetCallerIdentityCommand({}));
  return { accountId: Account, arn: Arn, id: Account, userId: UserId };
};

export const getRegion: LookUp<Aws> = ({ region: asked, name }, { region }) => {
  const chosen = textOf(asked) ?? textOf(name) ?? region;
  const endpoint = `ec2.${chosen}.amazonaws.com`;
  return Promise.resolve({ description: chosen, endpoint, id: chosen, name: chosen, region: chosen });
};

export const getParameter: LookUp<Aws> = async ({ name, withDecryption = true }, { ssm, region }) => {
  const { Parameter: parameter } = await ssm
    .send(new GetParameterCommand({ Name: String(name), WithDecryption: withDecryption === true }))
    .catch(during(`reading SSM Parameter (${String(name)})`));
  return {
    arn: parameter?.ARN,
    id: parameter?.Name,
    insecureValue: parameter?.Type === "SecureString" ? "" : parameter?.Value,
    name: parameter?.Name,
    region,
    type: parameter?.Type,
    value: secret(parameter?.Value),
    version: parameter?.Version,
    withDecryption,
  };
};

export const getAuthorizationToken: LookUp<Aws> = async ({ registryId }, { ecr, region }) => {
  const { authorizationData: [data] = [] } = await ecr
    .send(new GetAuthorizationTokenCommand({ registryIds: typeof registryId === "string" ? [registryId] : undefined }))
    .catch(during("reading ECR Authorization Token"));
  const token = data?.authorizationToken ?? "";
  const [userName, ...password] = Buffer.from(token, "base64").toString().split(":");
  const host = registryHost(data?.proxyEndpoint?.replace(/^https?:\/\//, ""));
  return {
    authorizationToken: secret(token),
    expiresAt: data?.expiresAt?.toISOString(),
    id: region,
    password: secret(password.join(":")),
    proxyEndpoint: `https://${host}`,
    region,
    registryId,
    userName,
  };
};
