import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { BuildError } from "../../support/errors";
import { dockerDirectory, findOnPath, readJsonIfThere } from "../../support/paths";

interface DockerConfig {
  credsStore?: unknown;
  currentContext?: unknown;
}

/**
 * Refuses a credential store in Docker's configuration whose program is not there: docker-build lists all logins for every
 * image, also in a preview, and each fails with "getting host: error listing credentials".
 * @see https://github.com/pulumi/pulumi-docker-build/blob/v0.0.22/provider/internal/host.go (`newHost`)
 */
export function checkCredentialStore(owner: string, environment: NodeJS.ProcessEnv = process.env): void {
  const { file, credsStore } = readConfig(environment);
  if (typeof credsStore !== "string" || credsStore === "") {
    return;
  }
  const program = `docker-credential-${credsStore}`;
  if (!findOnPath(program, environment)) {
    throw new BuildError(
      `${owner}: \`credsStore\` in ${file} is ${JSON.stringify(credsStore)}, and there is no program ${program} on PATH, ` +
        "which docker-build asks for every image. Fix: install it, or remove that line; or set DOCKER_CONFIG to a folder without it " +
        "(Docker Desktop writes such a line, and a container or WSL that shares the file has no Docker Desktop).",
    );
  }
}

/**
 * Refuses a Docker context that is not there: the provider ends at the first build, and all that Pulumi says is "error reading
 * from server: EOF".
 * @see https://github.com/docker/cli/blob/v28.0.0/cli/command/cli.go (`resolveContextName`)
 */
export function checkDockerContext(owner: string, environment: NodeJS.ProcessEnv = process.env): void {
  const { file, currentContext } = readConfig(environment);
  const name = environment.DOCKER_CONTEXT || currentContext;
  if (environment.DOCKER_HOST || typeof name !== "string" || name === "" || name === "default") {
    return;
  }
  if (!fs.existsSync(contextFolder(name, environment))) {
    const source = environment.DOCKER_CONTEXT ? "DOCKER_CONTEXT" : `\`currentContext\` in ${file}`;
    throw new BuildError(
      `${owner}: ${source} is ${JSON.stringify(name)}, and there is no such Docker context: docker-build ends without one. ` +
        "Fix: `docker context use default`, or set DOCKER_CONTEXT=default for `pulumi`; no Docker engine is needed.",
    );
  }
}

/**
 * Refuses a build for which the environment switches BuildKit off: docker-build asks Docker's client, which looks at this variable alone.
 * @see https://github.com/docker/cli/blob/v28.0.0/cli/command/cli.go (`BuildKitEnabled`)
 */
export function checkBuildKit(owner: string, environment: NodeJS.ProcessEnv = process.env): void {
  const value = environment.DOCKER_BUILDKIT;
  // As Go reads a truth: https://pkg.go.dev/strconv#ParseBool
  if (value && !/^(1|t|T|TRUE|true|True)$/.test(value)) {
    throw new BuildError(
      `${owner}: DOCKER_BUILDKIT in the environment is ${JSON.stringify(value)}, and docker-build builds with BuildKit alone. ` +
        "Fix: unset it where `pulumi` runs, or set it to 1.",
    );
  }
}

/**
 * Where Docker's client looks for an engine: in the environment, then by its context. Nothing where that is not known.
 * @param host that the docker-build provider is given, which goes before.
 */
export function dockerHost(host?: string, environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const given = host || environment.DOCKER_HOST;
  if (given) {
    return given;
  }
  const name = environment.DOCKER_CONTEXT || readConfig(environment).currentContext;
  if (typeof name !== "string" || name === "" || name === "default") {
    return "unix:///var/run/docker.sock";
  }
  const file = path.join(contextFolder(name, environment), "meta.json");
  const read = readJsonIfThere<{ Endpoints?: { docker?: { Host?: unknown } } } | null>(file);
  const found = read?.Endpoints?.docker?.Host;
  return typeof found === "string" ? found : undefined;
}

/** @see https://github.com/docker/cli/blob/v28.0.0/cli/context/store/metadatastore.go */
function contextFolder(name: string, environment: NodeJS.ProcessEnv): string {
  const hash = crypto.createHash("sha256").update(name).digest("hex");
  return path.join(dockerDirectory(environment), "contexts/meta", hash);
}

function readConfig(environment: NodeJS.ProcessEnv): DockerConfig & { file: string } {
  const file = path.join(dockerDirectory(environment), "config.json");
  const read = readJsonIfThere<DockerConfig | null>(file);
  return { ...(typeof read === "object" ? read : {}), file };
}
