import type { DaemonBuild, OpenStep } from "../buildkit/builds";

/** What is asked of the world, so that tests can answer. */
export interface World {
  /** @param context of which they are; without it, of any. */
  refs(builderName: string, nodeName: string, since: number, context?: string): string[];
  readBuild(socket: string, ref: string): Promise<DaemonBuild | undefined>;
  readOpenSteps(socket: string, ref: string): Promise<OpenStep[]>;
  /** How many files from elsewhere are being received. */
  countDownloads(socket: string): Promise<number>;
  /** By a context's location, as BuildKit names it. */
  isGitServerSilent(location: string): Promise<boolean>;
  /** By an URL. */
  isServerSilent(url: string): Promise<boolean>;
  endProvider(engineAddress?: string): Promise<boolean>;
}
