import * as path from "node:path";
import { parseArgs } from "node:util";

import { findOnPath, isExecutable } from "../../../support/paths";

/** What a kubeconfig says of the program for its token: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/#ExecConfig */
export interface ExecConfig {
  command?: string;
  args?: string[] | null;
  env?: { name: string; value: string }[] | null;
}

/** For which cluster of EKS a token is, and as whom. */
export interface EksIdentity {
  cluster: string;
  region?: string;
  profile?: string;
  role?: string;
  sessionName?: string;
  externalId?: string;
  /** Of the environment that the program would have. */
  keys?: { accessKey: string; secretKey: string; token?: string };
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Options of both programs that have a value. Others are of no meaning for a token. */
const optionNames = {
  "cluster-name": {},
  "cluster-id": { short: "i" },
  region: {},
  profile: {},
  "role-arn": {},
  role: { short: "r" },
  "session-name": { short: "s" },
  "external-id": { short: "e" },
  output: {},
};

/**
 * What `aws eks get-token` or `aws-iam-authenticator token` would be asked for, or nothing where the program is another one.
 * @see https://docs.aws.amazon.com/cli/latest/reference/eks/get-token.html
 * https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/v0.7.7/cmd/aws-iam-authenticator/token.go
 */
export function eksIdentity(exec: ExecConfig, environment: Environment = process.env): EksIdentity | undefined {
  const { command = "", args } = exec;
  const options = Object.fromEntries(
    Object.entries(optionNames).map(([name, more]) => [name, { type: "string" as const, ...more }]),
  );
  const { values, positionals } = parseArgs({ args: args ?? [], options, strict: false, allowPositionals: true });
  const words = positionals.join(" ");
  const isToken =
    { aws: words === "eks get-token", "aws-iam-authenticator": words === "token" }[path.basename(command)] ?? false;
  const value = (...names: string[]) => names.map((name) => values[name]).find((each) => typeof each === "string");
  const cluster = value("cluster-name", "cluster-id");
  if (!isToken || cluster === undefined) {
    return undefined;
  }
  const own = ownEnvironment(exec);
  const all = { ...environment, ...own };
  const { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey, AWS_SESSION_TOKEN: token } = own;
  const profile = value("profile");
  return {
    cluster,
    region: value("region") ?? (all.AWS_REGION || all.AWS_DEFAULT_REGION || undefined),
    // Keys in the environment go before a profile of it, and after one that is an argument.
    // https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-authentication.html
    profile: profile ?? (all.AWS_ACCESS_KEY_ID ? undefined : own.AWS_PROFILE),
    role: value("role-arn", "role"),
    sessionName: value("session-name"),
    externalId: value("external-id"),
    ...(profile === undefined && accessKey && secretKey && { keys: { accessKey, secretKey, token } }),
  };
}

/** Whether the program can be started here. */
export function isThere(exec: ExecConfig, environment: Environment = process.env): boolean {
  const { command = "" } = exec;
  return command.includes("/")
    ? isExecutable(command)
    : findOnPath(command, { ...environment, ...ownEnvironment(exec) }) !== undefined;
}

function ownEnvironment({ env }: ExecConfig): Record<string, string | undefined> {
  return Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]));
}
