import { parsePlatform, type Platform } from "../support/platforms";
import { countedKeywords, type Instruction, type StageInstructions } from "./instructions";
import type { Mask } from "./masking";
import type { NodeRecord, RecordedStep } from "./readRecord";
import type { StepState } from "./report";
import { parseStepName } from "./stepName";

/** A step of a Dockerfile, found in what BuildKit recorded. */
export interface FoundStep {
  /** As BuildKit names it, with values of arguments. */
  recorded: RecordedStep;
  /** Of a stage that is built for another platform than the image, its own. */
  platform?: Platform;
  stage: string;
  /** What it does: `COPY src ./`. */
  command: string;
  isBase: boolean;
  /** Of a base image: what the Dockerfile calls it, without values of arguments, and the digest that it had. */
  base?: { name: string; digest: string };
  state: StepState;
  seconds: number;
  /** Its instruction, where the Dockerfile is known and agrees. */
  instruction?: Instruction;
}

const pulledPart = /^(?:extracting )?sha256:/;

/** The steps of a build's Dockerfile, in the order in which they began; those that did not run last. */
export function findSteps(
  record: NodeRecord,
  stages: readonly StageInstructions[] | undefined,
  mask: Mask,
): FoundStep[] {
  const pulling = new Set(record.parts.filter(({ id }) => pulledPart.test(id)).map(({ step }) => step));
  const found = record.steps.flatMap((recorded): FoundStep[] => {
    const parsed = parseStepName(recorded.name);
    if (!parsed) {
      return [];
    }
    const { platform, target, stage, number, total, command } = parsed;
    const isBase = command.startsWith("FROM ");
    return [
      {
        recorded,
        platform: platform === undefined ? undefined : parsePlatform(targetOf(platform, target)),
        stage,
        command,
        isBase,
        ...(isBase && baseOf(command, mask)),
        state: stateOf(recorded, isBase, pulling.has(recorded.digest)),
        seconds: ((recorded.completed ?? recorded.started ?? 0) - (recorded.started ?? 0)) / 1_000,
        instruction: instructionOf(stages, stage, number, total, command),
      },
    ];
  });
  const began = ({ recorded }: FoundStep) => recorded.started ?? Infinity;
  return found.sort((one, other) => (began(one) === began(other) ? 0 : began(one) - began(other)));
}

/** The platform that a step is for: of another one than its own, the system is named where it differs. */
function targetOf(platform: string, target: string | undefined): string {
  const [system] = platform.split("/");
  const isWhole = /^(linux|windows|darwin|freebsd|wasi)\//.test(target ?? "");
  return target === undefined ? platform : isWhole ? target : `${system}/${target}`;
}

function stateOf({ started, completed, cached, error }: RecordedStep, isBase: boolean, isPulled: boolean): StepState {
  if (started === undefined) {
    return "not run";
  }
  // What another's failure has cancelled has an error, too.
  if (error) {
    return /context canceled|CANCELED/i.test(error) ? "not run" : "failed";
  }
  if (completed === undefined) {
    return "not run";
  }
  return isBase ? (isPulled ? "pulled" : "cached") : cached ? "cached" : "run";
}

/** BuildKit counts a stage's steps from its base image on; a stage that begins with another one goes on without one. */
function instructionOf(
  stages: readonly StageInstructions[] | undefined,
  stage: string,
  number: number,
  total: number,
  command: string,
): Instruction | undefined {
  const instructions = stages?.findLast(({ name }) => name === stage)?.instructions;
  const counted = instructions?.filter(({ keyword }) => countedKeywords.includes(keyword)) ?? [];
  const from = instructions?.filter(({ keyword }) => keyword === "FROM") ?? [];
  const all = total === counted.length + 1 ? [...from, ...counted] : total === counted.length ? counted : [];
  const instruction = all[number - 1];
  return instruction && command.toUpperCase().startsWith(instruction.keyword) ? instruction : undefined;
}

/**
 * The steps that did not come from the cache although all before them did: what is built after them had to be, and only they
 * have reasons of their own.
 */
export function firstMisses(record: NodeRecord, steps: readonly FoundStep[]): FoundStep[] {
  const byDigest = new Map(record.steps.map((step) => [step.digest, step]));
  const found = new Map(steps.map((step) => [step.recorded.digest, step]));
  const isMissed = (step: FoundStep | undefined) =>
    step !== undefined && !step.isBase && (step.state === "run" || step.state === "failed");
  const hasMissedBefore = (step: FoundStep): boolean => {
    const seen = new Set<string>();
    const open = [...step.recorded.inputs];
    for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
      const before = found.get(digest);
      if (isMissed(before)) {
        return true;
      }
      // What was taken from the cache by its content says nothing of what made it.
      const isEnd = before !== undefined && before.state === "cached" && !before.isBase;
      if (!seen.has(digest) && !isEnd) {
        seen.add(digest);
        open.push(...(byDigest.get(digest)?.inputs ?? []));
      }
    }
    return false;
  };
  return steps.filter((step) => isMissed(step) && !hasMissedBefore(step));
}

/** The base images of a build, by the name that the Dockerfile's steps have for them, with the digests that they had. */
export function baseImagesOf(steps: readonly FoundStep[]): { name: string; digest: string; stage: string }[] {
  return steps.flatMap(({ base, stage }) => (base ? [{ ...base, stage }] : []));
}

function baseOf(command: string, mask: Mask): Pick<FoundStep, "base"> {
  const [, name, digest] = /^FROM (\S+?)@(sha256:[0-9a-f]{64})/.exec(command) ?? [];
  return name && digest ? { base: { name: mask(name), digest } } : {};
}
