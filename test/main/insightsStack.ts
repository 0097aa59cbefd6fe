import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import type { BuildReport } from "../../components/insights/report";
import { type NamespaceNode, startNamespaceNode } from "../hosts";
import { type Collector, startCollector } from "../unit/insights/collector";
import { getBaseImage, getMachines, type Machines } from "./fixture";
import { trusting } from "./image";
import { Stack, temporaryDirectory } from "./stack";

export const version = "canary-7f3a91";
export const secret = "canary-secret-52c8";
export const [traceId, parentSpanId] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];
export const [amd64, arm64] = ["linux/amd64", "linux/arm64"] as const;

// One that a foreign platform builds, too: it runs nothing.
export const dockerfile = (base: string, third = "COPY package.json /package.json") =>
  `FROM ${base}\nARG VERSION\n${third}\nCOPY src /src-$VERSION\nCOPY . /all\n`;

/** A stack with an image of which reports are written, on two nodes, and a base image of it that may move. */
export class InsightsStack {
  readonly values = { VERSION: version };

  private constructor(
    readonly machines: Machines,
    readonly second: NamespaceNode,
    readonly stack: Stack,
    readonly collector: Collector,
    readonly summary: string,
    readonly moving: string,
  ) {}

  static async create(): Promise<InsightsStack> {
    const machines = await getMachines();
    const { run, network, authority, registry } = machines;
    const settings = { name: "insights", platform: arm64, registries: registry.trusted };
    const second = await startNamespaceNode(run, network, authority, settings);
    const base = await getBaseImage();
    const moving = `${registry.host}/moving:1`;
    const summary = path.join(temporaryDirectory("summary"), "summary.md");
    const collector = await startCollector();
    const environment = {
      ...trusting(registry),
      GITHUB_STEP_SUMMARY: summary,
      // Lines that go by are in the log of events alone, a flag that Pulumi has for its own development.
      PULUMI_DEBUG_COMMANDS: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      TRACEPARENT: `00-${traceId}-${parentSpanId}-01`,
    };
    const stack = await Stack.create({ builder: undefined, images: {} }, { environment });
    stack.write("moving/Dockerfile", `FROM ${base}\nCOPY file /moved\n`);
    stack.write("moving/file", "1\n");
    stack.write("app/Dockerfile", dockerfile(moving));
    stack.write("app/package.json", "{}\n");
    stack.write("app/src/a.txt", "a\n");
    stack.write("app/zz.txt", "z\n");
    return new InsightsStack(machines, second, stack, collector, summary, moving);
  }

  async build(isGood = true): Promise<{ output: string; report: BuildReport }> {
    this.declare();
    const { code, output } = await this.stack.up();
    assert.equal(code === 0, isGood, output.slice(-6_000));
    const [report] = JSON.parse(this.read("out/report.json")) as BuildReport[];
    return { output, report };
  }

  /** Its program, with the argument's value of now. */
  declare(): void {
    const { machines, second } = this;
    const tags = (name: string) => [`${machines.registry.host}/${name}:1`];
    const nodes = [machines.amd64.remoteNode(), second.remoteNode()];
    const common = { platforms: [amd64, arm64] };
    const secrets = { token: secret };
    const app = { ...common, context: "./app", tags: tags("insights"), buildArgs: this.values, secrets };
    this.stack.declare({
      builder: { nodes },
      images: {
        moving: { ...common, context: "./moving", tags: tags("moving"), report: false },
        app: {
          ...app,
          report: { directory: "out", dockerbuild: true, openTelemetry: true },
          prices: { amd64: 3.6, arm64: 7.2 },
        },
      },
      outputs: ["indexDigest", "report", "cost"],
    });
  }

  /** Path of a file of the project. */
  file(name: string): string {
    return path.join(this.stack.directory, name);
  }

  read(name: string): string {
    return fs.readFileSync(this.file(name), "utf8");
  }
}

/** Why the first step of each platform was not cached. */
export const missesOf = ({ platforms }: BuildReport) =>
  Object.fromEntries(
    platforms.map(({ platform, missedFirst }) => [
      platform,
      missedFirst && [missedFirst.line, missedFirst.kind, missedFirst.reason],
    ]),
  );

export const both = (...miss: unknown[]) => ({ [amd64]: miss, [arm64]: miss });
