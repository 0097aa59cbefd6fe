import type { Platform } from "../support/platforms";
import type { BuildCost } from "./cost";
import type { ExportedBuild } from "./dockerbuild/readExport";

/** Why a step was not taken from the cache. "unknown": nothing that this machine knows explains it. */
export type MissKind =
  "first build" | "file" | "argument" | "base image" | "Dockerfile" | "no cache asked" | "cache lost" | "unknown";

/** The first step of a chain that was not taken from the cache, and why. */
export interface Miss {
  /** The step as BuildKit names it, without values of arguments: `[build 4/9] COPY package-lock.json ./`. */
  step: string;
  /** Its line in the Dockerfile, where that is known. */
  line?: number;
  kind: MissKind;
  /** In words: `package-lock.json changed`. */
  reason: string;
}

/** "pulled": a base image, of which something was downloaded. */
export type StepState = "cached" | "run" | "pulled" | "failed" | "not run";

/** A step of a Dockerfile on one node. */
export interface StepReport {
  name: string;
  line?: number;
  state: StepState;
  /** Seconds since the node began with the build, by its own clock. */
  start?: number;
  seconds: number;
  /** Present where it is the first of its chain that was not cached. */
  miss?: Miss;
}

/** What a build for one platform did on its node. */
export interface PlatformReport {
  platform: Platform;
  node: { name: string; address: string; machine?: string };
  /** From the moment at which its node was asked for until its node had it ready. */
  seconds: number;
  /** Until the node answered: next to nothing for one that was awake. */
  wakeSeconds: number;
  /** What the node itself took, the push included. */
  nodeSeconds: number;
  pushSeconds: number;
  /** What was sent to the node of the context. */
  contextBytes: number;
  /** Steps of the Dockerfile without FROM: how many there are, and how many came from the cache. */
  steps: StepReport[];
  stepCount: number;
  cachedCount: number;
  baseImages: { name: string; digest: string }[];
  warnings: { message: string; line?: number }[];
  /** Absent where every step was cached. */
  missedFirst?: Miss;
  error?: string;
}

/** A stretch of the time that an image took. All of them together are that time. */
export interface Phase {
  name: "checks and nodes" | "nodes build and push" | "docker-build and index";
  seconds: number;
}

/** What one build of an image did, where the time went, and what it cost. It holds no value of an argument and no secret. */
export interface BuildReport {
  version: 1;
  image: string;
  stack: string;
  /** ISO 8601, by the clock of the machine of the update. */
  startedAt: string;
  result: "built" | "failed";
  /** Why it was built: the arguments and files that differ. */
  reason: string;
  seconds: number;
  /** How often it was begun, with repetitions after a lost node or a busy registry. */
  attempts: number;
  phases: Phase[];
  platforms: PlatformReport[];
  cost: BuildCost;
  error?: string;
  /** What could not be read. */
  missing?: string;
}

/** A build as files show it. */
export interface ReportedBuild {
  report: BuildReport;
  previous?: BuildReport;
  /** The nodes' whole records, without secrets: where a `.dockerbuild` file was asked for. */
  records?: readonly ExportedBuild[];
  /** What steps printed, by platform and name: in a page that was asked for alone. */
  logs: ReadonlyMap<Platform, ReadonlyMap<string, string>>;
}
