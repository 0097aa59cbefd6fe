import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

import { dockerDirectory } from "../support/paths";
import type { Credential, RegistryLogin } from "./logins";
import { registryHost } from "./reference";

interface DockerConfig {
  auths?: Record<string, { auth?: string; username?: string; password?: string; identitytoken?: string }>;
  credHelpers?: Record<string, string>;
  credsStore?: string;
}

const helperTimeoutMilliseconds = 20_000;
// Docker's client keeps Docker Hub under this name: https://github.com/docker/cli/blob/master/cli/registry/config.go
const dockerHubKey = "https://index.docker.io/v1/";
// Of a helper's identity token: https://github.com/docker/cli/blob/v28.0.0/cli/config/credentials/native_store.go
const tokenUsername = "<token>";

/**
 * The login for a registry: the image's own `registries` first, then Docker's, as its client finds it: in the environment,
 * by a helper, in its file.
 */
export async function findCredential(
  registry: string,
  logins: readonly RegistryLogin[],
): Promise<Credential | undefined> {
  const login = logins.find(({ address }) => registryHost(address) === registry);
  if (login?.username && login.password) {
    return { username: login.username, password: login.password };
  }
  const ofEnvironment = readStored(parse(process.env.DOCKER_AUTH_CONFIG ?? ""), registry);
  if (ofEnvironment) {
    return ofEnvironment;
  }
  const config = readDockerConfig();
  const ofHelper = await askHelperOf(config, registry);
  return ofHelper && ofHelper.username !== tokenUsername ? ofHelper : readStored(config, registry);
}

/**
 * Whether Docker's login for a registry is an identity token, as `az acr login` leaves one, and nothing else.
 * @see https://github.com/docker/cli/blob/v28.0.0/cli/config/types/authconfig.go
 */
export async function hasIdentityTokenAlone(registry: string, logins: readonly RegistryLogin[]): Promise<boolean> {
  if (await findCredential(registry, logins)) {
    return false;
  }
  const config = readDockerConfig();
  const isStored = Boolean(entryOf(config, registry)?.identitytoken);
  return isStored || (await askHelperOf(config, registry))?.username === tokenUsername;
}

function askHelperOf(config: DockerConfig, registry: string): Promise<Credential | undefined> {
  const key = registry === "docker.io" ? dockerHubKey : registry;
  const helper = config.credHelpers?.[key] ?? config.credHelpers?.[registry] ?? config.credsStore;
  return helper ? askHelper(helper, key) : Promise.resolve(undefined);
}

function readDockerConfig(): DockerConfig {
  try {
    return parse(fs.readFileSync(path.join(dockerDirectory(), "config.json"), "utf8"));
  } catch {
    return {};
  }
}

function parse(text: string): DockerConfig {
  try {
    return (JSON.parse(text) as DockerConfig | null) ?? {};
  } catch {
    return {};
  }
}

function entryOf(config: DockerConfig, registry: string) {
  return Object.entries(config.auths ?? {}).find(([address]) => registryHost(address) === registry)?.[1];
}

function readStored(config: DockerConfig, registry: string): Credential | undefined {
  const entry = entryOf(config, registry);
  const [username, ...password] = entry?.auth
    ? Buffer.from(entry.auth, "base64").toString("utf8").split(":")
    : [entry?.username ?? "", entry?.password ?? ""];
  return username && password.join(":") ? { username, password: password.join(":") } : undefined;
}

/** @see https://github.com/docker/docker-credential-helpers#development */
function askHelper(helper: string, key: string): Promise<Credential | undefined> {
  return new Promise((resolve) => {
    // Whatever it does with other signals: the wait must end.
    const options = { timeout: helperTimeoutMilliseconds, killSignal: "SIGKILL" } as const;
    const child = execFile(`docker-credential-${helper}`, ["get"], options, (error, stdout) => {
      if (error) {
        resolve(undefined);
        return;
      }
      try {
        const { Username, Secret } = JSON.parse(stdout) as { Username: string; Secret: string };
        resolve({ username: Username, password: Secret });
      } catch {
        resolve(undefined);
      }
    });
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(key);
  });
}
