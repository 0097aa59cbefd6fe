import { costOf } from "../../../components/insights/cost";
import type { BuildHistoryRecord } from "../../../components/insights/dockerbuild/readExport";
import type { BuildReport, PlatformReport, StepReport } from "../../../components/insights/report";

const commands = [
  "RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates git",
  "COPY package.json package-lock.json ./",
  "RUN npm ci",
  "COPY tsconfig.json ./",
  "COPY src ./src",
  "RUN npm run build",
  "RUN npm prune --omit=dev",
  "COPY --from=build /app/dist /app/dist",
];

/** A report of a build on two nodes, for what shows reports. */
export function reportOf({
  image = "api",
  reason = "context: changed package-lock.json",
  steps = 10,
} = {}): BuildReport {
  const platformOf = (platform: PlatformReport["platform"], name: string, factor: number): PlatformReport => {
    const made = Array.from({ length: steps }, (_, at): StepReport => {
      const isCached = at < steps / 3;
      const seconds = isCached ? 0 : factor * (0.4 + ((at * 7) % 11) ** 1.4);
      const stage = at < steps * 0.8 ? "build" : "stage-1";
      const command =
        at === 0 ? `FROM docker.io/library/node:22@sha256:${"a1".repeat(32)}` : commands[at % commands.length];
      return {
        name: `[${stage} ${at + 1}/${steps}] ${command}`,
        line: at + 2,
        state: isCached ? "cached" : "run",
        start: 0,
        seconds,
      };
    });
    made.reduce((start, step) => ((step.start = start), start + step.seconds), 0.4);
    const first = made.find(({ state }) => state === "run");
    if (first) {
      first.miss = { step: first.name, line: first.line, kind: "file", reason: "changed package-lock.json" };
    }
    const nodeSeconds = made.reduce((sum, step) => sum + step.seconds, 3);
    return {
      platform,
      node: {
        name,
        address: "EC2 instance i-0123456789abcdef0 in eu-west-1",
        machine: name === "arm64" ? "m8g.large" : "m7a.large",
      },
      seconds: nodeSeconds + 19,
      wakeSeconds: 19,
      nodeSeconds,
      pushSeconds: 2.1,
      contextBytes: 123_456,
      steps: made,
      stepCount: steps - 1,
      cachedCount: made.filter(({ state }) => state === "cached").length - 1,
      baseImages: [{ name: "docker.io/library/node:22", digest: `sha256:${"a1".repeat(32)}` }],
      warnings: [{ message: "JSONArgsRecommended: JSON arguments recommended for CMD", line: 21 }],
      missedFirst: first?.miss,
    };
  };
  const platforms = [platformOf("linux/arm64", "arm64", 1), platformOf("linux/amd64", "amd64", 1.3)];
  const longest = Math.max(...platforms.map(({ nodeSeconds }) => nodeSeconds));
  const used = platforms.map(({ node, seconds }) => ({ ...node, seconds }));
  return {
    version: 1,
    image,
    stack: "dev",
    startedAt: "2026-06-17T12:00:00.000Z",
    result: "built",
    reason,
    seconds: longest + 24,
    attempts: 1,
    phases: [
      { name: "checks and nodes", seconds: 20 },
      { name: "nodes build and push", seconds: longest },
      { name: "docker-build and index", seconds: 4 },
    ],
    platforms,
    cost: costOf(used),
  };
}

/** What a node keeps of a build that made nothing. */
export const emptyRecord: BuildHistoryRecord = {
  Ref: "ref",
  FrontendAttrs: {},
  logs: null,
  trace: null,
  externalError: null,
  Result: null,
  Results: {},
};
