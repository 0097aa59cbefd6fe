import { formatPlatform, ociPlatform, type Platform } from "../support/platforms";
import { normalReference } from "../registry/reference";
import type { ReadDockerfile, Stage } from "./parse";
import { expand } from "./expand";
import { normalPlatform } from "./matching";

/** What decides which images a Dockerfile needs, besides its text. */
export interface BuildInputs {
  target?: string;
  buildArgs: Readonly<Record<string, string>>;
  /** Named contexts: name to location. */
  named: ReadonlyMap<string, string>;
}

/** An image of a registry that a build for one platform begins with, or takes files from. */
export interface NeededImage {
  /** As it is written, with its variables replaced. */
  ref: string;
  platform: string;
  /** Whether the platform is that of the image that is built, and not one of `FROM --platform`. */
  isTarget: boolean;
  line: number;
}

const imageScheme = "docker-image://";

/**
 * The images that a build for `platform` takes from registries: those of the stages that its target needs, as BuildKit
 * leaves the others alone.
 *
 * @param buildPlatform of the node that builds it, which `$BUILDPLATFORM` stands for; none where that is not known.
 * @see https://github.com/moby/buildkit/blob/v0.33.1/frontend/dockerfile/dockerfile2llb/convert.go
 */
export function neededImages(
  dockerfile: ReadDockerfile,
  platform: Platform,
  buildPlatform: Platform | undefined,
  inputs: BuildInputs,
): NeededImage[] {
  const values = globalValues(dockerfile, platform, buildPlatform, inputs);
  const contexts = new Map([...inputs.named].map(([name, at]) => [normalReference(name) ?? name, at]));
  const { stages } = dockerfile;
  const named = new Map(stages.flatMap((stage) => (stage.name === undefined ? [] : [[stage.name, stage] as const])));
  const isReplaced = ({ name }: Stage) => name !== undefined && contexts.has(normalReference(name) ?? name);
  const bases = basesOf(stages, (stage) => (isReplaced(stage) ? stage.name : expand(stage.base, values)));
  const needed: NeededImage[] = [];
  const seen = new Set<Stage>();

  const addImage = (ref: string, of: string | undefined, line: number) => {
    const isTarget = of === undefined;
    const own = isTarget ? platform : platformOf(of);
    const normal = normalReference(ref);
    const context = normal === undefined ? undefined : contexts.get(normal);
    const image = context === undefined ? ref : context.startsWith(imageScheme) && context.slice(imageScheme.length);
    if (own && image && image.toLowerCase() !== "scratch") {
      needed.push({ ref: image, platform: own, isTarget, line });
    }
  };
  const addBase = (stage: Stage): Stage | undefined => {
    const { base, earlier } = bases.get(stage) ?? {};
    const flag = stage.platform === undefined ? undefined : expand(stage.platform, values);
    const isFlagKnown = stage.platform === undefined || flag !== undefined;
    if (earlier && !isReplaced(stage)) {
      return earlier;
    }
    if (base && isFlagKnown) {
      addImage(base, flag, stage.line);
    }
    return undefined;
  };
  const addSource = ({ from, line }: Stage["sources"][number]) => {
    const source = /^\d+$/.test(from) ? stages[Number(from)] : named.get(from.toLowerCase());
    if (!source && !from.includes("$") && from !== "") {
      addImage(from, undefined, line);
    }
    return source;
  };
  // In the order in which a stage is read, with those that it needs before what follows. Not by calls in each other: a
  // Dockerfile may have more stages than calls fit.
  const last = inputs.target ? named.get(inputs.target.toLowerCase()) : stages.at(-1);
  const open: (() => Stage | undefined)[] = [() => last];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const stage = next();
    if (stage && !seen.has(stage)) {
      seen.add(stage);
      const sources = isReplaced(stage) ? [] : stage.sources.map((source) => () => addSource(source));
      open.push(...sources.reverse(), () => addBase(stage));
    }
  }
  return needed;
}

/** What each stage begins with, and the newest stage before it that has this name. */
function basesOf(
  stages: readonly Stage[],
  baseOf: (stage: Stage) => string | undefined,
): Map<Stage, { base?: string; earlier?: Stage }> {
  const before = new Map<string, Stage>();
  return new Map(
    stages.map((stage) => {
      const base = baseOf(stage);
      const earlier = base === undefined ? undefined : before.get(base.toLowerCase());
      if (stage.name !== undefined) {
        before.set(stage.name, stage);
      }
      return [stage, { base, earlier }];
    }),
  );
}

/** Text of `--platform` in its normal spelling; nothing where it is none. */
function platformOf(text: string): string | undefined {
  const [os, architecture, variant, ...more] = text.split("/");
  return os && architecture && more.length === 0 ? normalPlatform({ os, architecture, variant }) : undefined;
}

/** ARG before the first FROM, and those that BuildKit has by itself. */
function globalValues(
  { globalArguments }: ReadDockerfile,
  platform: Platform,
  buildPlatform: Platform | undefined,
  { buildArgs, target = "default" }: BuildInputs,
): Map<string, string | undefined> {
  const values = new Map<string, string | undefined>([
    ...platformValues("BUILD", buildPlatform),
    ...platformValues("TARGET", platform),
    ["TARGETSTAGE", target],
  ]);
  for (const name of values.keys()) {
    if (Object.hasOwn(buildArgs, name)) {
      values.set(name, buildArgs[name]);
    }
  }
  for (const { name, value } of globalArguments) {
    if (Object.hasOwn(buildArgs, name)) {
      values.set(name, buildArgs[name]);
    } else if (value !== undefined) {
      values.set(name, expand(value, values));
    }
  }
  return values;
}

/** @see https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope */
function platformValues(prefix: "BUILD" | "TARGET", platform: Platform | undefined): [string, string | undefined][] {
  const facts = platform && ociPlatform(platform);
  return [
    [`${prefix}PLATFORM`, facts && formatPlatform(facts)],
    [`${prefix}OS`, facts?.os],
    [`${prefix}ARCH`, facts?.architecture],
    [`${prefix}VARIANT`, facts && (facts.variant ?? "")],
  ];
}
