import type * as dockerBuild from "@pulumi/docker-build";
import type { Image } from "@pulumi/docker-build/image";
import * as pulumi from "@pulumi/pulumi";

import type { ImageBuild } from "./hooks";
import { type CheckedImage, checkImage } from "./registry/check";
import type { PlatformDigests } from "./registry/manifest";
import { resolved } from "./resolved";
import { PlainResourceError } from "./resourceError";

/**
 * The outputs of an image, each checked through the index in the registry. Here and not in an after-hook: the engine
 * commits the step whatever that hook says, and the next `up` would be green with a bad digest.
 */
export function checkedDigests(
  component: pulumi.Resource,
  image: Image,
  args: dockerBuild.ImageArgs,
  build: ImageBuild,
  /** What is replaced to have the image built again. */
  source: pulumi.Resource,
) {
  const checked = checkOf(component, image, args, build);
  const sound = checked.apply((found) => soundOrError(component, source, found));
  return {
    indexDigest: sound.apply(({ digest }) => digest),
    ref: sound.apply(({ ref }) => ref),
    platformDigests: () => sound.apply((found) => knownOrError(component, found)),
    /** What is kept in the state. Never an error: one here would be told as one of serialization. */
    registered: checked.apply(({ problem, digest, ref, platformDigests }) =>
      problem ? {} : { indexDigest: digest, ref, platformDigests },
    ),
  };
}

function checkOf(
  component: pulumi.Resource,
  image: Image,
  args: dockerBuild.ImageArgs,
  build: ImageBuild,
): pulumi.Output<CheckedImage> {
  const checked = pulumi
    .all([image.digest, image.ref, args.tags, args.push, args.exports, args.registries])
    .apply(async ([digest, ref, tags, push, exports, logins]) => {
      const isPushed = push || (exports ?? []).some(isRegistryExport);
      if (!digest && isPushed && pulumi.runtime.isDryRun()) {
        // A preview of an image that will be built says "" where it means "not known yet".
        return pulumi.unknown as unknown as CheckedImage;
      }
      const { platforms, wasPushedNow } = build;
      const found = await checkImage({
        digest,
        ref,
        tag: tags?.[0],
        isPushed,
        wasPushedNow,
        platforms,
        logins: logins ?? [],
        insecureRegistries: build.insecureRegistries ?? [],
      });
      if (found.warning) {
        void pulumi.log.warn(`${found.warning}. Its platforms are not checked this time.`, component);
      }
      return found;
    });
  // A registry's password is a secret, digests are not.
  return pulumi.unsecret(checked);
}

async function soundOrError(
  component: pulumi.Resource,
  source: pulumi.Resource,
  found: CheckedImage,
): Promise<CheckedImage> {
  if (found.problem) {
    const urn = await resolved(source.urn);
    const fix = `Fix: build and push it again with \`pulumi up --replace '${urn}'\`.`;
    throw new PlainResourceError(`${found.problem}. ${fix}`, component);
  }
  return found;
}

function knownOrError(component: pulumi.Resource, { platformDigests, unknownBecause }: CheckedImage): PlatformDigests {
  if (!platformDigests) {
    throw new PlainResourceError(`\`platformDigests\` are not known: ${unknownBecause}`, component);
  }
  return platformDigests;
}

function isRegistryExport({ registry, raw, image }: dockerBuild.types.output.Export): boolean {
  return registry !== undefined || image?.push === true || /type=registry|push=true/.test(raw ?? "");
}
