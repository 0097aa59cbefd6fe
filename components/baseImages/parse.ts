import type { Arg } from "dockerfile-ast";

/** What a Dockerfile says of its base images, with its variables as they are written. */
export interface ReadDockerfile {
  /** ARG before the first FROM: the only ones that FROM knows. */
  globalArguments: { name: string; value?: string }[];
  stages: Stage[];
}

export interface Stage {
  name?: string;
  base: string;
  /** Of `FROM --platform`. */
  platform?: string;
  line: number;
  /** Of `COPY --from` and `RUN --mount=from`: stages, their numbers, or images. */
  sources: { from: string; line: number }[];
}

// Frontends of other languages have files of any form: https://docs.docker.com/build/buildkit/frontend/
const ownFrontend = /(^|\/)docker\/dockerfile(-upstream)?([:@]|$)/;

/** Reads a Dockerfile, or nothing of one that is in another frontend's language. */
export async function readDockerfile(text: string): Promise<ReadDockerfile | undefined> {
  // Loaded here, because only an update that builds has use for it.
  const { Arg, Copy, DockerfileParser, From, Run } = await import("dockerfile-ast");
  const parsed = DockerfileParser.parse(text);
  const syntax = parsed.getDirectives().find((each) => each.getDirective()?.toLowerCase() === "syntax");
  if (syntax && !ownFrontend.test(syntax.getValue())) {
    return undefined;
  }
  const globalArguments: ReadDockerfile["globalArguments"] = [];
  const stages: Stage[] = [];
  for (const instruction of parsed.getInstructions()) {
    const line = instruction.getRange().start.line + 1;
    const stage = stages.at(-1);
    if (instruction instanceof From) {
      const platform = instruction.getFlags().find((flag) => flag.getName() === "platform");
      stages.push({
        name: instruction.getBuildStage()?.toLowerCase(),
        base: instruction.getImage() ?? "",
        platform: platform?.getValue() ?? undefined,
        line,
        sources: [],
      });
    } else if (instruction instanceof Arg && !stage) {
      globalArguments.push(...argumentsOf(instruction));
    } else if (stage && (instruction instanceof Copy || instruction instanceof Run)) {
      stage.sources.push(...sourcesOf(instruction.getFlags()).map((from) => ({ from, line })));
    }
  }
  return { globalArguments, stages };
}

function argumentsOf(instruction: Arg): ReadDockerfile["globalArguments"] {
  const words = instruction.getArguments().map((word) => word.getValue());
  // The library takes `ARG A B=c` for ENV's old form, in which the rest is the value.
  return words.length > 1 && !words[0].includes("=")
    ? words.map((word) => /^([^=]*)(?:=(.*))?$/s.exec(word) ?? []).map(([, name, value]) => ({ name, value }))
    : instruction.getProperties().map((property) => ({
        name: property.getName(),
        value: property.getUnescapedValue() ?? undefined,
      }));
}

function sourcesOf(flags: readonly { getName(): string; getValue(): string | null }[]): string[] {
  return flags.flatMap((flag) => {
    const value = flag.getValue() ?? "";
    if (flag.getName() === "from") {
      return [value];
    }
    const from = flag.getName() === "mount" && /(?:^|,)from=([^,]*)/.exec(value)?.[1];
    return from ? [from] : [];
  });
}
