import type { Listing } from "../context/listing";
import { parsePlatform, type Platform } from "../support/platforms";
import type { RememberedInputs, RememberedPlatform } from "./lastBuild";
import type { Mask } from "./masking";
import type { NodeView } from "../session/nodeView";
import type { NodeRecord } from "./readRecord";
import { stepKey, whyMissed } from "./reasons";
import type { Miss, PlatformReport, StepReport } from "./report";
import { baseImagesOf, findSteps, firstMisses, type FoundStep } from "./steps";

/** What a platform's report is made of: plain values. */
export interface PlatformFacts {
  platform: Platform;
  /** Whether the node built several platforms in this build: then each step says of which it is. */
  isShared: boolean;
  node: NodeView;
  record: NodeRecord;
  cacheId: string;
  inputs: RememberedInputs;
  before: RememberedPlatform | undefined;
  noCache: boolean;
  listing: (location: string) => Listing | undefined;
  mask: Mask;
}

/** A platform's report, what the next build compares with, and what each step printed. */
export interface PlatformFindings {
  report: PlatformReport;
  memory: RememberedPlatform;
  /** By the steps' names in the report. */
  logs: Map<string, string>;
}

export function platformFindings(facts: PlatformFacts): PlatformFindings {
  const { platform, isShared, node, record, cacheId, inputs, before, noCache, listing, mask } = facts;
  const steps = findSteps(record, inputs.stages, mask).filter((step) => !isShared || isOf(step, platform));
  const first = new Set(firstMisses(record, steps));
  const comparison = {
    before,
    now: { cacheId, node: node.name, buildkit: node.buildkit, inputs, steps, noCache },
    listing,
  };
  const missOf = (step: FoundStep): Miss => {
    const { kind, reason } = whyMissed(step, comparison);
    return { step: mask(step.recorded.name), ...lineOf(step), kind, reason: mask(reason) };
  };
  const reports = steps.map((step): StepReport => {
    const { started } = step.recorded;
    return {
      name: mask(step.recorded.name),
      ...lineOf(step),
      state: step.state,
      ...(started !== undefined && { start: seconds(started - record.created) }),
      seconds: seconds(step.seconds * 1_000),
      ...(first.has(step) && { miss: missOf(step) }),
    };
  });
  const counted = steps.filter(({ isBase }) => !isBase);
  const bases = baseImagesOf(steps);
  const nodeMilliseconds = record.completed - record.created;
  const report: PlatformReport = {
    platform,
    node: { name: node.name, address: node.address, ...(node.machine && { machine: node.machine }) },
    seconds: seconds(node.wakeMilliseconds + nodeMilliseconds),
    wakeSeconds: seconds(node.wakeMilliseconds),
    nodeSeconds: seconds(nodeMilliseconds),
    pushSeconds: seconds(spanOf(record, /^pushing /)),
    contextBytes: record.parts
      .filter(({ id }) => id.startsWith("transferring "))
      .reduce((sum, { bytes }) => sum + bytes, 0),
    steps: reports,
    stepCount: counted.length,
    cachedCount: counted.filter(({ state }) => state === "cached").length,
    baseImages: [...new Map(bases.map(({ name, digest }) => [name, { name, digest }])).values()],
    warnings: record.warnings.map(({ message, line }) => ({ message: mask(message), ...(line && { line }) })),
    missedFirst: reports.find(({ miss }) => miss)?.miss,
    ...(record.error && { error: mask(record.error) }),
  };
  const memory: RememberedPlatform = {
    cacheId,
    node: node.name,
    buildkit: node.buildkit,
    steps: steps.flatMap(({ stage, instruction, state }) =>
      instruction && (state === "cached" || state === "run") ? [stepKey(stage, instruction)] : [],
    ),
    baseImages: Object.fromEntries(bases.map(({ stage, name, digest }) => [`${stage} ${name}`, digest])),
    inputs,
  };
  const logs = new Map(
    steps.flatMap(({ recorded }) => (recorded.log ? [[mask(recorded.name), mask(recorded.log)] as const] : [])),
  );
  return { report, memory, logs };
}

/** A step of a platform that the node builds among others, or one that it needs: a stage for the node's own platform. */
function isOf({ platform }: FoundStep, own: Platform): boolean {
  return platform === undefined || platform === own;
}

/** The platforms that a record is of. */
export function platformsIn({ attributes }: NodeRecord): Platform[] {
  return (attributes.platform ?? "").split(",").flatMap((each) => parsePlatform(each) ?? []);
}

function lineOf({ instruction }: FoundStep): { line?: number } {
  return instruction ? { line: instruction.line } : {};
}

function spanOf({ parts }: NodeRecord, name: RegExp): number {
  const found = parts.filter(({ id, completed }) => name.test(id) && completed !== undefined);
  const starts = found.flatMap(({ started }) => started ?? []);
  return found.length === 0 ? 0 : Math.max(...found.flatMap(({ completed }) => completed ?? [])) - Math.min(...starts);
}

function seconds(milliseconds: number): number {
  return Number((milliseconds / 1_000).toFixed(3));
}
