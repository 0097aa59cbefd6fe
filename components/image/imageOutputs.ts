import { parseReference } from "../registry/reference";
import type { CheckedImage } from "../registry/checkImage";
import type { PlatformDigests } from "../registry/manifest";

/** What others are given of an image that was built. */
export interface ImageOutputs {
  indexDigest: string;
  ref: string;
  repoDigest: string;
  repositoryUrl: string;
  tag: string;
  platformDigests: PlatformDigests;
  platformRefs: Record<string, string>;
}

export type ImageOutput = keyof ImageOutputs;

/** An image after its check, with the name that it has in its registry. */
export interface NamedImage extends CheckedImage {
  /** The first tag, or what an export pushes it as. */
  name: string | undefined;
  isPushed: boolean;
}

/** The outputs that an image has: one that is not pushed, or has no tag, has fewer. */
export function outputsOf(image: NamedImage): Partial<ImageOutputs> {
  const { digest, ref, name, platformDigests } = image;
  const parsed = parseReference(name ?? "");
  const { repositoryUrl, tag } =
    "problem" in parsed ? {} : { repositoryUrl: `${parsed.registry}/${parsed.repository}`, tag: parsed.tag };
  const repository = image.isPushed ? repositoryUrl : undefined;
  const refs = Object.entries(platformDigests ?? {}).map(
    ([platform, of]) => [platform, `${repository}@${of}`] as const,
  );
  return {
    indexDigest: digest,
    // docker-build's own is empty in a preview.
    ref: ref || name,
    repoDigest: repository && digest ? `${repository}@${digest}` : undefined,
    repositoryUrl,
    tag,
    platformDigests,
    platformRefs: repository && platformDigests ? Object.fromEntries(refs) : undefined,
  };
}

/** Why an image lacks an output, and what to do. */
export function whyMissing(output: ImageOutput, { name, isPushed, unknownBecause }: NamedImage): string {
  if (unknownBecause && (output === "platformDigests" || output === "platformRefs")) {
    return `\`${output}\` are not known: ${unknownBecause}`;
  }
  const what = name === undefined ? "the image has no tag" : "the image was not pushed";
  const push = isPushed ? "" : ", and leave `push: false` out";
  return `\`${output}\` is not known: ${what}. Fix: give \`tags\`, or \`repository\`${push}`;
}
