import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";

import type { Authority, ObservedRequest, Registry, TestRun } from "../hosts";
import { freePort, layOutTls } from "../hosts/registry";
import { forward } from "../hosts/tamper";
import { serveTls } from "../hosts/tlsFront";

/** A password of ECR: `expires` in seconds since 1970. The emulated API adds those that it issues to the same file. */
export interface EcrToken {
  token: string;
  expires: number;
}

export interface EcrRepositorySettings {
  name: string;
  /** Refuses to move a tag. @default true */
  immutable?: boolean;
}

export interface EcrOptions {
  /** Where it listens: an address that builders and callers reach. */
  address: string;
  /** @default - `ecr-tokens.json` in the run's folder */
  tokensFile?: string;
  /** @default - `ecr-repositories.json` in the run's folder */
  repositoriesFile?: string;
}

/** A registry that asks for what ECR asks for, and refuses what ECR refuses. */
export interface Ecr extends Pick<
  Registry,
  "host" | "url" | "caFile" | "bundleFile" | "certificateFolder" | "trusted"
> {
  /** All requests since the last `forget()`, with the status of their answer. */
  readonly requests: readonly ObservedRequest[];
  forget(): void;
  createRepository(settings: EcrRepositorySettings): void;
  /** A new password, as `GetAuthorizationToken` would give it. */
  issueToken(lifetimeSeconds?: number): string;
  /** All passwords that were issued. */
  tokens(): string[];
  /** All passwords up to now are 12 hours old. */
  expireTokens(): void;
  stop(): Promise<void>;
}

interface Refusal {
  status: number;
  code: string;
  message: string;
}

const accountId = "123456789012";

/**
 * The front of the real registry that makes it behave as ECR: passwords that expire, repositories that must be there, and
 * tags that can't be moved, not even to the digest that they have.
 *
 * @see https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors-docker.html
 */
export async function startEcr(
  run: TestRun,
  authority: Authority,
  upstream: Registry,
  { address, ...files }: EcrOptions,
): Promise<Ecr> {
  const port = await freePort(address);
  const host = `${address}:${port}`;
  const folder = join(run.folder, `ecr-${port}`);
  const tls = await layOutTls(folder, authority, address);
  const requests: ObservedRequest[] = [];
  const tokens = jsonList<EcrToken>(files.tokensFile ?? join(run.folder, "ecr-tokens.json"));
  const repositories = jsonList<EcrRepositorySettings>(
    files.repositoriesFile ?? join(run.folder, "ecr-repositories.json"),
  );

  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const observed: ObservedRequest = { method: incoming.method ?? "", path: incoming.url ?? "" };
    requests.push(observed);
    const refusal =
      refuseCaller(incoming, tokens.read()) ??
      refuseRepository(observed.path, repositories.read()) ??
      (await refuseTag(observed, repositories.read(), upstream));
    if (refusal) {
      observed.status = refusal.status;
      // What the client still sends is taken, so that it reads the answer.
      incoming.resume();
      return refuse(outgoing, host, refusal);
    }
    delete incoming.headers.authorization;
    const passed = await forward(incoming, upstream);
    observed.status = passed.statusCode;
    outgoing.writeHead(passed.statusCode ?? 502, passed.headers);
    passed.pipe(outgoing);
  };
  const stop = await serveTls(run, folder, { address, port }, answer);
  return {
    host,
    url: `https://${host}`,
    ...tls,
    trusted: { [host]: { caFile: tls.caFile } },
    requests,
    forget: () => void requests.splice(0),
    createRepository: (settings) => repositories.add(settings),
    issueToken: (lifetimeSeconds = 12 * 3600) => {
      const token = `issued-${tokens.read().length}-${Date.now()}`;
      tokens.add({ token, expires: Date.now() / 1000 + lifetimeSeconds });
      return token;
    },
    tokens: () => tokens.read().map(({ token }) => token),
    expireTokens: () => tokens.write(tokens.read().map(({ token }) => ({ token, expires: 0 }))),
    stop,
  };
}

function refuseCaller({ headers }: IncomingMessage, tokens: readonly EcrToken[]): Refusal | undefined {
  const [, encoded = ""] = /^Basic (.+)$/.exec(headers.authorization ?? "") ?? [];
  const [, password] = /^AWS:(.+)$/s.exec(Buffer.from(encoded, "base64").toString()) ?? [];
  const found = tokens.find(({ token }) => token === password);
  if (!found) {
    return { status: 401, code: "UNAUTHORIZED", message: "Not Authorized" };
  }
  return found.expires > Date.now() / 1000
    ? undefined
    : { status: 403, code: "DENIED", message: "Your authorization token has expired. Reauthenticate and try again." };
}

function refuseRepository(path: string, repositories: readonly EcrRepositorySettings[]): Refusal | undefined {
  const [, name] = /^\/v2\/(.+)\/(?:manifests|blobs|tags|referrers)\//.exec(path) ?? [];
  return name === undefined || repositories.some((each) => each.name === name)
    ? undefined
    : {
        status: 404,
        code: "NAME_UNKNOWN",
        message: `The repository with name '${name}' does not exist in the registry with id '${accountId}'`,
      };
}

async function refuseTag(
  { method, path }: ObservedRequest,
  repositories: readonly EcrRepositorySettings[],
  upstream: Registry,
): Promise<Refusal | undefined> {
  const [, name, tag] = /^\/v2\/(.+)\/manifests\/([^:?]+)$/.exec(path) ?? [];
  const isFixed = repositories.find((each) => each.name === name)?.immutable ?? true;
  if (method !== "PUT" || tag === undefined || !isFixed || !(await hasManifest(upstream, path))) {
    return undefined;
  }
  const message = `The image tag '${tag}' already exists in the '${name}' repository and cannot be overwritten because the tag is immutable.`;
  return { status: 400, code: "TAG_INVALID", message };
}

function hasManifest(upstream: Registry, path: string): Promise<boolean> {
  const accept = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
  ].join(", ");
  return new Promise((resolve, reject) => {
    const options = { method: "HEAD", ca: readFileSync(upstream.caFile), headers: { accept }, agent: false as const };
    request(new URL(path, upstream.url), options, ({ statusCode }) => resolve(statusCode === 200))
      .once("error", reject)
      .end();
  });
}

function refuse(outgoing: ServerResponse, host: string, { status, code, message }: Refusal): void {
  outgoing
    .writeHead(status, {
      "content-type": "application/json; charset=utf-8",
      "docker-distribution-api-version": "registry/2.0",
      ...(status === 401 && { "www-authenticate": `Basic realm="https://${host}/",service="ecr.amazonaws.com"` }),
    })
    .end(JSON.stringify({ errors: [{ code, message }] }));
}

/** A list in a file that another process adds to: read anew each time. */
function jsonList<T>(file: string) {
  const read = (): T[] => (existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as T[]) : []);
  const write = (list: readonly T[]): void => writeFileSync(file, JSON.stringify(list, undefined, 2));
  return { read, write, add: (item: T): void => write([...read(), item]) };
}
