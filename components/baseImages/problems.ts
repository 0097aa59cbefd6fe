import type { Answer } from "./ask";
import { acceptedPlatforms } from "./matching";

/** A base image, and what is wanted of it. */
export interface UsedImage {
  ref: string;
  /** File and line of its first use. */
  line: string;
  /** Platforms; true for those of the image that is built, false for those of `FROM --platform`. */
  wanted: Map<string, boolean>;
}

const switchedOff = "`checkBaseImages: false` leaves this check out";

/**
 * What BuildKit would fail with, or nothing. It takes an older variant where the platform itself is missing, and a single
 * manifest for whatever platform, with a warning of its own (InvalidBaseImagePlatform).
 */
export function problemOf({ ref, line, wanted }: UsedImage, answer: Answer): string | undefined {
  if (answer.kind !== "index") {
    return undefined;
  }
  const missing = [...wanted.keys()].filter((platform) => {
    const accepted = acceptedPlatforms(platform);
    return accepted && !accepted.some((each) => answer.platforms.includes(each));
  });
  if (missing.length === 0) {
    return undefined;
  }
  const names = missing.join(", ");
  const isTarget = missing.some((platform) => wanted.get(platform));
  const other = isTarget ? `leave ${names} out of \`platforms\`` : "another `FROM --platform`";
  return (
    `base image ${ref} (${line}) has no ${names}; it has ${answer.platforms.join(", ") || "none"}. ` +
    `Fix: a base image or tag that has ${names}, or ${other}; ${switchedOff}.`
  );
}

/** What is said of images whose registry did not answer, or did not want to. */
export function warningOf(images: readonly UsedImage[], reason: string): string {
  const names = images.map(({ ref, wanted }) => `${ref} for ${[...wanted.keys()].join(", ")}`).join("; ");
  return `the build goes on without a check of base image ${names}: ${reason}. ${switchedOff}.`;
}
