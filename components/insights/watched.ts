import type { Platform } from "../support/platforms";
import type { ReportArgs } from "./reportArguments";
import type { Prices } from "./cost";
import type { RunReports } from "./runReports";

/** What an image's reports are made with. */
export interface InsightSettings {
  image: string;
  stack: string;
  urn: () => Promise<string>;
  prices: Prices;
  files: ReportArgs | undefined;
  run: RunReports;
  tell: (message: string) => void;
  /** Of its provider's logins. */
  passwords: () => Promise<string[]>;
}

/** The role of a docker-build image: the whole image, one platform, or the index of platform images. */
export type ImagePurpose = "image" | "platform" | "index";

/** What is built at the moment: all of the image, one platform of it, or what puts its platforms together. */
export interface WatchedBuild {
  purpose: ImagePurpose;
  platforms: readonly Platform[];
  /** By this machine's clock. */
  since: number;
  /** When its nodes were ready. */
  preparedAt?: number;
  attempts: number;
  reason: string;
}
