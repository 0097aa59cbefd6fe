import type { Image } from "@pulumi/docker-build/image";
import type * as pulumi from "@pulumi/pulumi";

import type { PlatformDigests } from "../registry/manifest";

/** An image as it is declared: docker-build's own resources, and what they are made of. */
export interface DeclaredImage {
  /** The one that has the tags. */
  image: Image;
  /** The digest of that one. */
  digest: pulumi.Output<string>;
  /** Those of its platforms, where each is an image of its own. */
  platformImages: readonly Image[];
  /** What the nodes have pushed, where each platform is an image of its own. */
  pushedDigests?: pulumi.Output<PlatformDigests>;
}
