import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import type { BuildReport } from "../../components/insights/report";
import { type NamespaceNode, skipWithout, startNamespaceNode } from "../hosts";
import { getBaseImage, getMachines, type Machines } from "./fixture";
import { trusting } from "./image";
import { type Collector, startCollector } from "../unit/insights/collector";
import { compiled } from "./compiled";
import { assertSameExport, DockerbuildFile } from "./dockerbuildFile";
import { readAll, Stack, temporaryDirectory, waitFor } from "./stack";

const version = "canary-7f3a91";
const secret = "canary-secret-52c8";
const [traceId, parentSpanId] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];
const [amd64, arm64] = ["linux/amd64", "linux/arm64"] as const;

// One that a foreign platform builds, too: it runs nothing.
const dockerfile = (base: string, third = "COPY package.json /package.json") =>
  `FROM ${base}\nARG VERSION\n${third}\nCOPY src /src-$VERSION\nCOPY . /all\n`;

/** Why the first step of each platform was not cached, as the kept report tells, on nodes that really build. */
describe("insights", function () {
  this.timeout(300_000);
  let machines: Machines;
  let second: NamespaceNode;
  let stack: Stack;
  let summary: string;
  let moving: string;
  let collector: Collector;
  const values = { VERSION: version };

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots"]);
    machines = await getMachines();
    const { run, network, authority, registry } = machines;
    const settings = { name: "insights", platform: arm64, registries: registry.trusted };
    second = await startNamespaceNode(run, network, authority, settings);
    const base = await getBaseImage();
    moving = `${registry.host}/moving:1`;
    summary = path.join(temporaryDirectory("summary"), "summary.md");
    collector = await startCollector();
    const environment = {
      ...trusting(registry),
      GITHUB_STEP_SUMMARY: summary,
      // Lines that go by are in the log of events alone, a flag that Pulumi has for its own development.
      PULUMI_DEBUG_COMMANDS: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      TRACEPARENT: `00-${traceId}-${parentSpanId}-01`,
    };
    stack = await Stack.create(spec(), { environment });
    stack.write("moving/Dockerfile", `FROM ${base}\nCOPY file /moved\n`);
    stack.write("moving/file", "1\n");
    stack.write("app/Dockerfile", dockerfile(moving));
    stack.write("app/package.json", "{}\n");
    stack.write("app/src/a.txt", "a\n");
    stack.write("app/zz.txt", "z\n");
  });

  after(() => collector?.close());

  function spec() {
    const tags = (name: string) => [`${machines.registry.host}/${name}:1`];
    const nodes = [machines.amd64.remoteNode(), second.remoteNode()];
    const common = { platforms: [amd64, arm64] };
    const app = { ...common, context: "./app", tags: tags("insights"), buildArgs: values, secrets: { token: secret } };
    return {
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
    };
  }

  async function build(isGood = true): Promise<{ output: string; report: BuildReport }> {
    stack.declare(spec());
    const { code, output } = await stack.up();
    assert.equal(code === 0, isGood, output.slice(-6_000));
    const [report] = JSON.parse(
      fs.readFileSync(path.join(stack.directory, "out/report.json"), "utf8"),
    ) as BuildReport[];
    return { output, report };
  }

  const missesOf = ({ platforms }: BuildReport) =>
    Object.fromEntries(
      platforms.map(({ platform, missedFirst }) => [
        platform,
        missedFirst && [missedFirst.line, missedFirst.kind, missedFirst.reason],
      ]),
    );
  const both = (...miss: unknown[]) => ({ [amd64]: miss, [arm64]: miss });

  it("a first build says that no earlier one is known, and what it took", async () => {
    const { output, report } = await build();
    assert.deepEqual(
      missesOf(report),
      both(3, "first build", "no build of this platform before is known on this machine"),
    );
    assert.match(
      output,
      /image app: built in .*; linux\/amd64 .* \(0 of 3 steps cached, wake .*, push .*\); linux\/arm64 /,
    );
    assert.match(output, /first step not cached: \[2\/4\] COPY package\.json \/package\.json \(line 3\): no build/);
    assert.match(output, /cost: .* of nodes, about \$/);
    assert.doesNotMatch(output, /image moving: built in/);
  });

  it("its parts are the time between the hooks, and its dollars are those of its seconds", async () => {
    const { report } = await build();
    const sum = report.phases.reduce((all, { seconds }) => all + seconds, 0);
    assert.ok(Math.abs(sum - report.seconds) < 0.05 * report.seconds, JSON.stringify(report.phases));
    const [one, other] = report.cost.nodes.map(({ dollars, seconds }) => (dollars ?? 0) / seconds);
    assert.ok(Math.abs(one - 0.001) < 1e-4 && Math.abs(other - 0.002) < 1e-4, JSON.stringify(report.cost));
  });

  it("the records of both nodes are one .dockerbuild file, each as buildx exports it, without values of arguments", async () => {
    const file = await DockerbuildFile.open(path.join(stack.directory, "out/app.dockerbuild"));
    assert.equal(file.manifests().size, 2);
    await assertSameExport(file, machines.amd64, [version]);
    await assertSameExport(file, second, [version]);
  });

  it("a collector gets one trace of both nodes, below TRACEPARENT, and the file has the same", () => {
    const [{ trace }] = collector.received;
    const [{ spans }] = trace.resourceSpans[0].scopeSpans;
    assert.deepEqual([...new Set(spans.map((span) => span.traceId))], [traceId]);
    const [root, ...others] = spans;
    assert.equal(root.parentSpanId, parentSpanId);
    const nodes = others.filter((span) => span.parentSpanId === root.spanId);
    assert.deepEqual(nodes.map(({ name }) => name).sort(), [`${amd64} on amd64`, `${arm64} on arm64`]);
    for (const node of nodes) {
      const steps = others.filter((span) => span.parentSpanId === node.spanId).map(({ name }) => name);
      assert.match(steps.join("\n"), /^\[\S+ 3\/4\] COPY src \/src-\$\{VERSION\}$/m);
    }
    assert.deepEqual(JSON.parse(fs.readFileSync(path.join(stack.directory, "out/trace.otlp.json"), "utf8")), trace);
  });

  it("an update without a change reads nothing, and leaves the outputs as they are", async () => {
    const before = await stack.outputs<{ app: { report: BuildReport; cost: unknown } }>();
    assert.equal(before.app.report.image, "app");
    assert.deepEqual(before.app.cost, before.app.report.cost);
    const files = fs.statSync(path.join(stack.directory, "out/report.json")).mtimeMs;
    // As a checkout of what was there before leaves it.
    stack.write("app/src/a.txt", "b\n");
    stack.write("app/src/a.txt", "a\n");
    const { output } = await build();
    assert.doesNotMatch(output, /image app: built|\d (updated|replaced)/);
    assert.equal(fs.statSync(path.join(stack.directory, "out/report.json")).mtimeMs, files);
    assert.equal(collector.received.length, 1);
    assert.deepEqual(await stack.outputs(), before);
  });

  it("a changed file", async () => {
    stack.write("app/src/a.txt", "b\n");
    const { output, report } = await build();
    assert.deepEqual(missesOf(report), both(4, "file", "changed src/a.txt"));
    assert.match(
      output,
      /first step not cached: \[3\/4\] COPY src \/src-\$\{VERSION\} \(line 4\): changed src\/a\.txt/,
    );
    assert.deepEqual(
      report.platforms.map(({ cachedCount, stepCount }) => [cachedCount, stepCount]),
      [
        [1, 3],
        [1, 3],
      ],
    );
    const { app } = await stack.outputs<{ app: { report: BuildReport } }>();
    assert.deepEqual(app.report, report);
    const page = fs.readFileSync(path.join(stack.directory, "out/report.html"), "utf8");
    assert.match(
      page,
      /changed src\/a\.txt<span class="step">\[3\/4\] COPY src \/src-\$\{VERSION\} · Dockerfile, line 4</,
    );
  });

  it("the command line shows that build again, against the one before, as lines, a page and JSON", async () => {
    const main = await compiled(path.resolve(__dirname, "../../components/cli/main"));
    const call = async (...words: string[]) => {
      const { code, output } = await stack.startOther(process.execPath, main, "report", "app", ...words).done;
      assert.equal(code, 0, output);
      return output;
    };
    const text = await call("--compare", "--html", "again.html");
    assert.match(text, /image app: built in .*\nfirst step not cached: \[3\/4\] COPY src/);
    assert.match(text, /\nbefore, 20\S+: .*; now .*\n/);
    assert.match(fs.readFileSync(path.join(stack.directory, "again.html"), "utf8"), /changed src\/a\.txt/);
    const written = JSON.parse(fs.readFileSync(path.join(stack.directory, "out/report.json"), "utf8")) as object;
    assert.deepEqual(JSON.parse(await call("--json")), written);
  });

  it("a changed argument, by its name alone", async () => {
    values.VERSION = "canary-ab12cd";
    const { report } = await build();
    assert.deepEqual(missesOf(report), both(4, "argument", "argument VERSION changed"));
  });

  it("a changed line of the Dockerfile", async () => {
    stack.write("app/Dockerfile", dockerfile(moving, "COPY package.json /other.json"));
    const { report } = await build();
    assert.deepEqual(missesOf(report), both(3, "Dockerfile", "line 3 of the Dockerfile changed"));
  });

  it("a base image that has moved", async () => {
    stack.write("moving/file", "2\n");
    stack.write("app/zz.txt", "y\n");
    const { report } = await build();
    for (const { missedFirst } of report.platforms) {
      assert.equal(missedFirst?.line, 3);
      assert.equal(missedFirst?.kind, "base image");
      assert.match(missedFirst?.reason ?? "", /^base image \S+\/moving:1 moved from sha256:\w{12} to sha256:\w{12}$/);
    }
  });

  it("a cache that is lost on one node, and a file that has changed on both", async () => {
    await second.buildctl(["prune", "--all"]);
    stack.write("app/zz.txt", "x\n");
    const { output, report } = await build();
    assert.deepEqual(missesOf(report), {
      [amd64]: [5, "file", "changed zz.txt"],
      [arm64]: [
        3,
        "cache lost",
        "nothing that it is made of changed: its result is no longer in the cache of node arm64",
      ],
    });
    assert.match(output, /first step not cached on linux\/arm64: .*no longer in the cache/);
  });

  it("a build before that is not known is no guess", async () => {
    for (const file of fs.readdirSync(path.join(stack.directory, ".multi-platform-image/reports/dev/last"))) {
      fs.rmSync(path.join(stack.directory, ".multi-platform-image/reports/dev/last", file));
    }
    stack.write("app/zz.txt", "w\n");
    assert.deepEqual(
      missesOf((await build()).report),
      both(5, "first build", "no build of this platform before is known on this machine"),
    );
  });

  it("a preview says what a build is likely to cost and take, by the last ones", async () => {
    stack.write("app/zz.txt", "v\n");
    const { code, output } = await stack.preview();
    assert.equal(code, 0, output);
    assert.match(
      output,
      /image app would be built: .*\n +on node .*\n +likely \$\S+ of nodes, \d.* s \(by the last build\)/,
    );
    assert.doesNotMatch(output, /image moving would be built[^]*likely[^]*likely/);
  });

  it("the status line says for how long a node and a build are waited for, and how long both took last time", async () => {
    const base = await getBaseImage();
    const slow = (at: number) =>
      `FROM --platform=${amd64} ${base} AS slow\nRUN sleep 5 && echo ${at} > /slow\n${dockerfile(moving)}COPY --from=slow /slow /\n`;
    const told: string[] = [];
    for (const at of [1, 2]) {
      await second.stop();
      stack.write("app/Dockerfile", slow(at));
      const log = path.join(stack.directory, `events-${at}.json`);
      const read = () => (fs.existsSync(log) ? fs.readFileSync(log, "utf8") : "");
      const { done } = stack.start("up", "--yes", "--skip-preview", "--event-log", log);
      await waitFor("the wait for node arm64", () => /waiting for node arm64, \d+ s of at most/.test(read()));
      await second.start();
      const { code, output } = await done;
      assert.equal(code, 0, output);
      told.push(read());
    }
    assert.match(told[0], /building and pushing image app, \d+ s \(/);
    assert.match(told[1], /waiting for node arm64, \d+ s of at most \d+ s \(\d+ s last time\): /);
    assert.match(told[1], /building and pushing image app, \d+ s \(\S+ s last time/);
  });

  it("a build that fails has a report with its error, and fails as before", async () => {
    stack.write("app/Dockerfile", dockerfile(moving, "COPY not-there.json /package.json"));
    const { output, report } = await build(false);
    assert.equal(report.result, "failed");
    assert.match(output, /image app: failed in/);
    assert.match(report.error ?? "", /not-there\.json/);
    const text = fs.readFileSync(summary, "utf8");
    assert.match(text, /\*\*app\*\*: failed in/);
    assert.match(text.slice(text.lastIndexOf("### Images built")), /not-there\.json/);
  });

  it("the summary of a CI job has one section for each update that built", () => {
    const text = fs.readFileSync(summary, "utf8");
    assert.equal(text.match(/ begin -->/g)?.length, text.match(/### Images built/g)?.length);
    assert.match(text, /\| linux\/arm64 \| .* \| 0 of 3 \|/);
  });

  it("no value of an argument and no secret is in any file", async () => {
    const text =
      (await DockerbuildFile.open(path.join(stack.directory, "out/app.dockerbuild"))).text() +
      JSON.stringify(collector.received) +
      readAll(path.join(stack.directory, "out")) +
      readAll(path.join(stack.directory, ".multi-platform-image/reports")) +
      fs.readFileSync(summary, "utf8");
    assert.ok(text.includes("VERSION"));
    for (const canary of [version, values.VERSION, secret]) assert.ok(!text.includes(canary), canary);
  });
});
