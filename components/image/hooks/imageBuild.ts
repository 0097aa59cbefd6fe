import type * as dockerBuild from "@pulumi/docker-build";

import type { ProvenanceMode } from "../../provenance/statement";
import type { RegistryLogin } from "../../registry/credentials";
import type { Attempt } from "../../session/session";
import type { Platform } from "../../support/platforms";
import type { DockerProvider } from "./dockerProvider";

/** What the hooks of one image know of its build. */
export interface ImageBuild {
  readonly platforms: readonly Platform[];
  /** Registries without TLS, as the builder's nodes have them. */
  readonly insecureRegistries?: readonly string[];
  /** What its base images are found by; none where they are not checked. */
  readonly checkedArgs?: dockerBuild.ImageArgs;
  /** What the docker-build provider that builds it is configured with. */
  readonly provider?: () => Promise<DockerProvider>;
  /** How much provenance is attached to what is pushed; none where none is. */
  readonly provenance?: ProvenanceMode;
  /** Set once this `up` has built and pushed. */
  wasPushedNow: boolean;
  attempt?: Attempt;
}

/** The logins of an image's arguments, before those of its provider. */
export async function allLogins(
  { provider }: Pick<ImageBuild, "provider">,
  own: readonly RegistryLogin[] = [],
): Promise<RegistryLogin[]> {
  return [...own, ...((await provider?.())?.logins ?? [])];
}
