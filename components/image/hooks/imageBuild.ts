import type * as dockerBuild from "@pulumi/docker-build";

import type { ImageInsights } from "../../insights/imageInsights";
import type { WatchedBuild } from "../../insights/watched";
import type { ProvenanceMode } from "../../provenance/statement";
import type { Attempt } from "../../session/session";
import type { Platform } from "../../support/platforms";
import type { DockerProvider } from "./dockerProvider";

/** What the hooks of one image know of its build. */
export interface ImageBuild {
  readonly platforms: readonly Platform[];
  /** Registries without TLS, as the builder's nodes have them. */
  readonly insecureRegistries?: readonly string[];
  /** Arguments for the base-image check; undefined when it is off. */
  readonly checkedArgs?: dockerBuild.ImageArgs;
  /** What the docker-build provider that builds it is configured with. */
  readonly provider?: () => Promise<DockerProvider>;
  /** Provenance to attach to the pushed index; undefined for none. */
  readonly provenance?: ProvenanceMode;
  /** Set once this update has built and pushed. */
  wasPushedNow: boolean;
  attempt?: Attempt;
  /** What a report of it is made with; none where none is wanted. */
  readonly insights?: ImageInsights;
  watched?: WatchedBuild;
  /** Ends the line that says how long it has been building. */
  stopTelling?: () => void;
}
