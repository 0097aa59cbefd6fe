import { parsePlatform, type Platform } from "../support/platforms";
import { UsageError } from "./usageError";

const defaultMinutes = 60;
/** A day: whoever needs nodes for longer declares them `persistent`. */
const mostMinutes = 24 * 60;

/** The value of `--minutes`. */
export function parseMinutes(text: string | undefined): number {
  const minutes = text === undefined ? defaultMinutes : Number(text);
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > mostMinutes) {
    throw new UsageError(`--minutes is ${JSON.stringify(text)}: a whole number from 1 to ${mostMinutes} is allowed`);
  }
  return minutes;
}

/** A value of which a pattern says what is allowed. */
export function parseMatching(
  option: string,
  text: string | undefined,
  pattern: RegExp,
  allowed: string,
): string | undefined {
  if (text !== undefined && !pattern.test(text)) {
    throw new UsageError(`--${option} is ${JSON.stringify(text)}: ${allowed} allowed`);
  }
  return text;
}

/** The values of `--platform`, each of which may be a list. */
export function parsePlatforms(texts: readonly string[] | undefined): Platform[] | undefined {
  const platforms = texts
    ?.flatMap((text) => text.split(","))
    .map((text) => {
      const platform = parsePlatform(text);
      if (!platform) {
        throw new UsageError(`--platform is ${JSON.stringify(text)}: linux/arm64 or linux/amd64, for instance`);
      }
      return platform;
    });
  return platforms && [...new Set(platforms)];
}
