/** By which proxy requests go; what is not said is as the environment says. */
export interface ProxySettings {
  httpProxy?: string;
  httpsProxy?: string;
  noProxy?: string;
}

/** How requests reach AWS, as the aws provider's settings of the same names say it. */
export interface TransportSettings extends ProxySettings {
  /** A file of certificates, which count in place of the system's. */
  customCaBundle?: string;
  /** Certificates are not checked. */
  insecure?: boolean;
}

/** A role to assume, with the credentials of the step before. */
export interface AwsRole {
  roleArn: string;
  sessionName?: string;
  externalId?: string;
  durationSeconds?: number;
  policy?: string;
  policyArns?: string[];
  sourceIdentity?: string;
  tags?: Record<string, string>;
  transitiveTagKeys?: string[];
}

/** A role to assume with an OpenID Connect token, as CI systems issue them. */
export interface AwsWebIdentity {
  roleArn: string;
  sessionName?: string;
  durationSeconds?: number;
  policy?: string;
  policyArns?: string[];
  token?: string;
  tokenFile?: string;
}

/**
 * How to act in AWS as an aws provider does: plain values, a secret, never stored. With none of them AWS's usual
 * sources are searched: the environment, shared files, SSO, the container or the machine.
 */
export interface AwsSettings extends TransportSettings {
  accessKey?: string;
  secretKey?: string;
  token?: string;
  profile?: string;
  sharedConfigFiles?: string[];
  sharedCredentialsFiles?: string[];
  /** Assumed one after the other. */
  assumeRoles?: AwsRole[];
  assumeRoleWithWebIdentity?: AwsWebIdentity;
  endpoints?: { ec2?: string; ssm?: string; sts?: string };
  useFipsEndpoint?: boolean;
  useDualstackEndpoint?: boolean;
}

type Fields = Record<string, unknown>;

/**
 * The settings of an explicit aws provider, from the `result` of its `terraformConfig()`: names in Terraform's spelling,
 * blocks as lists, and what is not set as null.
 * @see https://github.com/pulumi/pulumi-terraform-bridge/blob/master/pkg/tfbridge/provider.go (returnTerraformConfig)
 */
export function settingsOfTerraformConfig(result: Fields): AwsSettings {
  return settingsOf((name) => result[terraformName(name === "assumeRoles" ? "assumeRole" : name)]);
}

/**
 * The settings of the default aws provider, from the stack's configuration.
 * @param get reads a key of the namespace `aws`: all of its values are text, of which lists and objects are JSON.
 */
export function settingsOfPulumiConfig(get: (key: string) => string | undefined): AwsSettings {
  return settingsOf((name) => {
    const text = get(name);
    return structured.has(name) && text !== undefined ? parse(text) : text;
  });
}

const structured: ReadonlySet<string> = new Set([
  "sharedConfigFiles",
  "sharedCredentialsFiles",
  "assumeRoles",
  "assumeRoleWithWebIdentity",
  "endpoints",
  "useFipsEndpoint",
  "useDualstackEndpoint",
  "insecure",
]);

function settingsOf(read: (name: string) => unknown): AwsSettings {
  const roles = blocks(read("assumeRoles")).flatMap(roleOf);
  const endpoints = blocks(read("endpoints"));
  const endpoint = (service: string) => endpoints.map((each) => text(each[service])).find(Boolean);
  return withoutUndefined({
    accessKey: text(read("accessKey")),
    secretKey: text(read("secretKey")),
    token: text(read("token")),
    profile: text(read("profile")),
    sharedConfigFiles: texts(read("sharedConfigFiles")),
    sharedCredentialsFiles: texts(read("sharedCredentialsFiles")),
    assumeRoles: roles.length > 0 ? roles : undefined,
    assumeRoleWithWebIdentity: blocks(read("assumeRoleWithWebIdentity")).flatMap(webIdentityOf)[0],
    endpoints: withoutUndefined({ ec2: endpoint("ec2"), ssm: endpoint("ssm"), sts: endpoint("sts") }),
    useFipsEndpoint: read("useFipsEndpoint") === true || undefined,
    useDualstackEndpoint: read("useDualstackEndpoint") === true || undefined,
    httpProxy: text(read("httpProxy")),
    httpsProxy: text(read("httpsProxy")),
    noProxy: text(read("noProxy")),
    customCaBundle: text(read("customCaBundle")),
    insecure: read("insecure") === true || undefined,
  });
}

function roleOf(block: Fields): AwsRole[] {
  const roleArn = text(field(block, "roleArn"));
  const tags = field(block, "tags") as Record<string, string> | null | undefined;
  return roleArn
    ? [
        withoutUndefined({
          ...sessionOf(block),
          roleArn,
          externalId: text(field(block, "externalId")),
          sourceIdentity: text(field(block, "sourceIdentity")),
          tags: tags && Object.keys(tags).length > 0 ? tags : undefined,
          transitiveTagKeys: texts(field(block, "transitiveTagKeys")),
        }),
      ]
    : [];
}

function webIdentityOf(block: Fields): AwsWebIdentity[] {
  const roleArn = text(field(block, "roleArn"));
  return roleArn
    ? [
        withoutUndefined({
          ...sessionOf(block),
          roleArn,
          token: text(field(block, "webIdentityToken")),
          tokenFile: text(field(block, "webIdentityTokenFile")),
        }),
      ]
    : [];
}

function sessionOf(block: Fields): Omit<AwsRole, "roleArn"> {
  return {
    sessionName: text(field(block, "sessionName")),
    durationSeconds: durationSeconds(text(field(block, "duration"))),
    policy: text(field(block, "policy")),
    policyArns: texts(field(block, "policyArns")),
  };
}

// https://pkg.go.dev/time#ParseDuration
const unitSeconds: Record<string, number> = { h: 3_600, m: 60, s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, ns: 1e-9 };

/** The seconds of a duration in Go's spelling: `1h30m`. */
export function durationSeconds(duration: string | undefined): number | undefined {
  const parts = [...(duration ?? "").matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g)];
  return parts.length > 0
    ? Math.round(parts.reduce((sum, [, count, unit]) => sum + Number(count) * unitSeconds[unit], 0))
    : undefined;
}

function terraformName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function field(block: Fields, name: string): unknown {
  return block[name] ?? block[terraformName(name)];
}

function blocks(value: unknown): Fields[] {
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  return list.filter((each): each is Fields => typeof each === "object" && each !== null);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function texts(value: unknown): string[] | undefined {
  const list = Array.isArray(value) ? (value as unknown[]).flatMap((each) => text(each) ?? []) : [];
  return list.length > 0 ? list : undefined;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}
