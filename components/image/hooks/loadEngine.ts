import { describeFailure } from "../../transport/failures";
import { dockerHost } from "./dockerConfig";
import { argumentError } from "../../support/errors";
import { askEngine } from "../../transport/dockerEngine";

/**
 * Before a node wakes: refuses `load` where no Docker engine answers, which the build would end with as "read/write on closed pipe".
 * An engine behind TLS or ssh is not asked.
 *
 * @param host that the docker-build provider is given.
 * @see https://github.com/docker/buildx/blob/v0.35.0/util/dockerutil/client.go (`LoadImage`)
 */
export async function refuseWithoutEngine(
  owner: string,
  host?: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const endpoint = dockerHost(host, environment);
  const isTcpWithTls = endpoint?.startsWith("tcp:") && (environment.DOCKER_TLS_VERIFY || environment.DOCKER_CONTEXT);
  if (!endpoint || !/^(unix|tcp):\/\//.test(endpoint) || isTcpWithTls) {
    return;
  }
  try {
    await askEngine(endpoint);
  } catch (error) {
    const cause = (error as NodeJS.ErrnoException).code
      ? describeFailure(error as Error).cause
      : (error as Error).message;
    const remedy =
      `no Docker engine answers at ${endpoint} (${cause}); start one where \`pulumi\` runs, say in DOCKER_HOST where it is, ` +
      "or push the image instead";
    throw argumentError(owner, "load", true, remedy);
  }
}
