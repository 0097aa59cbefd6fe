import type * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";

import { allLogins, type ImageBuild } from "./hookPhases";
import type { DeclaredImage } from "./platformImages/declare";
import { type BuiltImage, type CheckedImage, checkImage } from "./registry/check";
import type { PlatformDigests } from "./registry/manifest";
import { isToBeBuilt, resolved } from "./resolved";
import { PlainResourceError } from "./resourceError";

/**
 * The outputs of an image, each checked through the index in the registry. Here and not in an after-hook: the engine
 * commits the step whatever that hook says, and the next `up` would be green with a bad digest.
 */
export function checkedDigests(
  component: pulumi.Resource,
  declared: DeclaredImage,
  args: dockerBuild.ImageArgs,
  build: ImageBuild,
  /** What the tag comes from, where it is ours: without it, a tag that is taken would be pushed again. */
  generation: pulumi.Resource | undefined,
) {
  const { image, platformImages } = declared;
  const checked = checkOf(component, declared, args, build);
  const sources = [...platformImages, generation ?? image];
  const sound = checked.apply((found) => soundOrError(component, sources, found));
  return {
    indexDigest: sound.apply(({ digest }) => digest),
    ref: sound.apply(({ ref }) => ref),
    platformDigests: () => sound.apply((found) => knownOrError(component, found)),
    /**
     * What is kept in the state. Never an error: Pulumi would call it one of serialization. Each is an output of its own:
     * of one that is not known yet, a preview would register the characters of a word as outputs.
     */
    registered: {
      indexDigest: checked.apply(({ problem, digest }) => (problem ? undefined : digest)),
      ref: checked.apply(({ problem, ref }) => (problem ? undefined : ref)),
      platformDigests: checked.apply(({ problem, platformDigests }) => (problem ? undefined : platformDigests)),
    },
  };
}

function checkOf(
  component: pulumi.Resource,
  { image, pushedDigests }: DeclaredImage,
  args: dockerBuild.ImageArgs,
  build: ImageBuild,
): pulumi.Output<CheckedImage> {
  const checked = pulumi
    .all([image.digest, image.ref, args.tags, args.push, args.exports, args.registries, pushedDigests])
    .apply(async ([digest, ref, tags, push, exports, logins, pushed]) => {
      const isPushed = push || (exports ?? []).some(isRegistryExport);
      if (isPushed && isToBeBuilt(digest)) {
        return pulumi.unknown as unknown as CheckedImage;
      }
      const { platforms, wasPushedNow } = build;
      const tell = (message: string) => void pulumi.log.info(message, component);
      const pushedImage: BuiltImage = {
        digest,
        ref,
        tag: tags?.[0],
        isPushed,
        wasPushedNow,
        platforms,
        pushedDigests: pushed,
        logins: await allLogins(build, logins),
        insecureRegistries: build.insecureRegistries ?? [],
      };
      const found = await checkImage(pushedImage, tell);
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
  /** What is replaced to have the image built again. */
  sources: readonly pulumi.Resource[],
  found: CheckedImage,
): Promise<CheckedImage> {
  if (found.problem) {
    const urns = await Promise.all(sources.map(({ urn }) => resolved(urn)));
    const replace = `\`pulumi up ${urns.map((urn) => `--replace '${urn}'`).join(" ")}\``;
    const fix = found.isUnread
      ? `It is pushed, and was only not read. Fix: run \`pulumi up\` again, which builds nothing. Is it still not there, build and push it again with ${replace}.`
      : `Fix: build and push it again with ${replace}.`;
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
