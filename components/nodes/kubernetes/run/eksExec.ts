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

/** Options of both programs that have a value. */
const valueOptions = {
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

/** Those without one, which are of no meaning for a token. */
const plainOptions = ["cache", "debug", "no-cli-auto-prompt", "no-cli-pager"];

const knownOptions = Object.fromEntries<{ type: "string" | "boolean"; short?: string }>([
  ...Object.entries(valueOptions).map(([name, more]) => [name, { type: "string", ...more }] as const),
  ...plainOptions.map((name) => [name, { type: "boolean" }] as const),
]);

/** What of the program's own environment is understood, or is of no meaning for a token: EKS takes one of any endpoint. */
const knownVariables: readonly string[] = [
  ...["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"],
  ...["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_DEFAULT_OUTPUT", "AWS_PAGER", "AWS_STS_REGIONAL_ENDPOINTS"],
];

/** Of the others, those that may mean another identity: `~/.aws` is in HOME, and DEFAULT_ROLE is a role for `aws-iam-authenticator`. */
const identityVariable = /^(AWS_.*|HOME|DEFAULT_ROLE)$/;

/**
 * What `aws eks get-token` or `aws-iam-authenticator token` would be asked for, or nothing where the program is another one, or
 * anything in its arguments or environment is not understood: it may mean a token of another identity.
 * @see https://docs.aws.amazon.com/cli/latest/reference/eks/get-token.html
 * https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/v0.7.7/cmd/aws-iam-authenticator/token.go
 */
export function eksIdentity(exec: ExecConfig, environment: Environment = process.env): EksIdentity | undefined {
  const options = optionsOf(exec);
  const own = ownEnvironment(exec);
  const { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey, AWS_SESSION_TOKEN: token } = own;
  // A part of the keys would go with another part, of this process's own environment.
  const isPart = Boolean(accessKey || secretKey || token) && !(accessKey && secretKey);
  const isKnown = Object.keys(own).every((name) => knownVariables.includes(name) || !identityVariable.test(name));
  const cluster = options?.["cluster-name"] ?? options?.["cluster-id"];
  if (!options || cluster === undefined || isPart || !isKnown) {
    return undefined;
  }
  const all = { ...environment, ...own };
  const { profile } = options;
  return {
    cluster,
    region: options.region ?? (all.AWS_REGION || all.AWS_DEFAULT_REGION || undefined),
    // Keys in the environment go before a profile of it, and after one that is an argument.
    // https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-authentication.html
    profile: profile ?? (all.AWS_ACCESS_KEY_ID ? undefined : own.AWS_PROFILE),
    role: options["role-arn"] ?? options.role,
    sessionName: options["session-name"],
    externalId: options["external-id"],
    ...(profile === undefined && accessKey && secretKey && { keys: { accessKey, secretKey, token } }),
  };
}

/** The options that have a value, where the program is one of both, asked for a token, and all of its options are known. */
function optionsOf({ command = "", args }: ExecConfig): Partial<Record<keyof typeof valueOptions, string>> | undefined {
  const { values, positionals } = parseArgs({
    args: args ?? [],
    options: knownOptions,
    strict: false,
    allowPositionals: true,
  });
  const words = positionals.join(" ");
  const isToken =
    { aws: words === "eks get-token", "aws-iam-authenticator": words === "token" }[path.basename(command)] ?? false;
  const isKnown = Object.entries(values).every(([name, value]) =>
    Object.hasOwn(valueOptions, name) ? typeof value === "string" : plainOptions.includes(name),
  );
  return isToken && isKnown ? values : undefined;
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
