import type * as dockerBuild from "@pulumi/docker-build";
import type { Image } from "@pulumi/docker-build/image";
import * as pulumi from "@pulumi/pulumi";

import { BuildError } from "./errors";
import type { ImageBuild } from "./hooks";
import type { RegistryLogin } from "./registry/credentials";
import type { PlatformDigests } from "./registry/manifest";
import { readIndex, RegistryUnreachableError } from "./registry/read";
import { parseReference } from "./registry/reference";

/** What is known of a built image after its check. */
interface Checked {
  digest: string;
  ref: string;
  platformDigests?: PlatformDigests;
  /** Why they are absent. */
  unknownBecause?: string;
}

interface PlainArgs {
  digest: string;
  ref: string;
  tags: string[];
  isPushed: boolean;
  logins: RegistryLogin[];
}

/**
 * The outputs of an image, each checked through the index in the registry. Here and not in an after-hook: the engine
 * commits the step whatever that hook says, and the next `up` would be green with a bad digest.
 */
export function checkedDigests(
  component: pulumi.Resource,
  image: Image,
  args: dockerBuild.ImageArgs,
  build: ImageBuild,
) {
  const plain = pulumi
    .all([image.digest, image.ref, args.tags, args.push, args.exports, args.registries])
    .apply(([digest, ref, tags = [], push, exports = [], logins = []]) =>
      check(component, build, { digest, ref, tags, isPushed: push || exports.some(isRegistryExport), logins }),
    );
  // A registry's password is a secret, digests are not.
  const checked = pulumi.unsecret(plain);
  return {
    indexDigest: checked.apply(({ digest }) => digest),
    ref: checked.apply(({ ref }) => ref),
    platformDigests: () => checked.apply((found) => knownOrError(component, found)),
    platformDigestsIfKnown: checked.apply(({ platformDigests }) => platformDigests ?? {}),
  };
}

async function check(component: pulumi.Resource, build: ImageBuild, args: PlainArgs): Promise<Checked> {
  const { digest, tags, isPushed, logins } = args;
  const [tag] = tags;
  if (!digest || !isPushed || !tag) {
    return { digest, ref: args.ref, ...withoutRegistry(digest, build) };
  }
  const reference = parseReference(tag);
  if ("problem" in reference) {
    throw new pulumi.ResourceError(`tag ${JSON.stringify(tag)}: ${reference.problem}`, component, true);
  }
  const checked = { digest, ref: `${tag}@${digest}` };
  try {
    return { ...checked, platformDigests: await readIndex(reference, digest, build.platforms, logins) };
  } catch (error) {
    if (!(error instanceof BuildError)) {
      throw error;
    }
    if (error instanceof RegistryUnreachableError && !build.wasPushedNow) {
      await pulumi.log.warn(`${error.message}. Its platforms are not checked this time.`, component);
      return { ...checked, unknownBecause: error.message };
    }
    throw new pulumi.ResourceError(`${error.message}. ${await howToRebuild(component)}`, component, true);
  }
}

async function howToRebuild(component: pulumi.Resource): Promise<string> {
  const urn = await new Promise<string>((resolve) => component.urn.apply(resolve));
  const imageUrn = urn.replace(/::([^:]+)::([^:]+)$/, (_, types: string, name: string) => {
    return `::${types}$docker-build:index:Image::${name}`;
  });
  return `Fix: build and push it again with \`pulumi up --replace '${imageUrn}'\`.`;
}

function withoutRegistry(digest: string, { platforms }: ImageBuild): Partial<Checked> {
  return digest && platforms.length === 1
    ? { platformDigests: { [platforms[0]]: digest } }
    : { unknownBecause: "the image was not pushed, so there is no index to read digests from" };
}

function knownOrError(component: pulumi.Resource, { platformDigests, unknownBecause }: Checked): PlatformDigests {
  if (!platformDigests) {
    throw new pulumi.ResourceError(`\`platformDigests\` are not known: ${unknownBecause}`, component, true);
  }
  return platformDigests;
}

function isRegistryExport({ registry, raw, image }: dockerBuild.types.output.Export): boolean {
  return registry !== undefined || image?.push === true || /type=registry|push=true/.test(raw ?? "");
}
