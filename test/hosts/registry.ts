import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { rootCertificates } from "node:tls";

import { hash } from "bcryptjs";

import type { TrustedRegistries } from "./buildHost";
import type { Authority } from "./certificates";
import { waitUntil } from "./command";
import { startProcess } from "./hostProcess";
import { hostTool } from "./hostTools";
import type { TestRun } from "./testRun";

export interface RegistryOptions {
  /** Where it listens: the network's own address, so that all hosts reach it under one name. */
  address: string;
  /** Asks for this name and password. @default - anyone may push */
  credentials?: { username: string; password: string };
}

/** The real registry, over TLS by the tests' own CA. */
export interface Registry {
  /** `ADDRESS:PORT`, the first part of every repository in it. */
  readonly host: string;
  readonly url: string;
  readonly caFile: string;
  /** The system's certificates and the tests' CA: for SSL_CERT_FILE and NODE_EXTRA_CA_CERTS. */
  readonly bundleFile: string;
  /** Holds `ca.crt`: for skopeo's `--cert-dir`. */
  readonly certificateFolder: string;
  /** For a host's `registries`. */
  readonly trusted: TrustedRegistries;
  stop(): Promise<void>;
  log(lines?: number): string;
}

export async function startRegistry(run: TestRun, authority: Authority, options: RegistryOptions): Promise<Registry> {
  const port = await freePort(options.address);
  const host = `${options.address}:${port}`;
  const folder = join(run.folder, `registry-${port}`);
  const tls = await layOutTls(folder, authority, options.address);
  if (options.credentials) {
    const { username, password } = options.credentials;
    await writeFile(join(folder, "htpasswd"), `${username}:${await hash(password, 4)}\n`, { mode: 0o600 });
  }
  await writeFile(join(folder, "config.yml"), settings(folder, host, options.credentials !== undefined));
  const registry = startProcess(run, [await hostTool("registry"), "serve", join(folder, "config.yml")], {
    log: join(folder, "registry.log"),
    env: {},
  });
  await waitUntil(
    `registry ${host}`,
    async () => {
      if (registry.running) await knock(options.address, port);
    },
    { timeoutMilliseconds: 15_000 },
  );
  if (!registry.running) throw new Error(`registry ${host} ended at once: ${registry.log()}`);
  return {
    host,
    url: `https://${host}`,
    ...tls,
    trusted: { [host]: { caFile: tls.caFile } },
    stop: () => registry.stop(),
    log: (lines) => registry.log(lines),
  };
}

/** Certificate files of a server on `address`, and what its clients trust it by. */
export async function layOutTls(
  folder: string,
  authority: Authority,
  address: string,
): Promise<Pick<Registry, "caFile" | "bundleFile" | "certificateFolder">> {
  const certificateFolder = join(folder, "trust");
  await mkdir(certificateFolder, { recursive: true });
  const server = await authority.issueServer({ names: [address] });
  await writeFile(join(folder, "server.pem"), server.certificate);
  await writeFile(join(folder, "server-key.pem"), server.key, { mode: 0o600 });
  const caFile = join(certificateFolder, "ca.crt");
  const bundleFile = join(folder, "bundle.pem");
  await writeFile(caFile, authority.certificate);
  await writeFile(bundleFile, `${systemCertificates()}\n${authority.certificate}`);
  return { caFile, bundleFile, certificateFolder };
}

/** Another program may take it first; the registry then ends at once and says so. */
export async function freePort(address: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, address, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function systemCertificates(): string {
  const files = [process.env.SSL_CERT_FILE, process.env.NODE_EXTRA_CA_CERTS, "/etc/ssl/certs/ca-certificates.crt"];
  const file = files.find((name) => name !== undefined && existsSync(name));
  return file ? readFileSync(file, "utf8").trimEnd() : rootCertificates.join("\n");
}

/** @see https://distribution.github.io/distribution/about/configuration/ */
function settings(folder: string, host: string, authenticated: boolean): string {
  const authentication = `auth:
  htpasswd:
    realm: tests
    path: ${join(folder, "htpasswd")}
`;
  // Relative locations keep an upload on the way it came: through the proxy, when there is one.
  return `version: 0.1
log:
  level: info
storage:
  filesystem:
    rootdirectory: ${join(folder, "data")}
  delete:
    enabled: true
http:
  addr: ${host}
  secret: tests
  relativeurls: true
  tls:
    certificate: ${join(folder, "server.pem")}
    key: ${join(folder, "server-key.pem")}
${authenticated ? authentication : ""}`;
}

async function knock(address: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host: address, port }, () => {
      socket.destroy();
      resolve();
    }).once("error", reject);
  });
}
