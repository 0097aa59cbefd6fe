import type * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";

import { allLogins } from "./hooks/dockerProvider";
import type { ImageBuild } from "./hooks/imageBuild";
import { imageName, isRegistryExport } from "../arguments/imageName";
import { type ImageOutput, type ImageOutputs, type NamedImage, outputsOf, whyMissing } from "./imageOutputs";
import { say } from "../pulumi/log";
import { isMocked, mockedDigest, orMocked } from "../pulumi/mocks";
import type { DeclaredImage } from "./declaredImage";
import { assumeImage, type BuiltImage, type CheckedImage, checkImage } from "../registry/checkImage";
import { isUnbuilt, resolved } from "../pulumi/resolved";
import { PlainResourceError } from "../pulumi/resourceError";
import { reportWhile } from "../support/progress";

/** What an image's outputs are made of. */
export interface DeclaredOutputs {
  component: pulumi.Resource;
  name: string;
  declared: DeclaredImage;
  args: dockerBuild.ImageArgs;
  build: ImageBuild;
  /** What the tag comes from, where it is ours: without it, a tag that is taken would be pushed again. */
  generation: pulumi.Resource | undefined;
}

/**
 * The outputs of an image, each checked through the index in the registry. Here and not in an after-hook: the engine
 * commits the step whatever that hook says, and the next update would be green with a bad digest.
 */
export function checkedOutputs(image: DeclaredOutputs) {
  const { component, name, declared, generation } = image;
  const checked = checkOf(image);
  const sources = [...declared.platformImages, generation ?? declared.image];
  const sound = checked.apply((found) => requireValid(component, sources, found));
  const registered = (output: ImageOutput) =>
    checked.apply((found) => (found.problem ? undefined : outputsOf(found)[output]));
  return {
    /** An output, which is an error where the image has none. */
    read<Name extends ImageOutput>(output: Name): pulumi.Output<ImageOutputs[Name]> {
      const value: pulumi.Output<unknown> = sound.apply((found) => {
        const known = outputsOf(found)[output];
        if (known === undefined) {
          throw new PlainResourceError(`MultiPlatformImage ${name}: ${whyMissing(output, found)}`, component);
        }
        return known;
      });
      return value as pulumi.Output<ImageOutputs[Name]>;
    },
    /**
     * What is kept in the state. Never an error: Pulumi would call it one of serialization. Each is an output of its own:
     * of one that is not known yet, a preview would register the characters of a word as outputs.
     */
    registered: {
      indexDigest: registered("indexDigest"),
      ref: registered("ref"),
      repoDigest: registered("repoDigest"),
      repositoryUrl: registered("repositoryUrl"),
      tag: registered("tag"),
      platformDigests: registered("platformDigests"),
      platformRefs: registered("platformRefs"),
    },
  };
}

function checkOf({ component, name, declared, args, build }: DeclaredOutputs): pulumi.Output<NamedImage> {
  const { image, digest, pushedDigests } = declared;
  const logins = isMocked() ? [] : args.registries;
  const checked = pulumi
    .all([digest, orMocked(image.ref, ""), args.tags, args.push, args.exports, logins, pushedDigests])
    .apply(async ([digest, ref, tags, push, exports, logins, pushed]) => {
      const isPushed = push || (exports ?? []).some(isRegistryExport);
      if (isPushed && isUnbuilt(digest)) {
        return pulumi.unknown as unknown as NamedImage;
      }
      const { platforms, wasPushedNow } = build;
      const pushedImage: BuiltImage = {
        digest,
        ref,
        tag: imageName(tags, exports),
        isPushed,
        wasPushedNow,
        platforms,
        pushedDigests: pushed,
        logins: await allLogins(build, logins),
        insecureRegistries: build.insecureRegistries ?? [],
      };
      return { ...(await checkedImage(component, name, pushedImage)), name: pushedImage.tag, isPushed };
    });
  // A registry's password is a secret, digests are not.
  return pulumi.unsecret(checked);
}

async function checkedImage(component: pulumi.Resource, name: string, image: BuiltImage): Promise<CheckedImage> {
  if (isMocked()) {
    return assumeImage(image, (platform) => mockedDigest(`${name} ${platform}`));
  }
  const checked = checkImage(image, (message) => void say("info", message, component));
  const found = await reportWhile(`reading what is pushed as ${image.tag}`, checked, (message, isPassing) => {
    void say("info", message, component, isPassing);
  });
  if (found.warning) {
    void say("warn", `${found.warning}. Its platforms are not checked this time.`, component);
  }
  return found;
}

async function requireValid(
  component: pulumi.Resource,
  /** What is replaced to have the image built again. */
  sources: readonly pulumi.Resource[],
  found: NamedImage,
): Promise<NamedImage> {
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
