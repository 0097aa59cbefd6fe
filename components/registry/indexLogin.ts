import { argumentError } from "../errors";
import { findCredential, type RegistryLogin } from "./credentials";
import { ask } from "./http";
import { registryUrl } from "./read";
import { parseReference } from "./reference";

const answerTimeoutMilliseconds = 5_000;

/** An image whose platforms several nodes push, and whose index the provider does. */
export interface PushedIndex {
  /** What errors begin with: `MultiPlatformImage api`. */
  owner: string;
  tags: readonly string[];
  logins: readonly RegistryLogin[];
  /** For what it is pushed as a whole, where the login would do without. */
  whole?: WholeReason;
}

/** An argument for which an image is pushed as a whole, and not each platform with its node's login. */
export type WholeReason = "cacheTo" | "exec";

const withoutReason: Record<WholeReason, string> = {
  cacheTo:
    "leave `cacheTo: [{ inline: {} }]` out, as nodes keep their caches by themselves: `registries` is enough then " +
    "(caches of other kinds are no obstacle where `cacheTo` is a plain list); or, ",
  exec: "leave `exec` out, and `registries` is enough then; or, ",
};

/** What the provider does with logins, and what is to be done about it. */
export function indexLoginAdvice(shortest: string): string {
  return (
    "@pulumi/docker-build 0.0.22 pushes the index of several nodes with Docker's own login, not with `registries` or `repository`, " +
    `which are the nodes' logins. Fix: ${shortest}where \`pulumi\` runs, log in with \`docker login\`, with a credential helper ` +
    "(`docker-credential-ecr-login` for ECR), or with DOCKER_AUTH_CONFIG in the environment"
  );
}

/**
 * Before nodes wake: refuses an index whose push would be refused after all nodes have built. Only where that is certain:
 * a login is given, Docker's own configuration has none for that registry, and the registry wants one.
 *
 * @see https://github.com/pulumi/pulumi-docker-build/blob/v0.0.22/provider/internal/host.go (`builderFor`: the builder, and
 * with it the login of its index, is loaded once, with Docker's configuration)
 */
export async function refuseWithoutIndexLogin({ owner, tags, logins, whole }: PushedIndex): Promise<void> {
  const parsed = tags.map((tag) => parseReference(tag));
  const registries = new Set(parsed.flatMap((each) => ("problem" in each ? [] : [each.registry])));
  for (const registry of registries) {
    const isGiven = (await findCredential(registry, logins)) && !(await findCredential(registry, []));
    if (isGiven && (await wantsLogin(registry))) {
      throw argumentError(
        owner,
        "tags",
        tags,
        `${registry} wants a login that Docker's configuration lacks. ${indexLoginAdvice(whole ? withoutReason[whole] : "")}`,
      );
    }
  }
}

/** @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#determining-support */
async function wantsLogin(registry: string): Promise<boolean> {
  try {
    const { status } = await ask(registryUrl(registry), { timeoutMilliseconds: answerTimeoutMilliseconds });
    return status === 401;
  } catch {
    // It may be reached by the nodes alone, or later.
    return false;
  }
}
