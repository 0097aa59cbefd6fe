import { type Listing } from "../context/listing";
import { changedBelow } from "./changedFiles";
import type { Instruction, StageInstructions } from "./instructions";
import type { RememberedInputs, RememberedPlatform } from "./lastBuild";
import type { Miss } from "./report";
import { baseImagesOf, type FoundStep } from "./steps";

/** What two builds of one platform are compared by. */
export interface Comparison {
  before: RememberedPlatform | undefined;
  now: {
    cacheId: string;
    node: string;
    buildkit: string;
    inputs: RememberedInputs;
    steps: readonly FoundStep[];
    noCache: boolean;
  };
  /** The files of a context, by its location; nothing where they are not known. */
  listing: (location: string) => Listing | undefined;
}

type Reason = Pick<Miss, "kind" | "reason">;

/** Instructions that are no steps of their own: those after them see what they set. */
const uncounted = ["ARG", "ENV", "USER", "SHELL"];

interface Link {
  instruction: Instruction;
  before?: Instruction;
  stage: string;
  /** Before the first FROM. */
  isGlobal: boolean;
}

/** How a step is known again in the next build. */
export function stepKey(stage: string, { hash }: Instruction): string {
  return `${stage} ${hash}`;
}

/**
 * Why a step was not in the cache: the first thing, on the way from the base image to it, that is not as it was in the build
 * before. "cache lost" is said only where all that the step depends on is known to be the same.
 */
export function whyMissed(step: FoundStep, comparison: Comparison): Reason {
  const { before, now } = comparison;
  if (now.noCache) {
    return { kind: "no cache asked", reason: "`noCache` is set" };
  }
  if (!before) {
    return { kind: "first build", reason: "no build of this platform before is known on this machine" };
  }
  const { stages } = now.inputs;
  if (!stages || !before.inputs.stages || !step.instruction) {
    return unknown(
      step.instruction || !stages ? "the Dockerfile's text is not known" : "the step is not found in the Dockerfile",
    );
  }
  const doubts = before.buildkit === now.buildkit ? [] : [`BuildKit ${before.buildkit} is ${now.buildkit} now`];
  if (!before.steps.includes(stepKey(step.stage, step.instruction))) {
    doubts.push("the build before did not need this step");
  }
  // What changes the steps after it, once one comes that sees it.
  let pending: { reason: Reason; names: readonly string[]; isGlobal: boolean }[] = [];
  for (const link of chainTo(step.instruction, step.stage, stages, before.inputs.stages)) {
    const { instruction } = link;
    const [own] = ownReasons(link, comparison, doubts);
    if (uncounted.includes(instruction.keyword)) {
      const { declares: names } = instruction;
      pending = [...(own ? [{ reason: own, names, isGlobal: link.isGlobal }] : []), ...pending];
      continue;
    }
    const seen = pending.filter(
      ({ names }) => instruction.keyword === "RUN" || names.some((each) => instruction.variables.includes(each)),
    );
    const reason = seen.at(-1)?.reason ?? own;
    if (reason) {
      return reason;
    }
    pending = instruction.keyword === "FROM" ? pending.filter(({ isGlobal }) => !isGlobal) : pending;
  }
  if (doubts.length > 0) {
    return unknown(doubts[0]);
  }
  return lost(before, now);
}

/**
 * The instructions that lead to a step: its stage's up to it, after those of the stages that they take from. Each stage once: ways
 * through them may be more than can be walked.
 */
function chainTo(
  last: Instruction,
  stageName: string,
  now: readonly StageInstructions[],
  before: readonly StageInstructions[],
  seen = new Set<string>(),
): Link[] {
  const stage = now.findLast(({ name }) => name === stageName);
  if (!stage || seen.has(stageName)) {
    return [];
  }
  const old = before.findLast(({ name }) => name === stageName)?.instructions ?? [];
  seen.add(stageName);
  const whole = (name: string): Link[] => {
    const end = now.findLast((each) => each.name === name)?.instructions.at(-1);
    return end ? chainTo(end, name, now, before, seen) : [];
  };
  const own = stage.instructions.slice(0, stage.instructions.indexOf(last) + 1);
  return own.flatMap((instruction, at) => {
    const from = instruction.keyword === "FROM" ? [stage.base] : instruction.sources.flatMap((each) => each.from ?? []);
    const stages = from.map((each) => (/^\d+$/.test(each) ? now[Number(each)]?.name : each.toLowerCase()));
    const others = stages.filter((each) => now.some(({ name }) => name === each));
    const isGlobal = own.slice(0, at + 1).every(({ keyword }) => keyword === "ARG");
    return [...others.flatMap(whole), { instruction, before: old[at], stage: stageName, isGlobal }];
  });
}

/** What of an instruction itself, or of what it takes, is not as it was. */
function ownReasons(link: Link, comparison: Comparison, doubts: string[]): Reason[] {
  const { instruction, before } = link;
  if (instruction.hash !== before?.hash) {
    const what = before ? "changed" : "is new";
    return [{ kind: "Dockerfile", reason: `line ${instruction.line} of the Dockerfile ${what}` }];
  }
  return [
    ...argumentReasons(instruction, comparison),
    ...(instruction.keyword === "FROM" ? baseReasons(link, comparison, doubts) : []),
    ...fileReasons(instruction, comparison, doubts),
  ];
}

/** Of an argument that ARG declares, or that FROM, COPY, ADD, ENV and WORKDIR mention; and of what steps that run see. */
function argumentReasons({ keyword, declares, variables }: Instruction, { before, now }: Comparison): Reason[] {
  const [old, current] = [before?.inputs.buildArgs ?? {}, now.inputs.buildArgs];
  const names = keyword === "ARG" ? declares : keyword === "RUN" ? [] : variables;
  const changed = names.filter((name) => ownValue(old, name) !== ownValue(current, name));
  const others =
    keyword === "RUN"
      ? Object.keys(now.inputs.others).filter((name) => before?.inputs.others[name] !== now.inputs.others[name])
      : [];
  return [
    ...changed.map((name) => `argument ${name} changed`),
    ...others.map((name) => `\`${name}\` of the image changed`),
  ].map((reason) => ({ kind: "argument", reason }));
}

function baseReasons({ stage }: Link, { before, now }: Comparison, doubts: string[]): Reason[] {
  const base = baseImagesOf(now.steps).find((each) => each.stage === stage);
  const isStage = now.inputs.stages?.some(
    ({ name }) => name === now.inputs.stages?.findLast((each) => each.name === stage)?.base,
  );
  if (!base) {
    const own = now.inputs.stages?.findLast(({ name }) => name === stage)?.base;
    if (!isStage && own !== "scratch") {
      doubts.push(`the digest of base image ${own ?? "of the stage"} is not known`);
    }
    return [];
  }
  const old = ownValue(before?.baseImages ?? {}, `${stage} ${base.name}`);
  if (old === undefined) {
    doubts.push(`the digest that base image ${base.name} had before is not known`);
    return [];
  }
  const short = (digest: string) => digest.slice(0, "sha256:".length + 12);
  return old === base.digest
    ? []
    : [
        {
          kind: "base image",
          reason: `base image ${base.name} moved from ${short(old)} to ${short(base.digest)}`,
        },
      ];
}

function fileReasons(
  { sources, isRemote, hasExclusions }: Instruction,
  comparison: Comparison,
  doubts: string[],
): Reason[] {
  const { before, now, listing } = comparison;
  if (isRemote) {
    doubts.push("it takes from an URL, which may have changed");
  }
  return sources.flatMap(({ from = "", paths }): Reason[] => {
    const isStage = now.inputs.stages?.some(({ name }, at) => name === from.toLowerCase() || `${at}` === from);
    if (isStage) {
      return [];
    }
    const [old, current] = [before?.inputs.contexts, now.inputs.contexts].map((each) => ownValue(each ?? {}, from));
    if (old === undefined || current === undefined) {
      doubts.push(`what image ${from} held before is not known`);
      return [];
    }
    if (old === current) {
      // The location of a copy stands for its files; of another folder it says nothing.
      if (!listing(current)) {
        doubts.push("the files of its context are not known one by one");
      }
      return [];
    }
    const files = [listing(old), listing(current)] as const;
    if (!files[0] || !files[1]) {
      doubts.push("the files that its context had before are not known");
      return [];
    }
    if (hasExclusions || paths.some((each) => each.includes("$"))) {
      doubts.push("which of the changed files it takes is not known");
      return [];
    }
    const reason = changedBelow(files[0], files[1], paths);
    return reason === undefined ? [] : [{ kind: "file", reason }];
  });
}

function lost(before: RememberedPlatform, { cacheId, node }: Comparison["now"]): Reason {
  return {
    kind: "cache lost",
    reason:
      before.cacheId === cacheId
        ? `nothing that it is made of changed: its result is no longer in the cache of node ${node}`
        : `nothing that it is made of changed: it was built on another node, or node ${node} has a new cache`,
  };
}

function unknown(why: string): Reason {
  return { kind: "unknown", reason: `unknown: ${why}` };
}

function ownValue(record: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
