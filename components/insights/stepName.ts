/** The parts of the name that BuildKit gives to a step of a Dockerfile. */
export interface StepName {
  /** On which the step runs, where it is named. */
  platform?: string;
  /** For which it is, where that is another one. */
  target?: string;
  /** Left out where there is one stage without a name. */
  stage: string;
  number: number;
  total: number;
  /** What it does: `COPY src ./`. */
  command: string;
}

// `[linux/arm64 build 2/9] COPY src ./`, where platform and stage may be left out. Numbers below 10 are padded where there are
// more, and a stage that is built on one platform for another names both: `[linux/amd64->arm64 build  2/12]`.
// https://github.com/moby/buildkit/blob/v0.33.1/frontend/dockerfile/dockerfile2llb/convert.go (`prefixCommand`)
const pattern = /^\[(?:(\w+\/[\w/]+)(?:->([\w/]+))? )?(?:([^\s\]]+) )? *(\d+)\/(\d+)\] (?:ONBUILD )?(.*)$/s;

/** Undefined of what is no step of a Dockerfile. */
export function parseStepName(name: string): StepName | undefined {
  const [, platform, target, stage = "stage-0", number, total, command] = pattern.exec(name) ?? [];
  return command === undefined
    ? undefined
    : { platform, target, stage, number: Number(number), total: Number(total), command };
}
