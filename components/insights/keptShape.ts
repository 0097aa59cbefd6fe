import { isRecord } from "../support/records";
import type { BuildCost, NodeCost } from "./cost";
import type { Instruction, StageInstructions } from "./instructions";
import type { KeptImage, Memory, RememberedInputs, RememberedPlatform } from "./lastBuild";
import type { BuildReport, Miss, Phase, PlatformReport, StepReport } from "./report";

type Check = (value: unknown) => boolean;
/** A check for each member: one that is new in a type is missing here, and does not compile. */
type Members<T> = { [Name in keyof T]-?: Check };

const text: Check = (value) => typeof value === "string";
const amount: Check = (value) => typeof value === "number" && Number.isFinite(value);
const flag: Check = (value) => typeof value === "boolean";

function oneOf<T>(...allowed: readonly T[]): Check {
  return (value) => allowed.includes(value as T);
}

function optional(check: Check): Check {
  return (value) => value === undefined || check(value);
}

function list(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

function record(check: Check): Check {
  return (value) => isRecord(value) && Object.values(value).every(check);
}

function shape<T>(members: Members<T>): Check {
  return (value) => isRecord(value) && Object.entries<Check>(members).every(([name, check]) => check(value[name]));
}

const miss = shape<Miss>({
  step: text,
  line: optional(amount),
  kind: oneOf<Miss["kind"]>(
    ...([
      "first build",
      "file",
      "argument",
      "base image",
      "Dockerfile",
      "no cache asked",
      "cache lost",
      "unknown",
    ] as const),
  ),
  reason: text,
});

const step = shape<StepReport>({
  name: text,
  line: optional(amount),
  state: oneOf<StepReport["state"]>("cached", "run", "pulled", "failed", "not run"),
  start: optional(amount),
  seconds: amount,
  miss: optional(miss),
});

const platform = shape<PlatformReport>({
  platform: text,
  node: shape<PlatformReport["node"]>({ name: text, address: text, machine: optional(text) }),
  seconds: amount,
  wakeSeconds: amount,
  nodeSeconds: amount,
  pushSeconds: amount,
  contextBytes: amount,
  steps: list(step),
  stepCount: amount,
  cachedCount: amount,
  baseImages: list(shape<PlatformReport["baseImages"][number]>({ name: text, digest: text })),
  warnings: list(shape<PlatformReport["warnings"][number]>({ message: text, line: optional(amount) })),
  missedFirst: optional(miss),
  error: optional(text),
});

const cost = shape<BuildCost>({
  nodeSeconds: amount,
  dollars: optional(amount),
  nodes: list(shape<NodeCost>({ node: text, machine: optional(text), seconds: amount, dollars: optional(amount) })),
  prices: text,
});

const report = shape<BuildReport>({
  version: oneOf<1>(1),
  image: text,
  stack: text,
  startedAt: text,
  result: oneOf<BuildReport["result"]>("built", "failed"),
  reason: text,
  seconds: amount,
  attempts: amount,
  phases: list(
    shape<Phase>({
      name: oneOf<Phase["name"]>("checks and nodes", "nodes build and push", "docker-build and index"),
      seconds: amount,
    }),
  ),
  platforms: list(platform),
  cost,
  error: optional(text),
  missing: optional(text),
});

const instruction = shape<Instruction>({
  keyword: text,
  line: amount,
  hash: text,
  variables: list(text),
  declares: list(text),
  sources: list(shape<Instruction["sources"][number]>({ from: optional(text), paths: list(text) })),
  hasExclusions: flag,
  isRemote: flag,
});

const inputs = shape<RememberedInputs>({
  stages: optional(list(shape<StageInstructions>({ name: text, base: text, instructions: list(instruction) }))),
  buildArgs: record(text),
  others: record(text),
  contexts: record(text),
});

const remembered = shape<RememberedPlatform>({
  cacheId: text,
  node: text,
  buildkit: text,
  steps: list(text),
  baseImages: record(text),
  inputs,
});

const memory = shape<Memory>({ version: oneOf<1>(1), salt: text, platforms: record(remembered) });

const image = shape<KeptImage>({ memory, report, previous: optional(report) });

/**
 * Whether what a file holds is what is kept of an image: of another version, or of a project that brings such files along, it
 * may be anything.
 */
export function isKeptImage(value: unknown): value is KeptImage {
  return image(value);
}
