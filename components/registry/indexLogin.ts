import { argumentError } from "../support/errors";
import { findCredential, hasIdentityTokenAlone } from "./credentials";
import type { RegistryLogin } from "./logins";
import { ask } from "./http";
import { registryUrl } from "./read";
import { parseReference } from "./reference";

const answerTimeoutMilliseconds = 5_000;

/** An image that is pushed. */
export interface Pushed {
  /** What errors begin with: `MultiPlatformImage api`. */
  owner: string;
  tags: readonly string[];
  /** Of its arguments. */
  logins: readonly RegistryLogin[];
  /** For what it is pushed as a whole, where the login would do without. */
  whole?: WholeReason;
  /** Of the docker-build provider. */
  providerLogins: readonly RegistryLogin[];
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
export async function refuseWithoutIndexLogin({ owner, tags, logins, providerLogins, whole }: Pushed): Promise<void> {
  for (const registry of registriesOf(tags)) {
    if ((await findCredential(registry, [])) || !(await findCredential(registry, [...logins, ...providerLogins]))) {
      continue;
    }
    if (await wantsLogin(registry)) {
      const isOfImage = Boolean(await findCredential(registry, logins));
      const advice = isOfImage ? indexLoginAdvice(whole ? withoutReason[whole] : "") : providerLoginAdvice;
      throw argumentError(
        owner,
        "tags",
        tags,
        `${registry} wants a login that Docker's configuration lacks. ${advice}`,
      );
    }
  }
}

const providerLoginAdvice =
  "@pulumi/docker-build 0.0.22 pushes the index of several nodes with Docker's own login, not with the one that its provider has " +
  "(`registries` of `new dockerBuild.Provider` or of the stack's configuration). Fix: give that login in `registries` of the image";

/**
 * Before nodes wake: refuses a push with an identity token, of which docker-build passes on nothing but the name that it belongs to.
 * @see https://github.com/pulumi/pulumi-docker-build/blob/v0.0.22/provider/internal/cli.go (`wrap`)
 */
export async function refuseIdentityToken({ owner, tags, logins, providerLogins }: Pushed): Promise<void> {
  for (const registry of registriesOf(tags)) {
    if ((await hasIdentityTokenAlone(registry, [...logins, ...providerLogins])) && (await wantsLogin(registry))) {
      const remedy =
        `${registry} wants a login, and Docker's configuration has an identity token for it, which @pulumi/docker-build 0.0.22 does ` +
        "not pass on. Fix: give a name and a password in `registries`; of Azure's registry, the name " +
        "00000000-0000-0000-0000-000000000000, and what `az acr login --expose-token` prints as the password";
      throw argumentError(owner, "tags", tags, remedy);
    }
  }
}

function registriesOf(tags: readonly string[]): Set<string> {
  const parsed = tags.map((tag) => parseReference(tag));
  return new Set(parsed.flatMap((each) => ("problem" in each ? [] : [each.registry])));
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
