import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import type { BuildReport } from "../../components/insights/report";
import { skipWithout } from "../hosts";
import { compiled } from "./compiled";
import { assertSameExport, DockerbuildFile } from "./dockerbuildFile";
import { getBaseImage } from "./fixture";
import {
  amd64,
  arm64,
  both,
  dockerfile,
  InsightsStack,
  missesOf,
  parentSpanId,
  secret,
  traceId,
  version,
} from "./insightsStack";
import { readAll, type Stack, waitFor } from "./stack";

/** Why the first step of each platform was not cached, as the kept report says, on nodes that really build. */
describe("insights", function () {
  this.timeout(300_000);
  let own: InsightsStack;
  let stack: Stack;

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots"]);
    own = await InsightsStack.create();
    ({ stack } = own);
  });

  after(() => own?.collector.close());

  it("a first build says that no earlier one is known, and what it took", async () => {
    const { output, report } = await own.build();
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
    const { report } = await own.build();
    const sum = report.phases.reduce((all, { seconds }) => all + seconds, 0);
    assert.ok(Math.abs(sum - report.seconds) < 0.05 * report.seconds, JSON.stringify(report.phases));
    const [one, other] = report.cost.nodes.map(({ dollars, seconds }) => (dollars ?? 0) / seconds);
    assert.ok(Math.abs(one - 0.001) < 1e-4 && Math.abs(other - 0.002) < 1e-4, JSON.stringify(report.cost));
  });

  it("the records of both nodes are one .dockerbuild file, each as buildx exports it, without values of arguments", async () => {
    const file = await DockerbuildFile.open(own.file("out/app.dockerbuild"));
    assert.equal(file.manifests().size, 2);
    await assertSameExport(file, own.machines.amd64, [version]);
    await assertSameExport(file, own.second, [version]);
  });

  it("a collector gets one trace of both nodes, below TRACEPARENT, and the file has the same", () => {
    const [{ trace }] = own.collector.received;
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
    assert.deepEqual(JSON.parse(own.read("out/trace.otlp.json")), trace);
  });

  it("an update without a change reads nothing, and leaves the outputs as they are", async () => {
    const before = await stack.outputs<{ app: { report: BuildReport; cost: unknown } }>();
    assert.equal(before.app.report.image, "app");
    assert.deepEqual(before.app.cost, before.app.report.cost);
    const files = fs.statSync(own.file("out/report.json")).mtimeMs;
    // As a checkout of what was there before leaves it.
    stack.write("app/src/a.txt", "b\n");
    stack.write("app/src/a.txt", "a\n");
    const { output } = await own.build();
    assert.doesNotMatch(output, /image app: built|\d (updated|replaced)/);
    assert.equal(fs.statSync(own.file("out/report.json")).mtimeMs, files);
    assert.equal(own.collector.received.length, 1);
    assert.deepEqual(await stack.outputs(), before);
  });

  it("a changed file", async () => {
    stack.write("app/src/a.txt", "b\n");
    const { output, report } = await own.build();
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
    const page = own.read("out/report.html");
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
    assert.match(own.read("again.html"), /changed src\/a\.txt/);
    const written = JSON.parse(own.read("out/report.json")) as object;
    assert.deepEqual(JSON.parse(await call("--json")), written);
  });

  it("a changed argument, by its name alone", async () => {
    own.values.VERSION = "canary-ab12cd";
    const { report } = await own.build();
    assert.deepEqual(missesOf(report), both(4, "argument", "argument VERSION changed"));
  });

  it("a changed line of the Dockerfile", async () => {
    stack.write("app/Dockerfile", dockerfile(own.moving, "COPY package.json /other.json"));
    const { report } = await own.build();
    assert.deepEqual(missesOf(report), both(3, "Dockerfile", "line 3 of the Dockerfile changed"));
  });

  it("a base image that has moved", async () => {
    stack.write("moving/file", "2\n");
    stack.write("app/zz.txt", "y\n");
    const { report } = await own.build();
    for (const { missedFirst } of report.platforms) {
      assert.equal(missedFirst?.line, 3);
      assert.equal(missedFirst?.kind, "base image");
      assert.match(missedFirst?.reason ?? "", /^base image \S+\/moving:1 moved from sha256:\w{12} to sha256:\w{12}$/);
    }
  });

  it("a cache that is lost on one node, and a file that has changed on both", async () => {
    await own.second.buildctl(["prune", "--all"]);
    stack.write("app/zz.txt", "x\n");
    const { output, report } = await own.build();
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
    for (const file of fs.readdirSync(own.file(".multi-platform-image/reports/dev/last"))) {
      fs.rmSync(path.join(stack.directory, ".multi-platform-image/reports/dev/last", file));
    }
    stack.write("app/zz.txt", "w\n");
    assert.deepEqual(
      missesOf((await own.build()).report),
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
      `FROM --platform=${amd64} ${base} AS slow\nRUN sleep 5 && echo ${at} > /slow\n${dockerfile(own.moving)}COPY --from=slow /slow /\n`;
    const told: string[] = [];
    for (const at of [1, 2]) {
      await own.second.stop();
      stack.write("app/Dockerfile", slow(at));
      const log = own.file(`events-${at}.json`);
      const read = () => (fs.existsSync(log) ? fs.readFileSync(log, "utf8") : "");
      const { done } = stack.start("up", "--yes", "--skip-preview", "--event-log", log);
      await waitFor("the wait for node arm64", () => /waiting for node arm64, \d+ s of at most/.test(read()));
      await own.second.start();
      const { code, output } = await done;
      assert.equal(code, 0, output);
      told.push(read());
    }
    assert.match(told[0], /building and pushing image app, \d+ s \(/);
    assert.match(told[1], /waiting for node arm64, \d+ s of at most \d+ s \(\d+ s last time\): /);
    assert.match(told[1], /building and pushing image app, \d+ s \(\S+ s last time/);
  });

  it("a build that fails has a report with its error, and fails as before", async () => {
    stack.write("app/Dockerfile", dockerfile(own.moving, "COPY not-there.json /package.json"));
    const { output, report } = await own.build(false);
    assert.equal(report.result, "failed");
    assert.match(output, /image app: failed in/);
    assert.match(report.error ?? "", /not-there\.json/);
    const text = fs.readFileSync(own.summary, "utf8");
    assert.match(text, /\*\*app\*\*: failed in/);
    assert.match(text.slice(text.lastIndexOf("### Images built")), /not-there\.json/);
  });

  it("the summary of a CI job has one section for each update that built", () => {
    const text = fs.readFileSync(own.summary, "utf8");
    assert.equal(text.match(/ begin -->/g)?.length, text.match(/### Images built/g)?.length);
    assert.match(text, /\| linux\/arm64 \| .* \| 0 of 3 \|/);
  });

  it("no value of an argument and no secret is in any file", async () => {
    const text =
      (await DockerbuildFile.open(own.file("out/app.dockerbuild"))).text() +
      JSON.stringify(own.collector.received) +
      readAll(own.file("out")) +
      readAll(own.file(".multi-platform-image/reports")) +
      fs.readFileSync(own.summary, "utf8");
    assert.ok(text.includes("VERSION"));
    for (const canary of [version, own.values.VERSION, secret]) assert.ok(!text.includes(canary), canary);
  });
});
