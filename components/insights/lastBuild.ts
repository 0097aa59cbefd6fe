import type { Platform } from "../support/platforms";
import type { StageInstructions } from "./instructions";
import type { BuildReport } from "./report";

/** What is remembered of one platform's build, to say of the next one why a step was not cached. */
export interface RememberedPlatform {
  cacheId: string;
  node: string;
  /** Another version may compute its cache's keys in another way. */
  buildkit: string;
  /** The steps that were there afterwards, as `stage hash`. */
  steps: string[];
  /** `stage name` to digest. */
  baseImages: Record<string, string>;
  inputs: RememberedInputs;
}

/** What an image was built of. Values are salted hashes: of a plain one a short secret could be guessed. */
export interface RememberedInputs {
  stages?: StageInstructions[];
  buildArgs: Record<string, string>;
  /** Of `addHosts` and `network`, which steps that run see. */
  others: Record<string, string>;
  /** Name of a context (`""` is the main one) to its location, which stands for its files where it is a copy. */
  contexts: Record<string, string>;
}

/** What is kept on this machine of an image's last build. */
export interface Memory {
  version: 1;
  salt: string;
  platforms: Partial<Record<Platform, RememberedPlatform>>;
}

/** What this machine keeps of an image: for the next build to compare with, and for the command line. */
export interface KeptImage {
  memory: Memory;
  report: BuildReport;
  /** The one before. */
  previous?: BuildReport;
}
