import { createHash } from "node:crypto";

/** An instruction of a Dockerfile, with what of it decides whether BuildKit has its result in the cache. */
export interface Instruction {
  keyword: string;
  line: number;
  /** A hash of its text: that may hold what somebody should not have written there. */
  hash: string;
  /** Variables that it mentions. */
  variables: string[];
  /** What it declares, where it is ARG or ENV. */
  declares: string[];
  /** What it takes from the context, or from what `from` names. */
  sources: { from?: string; paths: string[] }[];
  /** Whether some of those paths are left out again. */
  hasExclusions: boolean;
  /** Whether it takes from outside of what this machine knows: an URL. */
  isRemote: boolean;
}

/** A stage: `name` is the one that BuildKit's steps begin with. */
export interface StageInstructions {
  name: string;
  base: string;
  /** With ARG before the first FROM in front, which only FROM sees. */
  instructions: Instruction[];
}

/** The instructions that are steps of BuildKit's, which it counts: https://github.com/moby/buildkit/blob/v0.33.1/frontend/dockerfile/dockerfile2llb/convert.go */
export const countedKeywords: readonly string[] = ["RUN", "COPY", "ADD", "WORKDIR"];
/** What changes an image's configuration alone. */
const harmless = [
  "LABEL",
  "EXPOSE",
  "CMD",
  "ENTRYPOINT",
  "HEALTHCHECK",
  "STOPSIGNAL",
  "MAINTAINER",
  "ONBUILD",
  "VOLUME",
];
const ownFrontend = /(^|\/)docker\/dockerfile(-upstream)?([:@]|$)/;

/** The stages of a Dockerfile, or nothing of one that is in another frontend's language. */
export async function readInstructions(text: string): Promise<StageInstructions[] | undefined> {
  // Loaded here, because only an update that builds has use for it.
  const { DockerfileParser, From, Copy, Add, Run, Arg, Env } = await import("dockerfile-ast");
  const parsed = DockerfileParser.parse(text);
  const syntax = parsed.getDirectives().find((each) => each.getDirective()?.toLowerCase() === "syntax");
  if (syntax && !ownFrontend.test(syntax.getValue())) {
    return undefined;
  }
  const stages: StageInstructions[] = [];
  const global: Instruction[] = [];
  for (const each of parsed.getInstructions()) {
    const keyword = each.getKeyword();
    if (harmless.includes(keyword)) {
      continue;
    }
    const content = each.getTextContent();
    const flags = each instanceof Copy || each instanceof Add || each instanceof Run ? each.getFlags() : [];
    const isFile = each instanceof Copy || each instanceof Add;
    const plain = each.getArguments().map((word) => word.getValue());
    const listed = isFile ? each.getJSONStrings().map((word) => word.getJSONValue()) : [];
    const paths = (listed.length > 0 ? listed : plain).slice(0, -1);
    const instruction: Instruction = {
      keyword,
      line: each.getRange().start.line + 1,
      hash: createHash("sha256").update(content).digest("hex").slice(0, 16),
      variables: [...content.matchAll(/\$\{?([A-Za-z_]\w*)/g)].map(([, name]) => name),
      declares: each instanceof Arg || each instanceof Env ? each.getProperties().map((one) => one.getName()) : [],
      sources: isFile
        ? [{ from: flagOf(flags, "from"), paths }]
        : flags.filter((flag) => flag.getName() === "mount").flatMap((flag) => mountOf(flag.getValue() ?? "")),
      hasExclusions: flags.some((flag) => flag.getName() === "exclude"),
      isRemote: isFile && paths.some((each) => /^(https?|git|ssh):\/\/|^git@/.test(each)),
    };
    if (each instanceof From) {
      const at = stages.length;
      const base = each.getImage() ?? "";
      const before = stages.findLast(({ name }) => name === base.toLowerCase());
      stages.push({
        name: each.getBuildStage()?.toLowerCase() ?? `stage-${at}`,
        base: before ? before.name : base,
        instructions: [...global, instruction],
      });
    } else {
      (stages.at(-1)?.instructions ?? global).push(instruction);
    }
  }
  return stages;
}

function flagOf(flags: readonly { getName(): string; getValue(): string | null }[], name: string): string | undefined {
  return flags.find((flag) => flag.getName() === name)?.getValue() ?? undefined;
}

/** Of `RUN --mount` only a bind takes files: https://docs.docker.com/reference/dockerfile/#run---mount */
function mountOf(value: string): Instruction["sources"] {
  const options = new Map(value.split(",").map((each) => each.split("=", 2) as [string, string]));
  const isBind = (options.get("type") ?? "bind") === "bind";
  return isBind ? [{ from: options.get("from"), paths: [options.get("source") ?? options.get("src") ?? "."] }] : [];
}
