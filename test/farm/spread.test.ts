import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { laneOf } from "../../components/spread";
import { record } from "../ec2/timings";
import { type BuildHost, skipWithout, startArm64Machine, startNamespaceNode } from "../hosts";
import { getBaseImage, getMachines, type Machines } from "../main/fixture";
import { inspectIndex, pullFiles, trusting } from "../main/image";
import { Stack } from "../main/stack";
import { diagnostics } from "./outcome";

const project = "spread";
const names = Array.from({ length: 8 }, (_, at) => `image-${at + 1}`);
const laneOfImage = (name: string) =>
  laneOf(`urn:pulumi:dev::${project}::multi-platform-image:index:MultiPlatformImage::${name}`, 2);

/** A node with what tells what it built. */
type Daemon = Pick<BuildHost, "remoteNode" | "history">;

describe("two nodes for arm64 and two for amd64", function () {
  this.timeout(900_000);
  let machines: Machines;
  let stack: Stack;
  let arm64: Daemon[];
  let amd64: Daemon[];

  before(async function () {
    skipWithout(this, ["namespaces", "arm64 machine", "debian roots", "skopeo"]);
    machines = await getMachines();
    const { run, network, authority, registry } = machines;
    const registries = registry.trusted;
    const [machine, second, base] = await Promise.all([
      startArm64Machine(run, network, authority, { registries, hasSecond: true }),
      startNamespaceNode(run, network, authority, { name: "second", registries }),
      getBaseImage(),
    ]);
    assert.ok(machine.second);
    arm64 = [machine, machine.second];
    amd64 = [machines.amd64, second];
    const nodes = [arm64[0], amd64[0], arm64[1], amd64[1]].map((node) => node.remoteNode());
    const images = names.map((name) => [name, { context: `./${name}`, tags: [tagOf(name)] }]);
    stack = await Stack.create(
      { builder: { nodes }, images: Object.fromEntries(images) as Record<string, unknown> },
      { program: `${__dirname}/program`, project, environment: trusting(registry) },
    );
    for (const name of names) {
      const step = `RUN mkdir /out && echo ${name} > /out/name && cat /proc/sys/kernel/random/uuid > /out/random`;
      const result = "FROM scratch\nCOPY --from=build /out /\nCOPY later /";
      stack.write(`${name}/Dockerfile`, `FROM ${base} AS build\n${step}\n${result}\n`);
      stack.write(`${name}/later`, "first\n");
    }
  });

  const tagOf = (name: string) => `${machines.registry.host}/${name}:1`;

  /** What the step of each image drew, on each platform. */
  async function randoms(): Promise<Record<string, string>> {
    const outputs = await stack.outputs<Record<string, { indexDigest: string }>>();
    const drawn: Record<string, string> = {};
    for (const name of names) {
      const { digest, platformDigests } = await inspectIndex(machines.registry, tagOf(name));
      assert.equal(outputs[name].indexDigest, digest);
      assert.deepEqual(Object.keys(platformDigests).sort(), ["linux/amd64", "linux/arm64"]);
      for (const [platform, each] of Object.entries(platformDigests)) {
        const files = await pullFiles(machines.registry, `${tagOf(name).replace(/:1$/, "")}@${each}`);
        assert.equal(fs.readFileSync(path.join(files, "name"), "utf8"), `${name}\n`);
        drawn[`${name} ${platform}`] = fs.readFileSync(path.join(files, "random"), "utf8");
      }
    }
    return drawn;
  }

  const counts = (daemons: readonly Daemon[]) =>
    Promise.all(
      daemons.map(async ({ history }) => (await history()).filter(({ status }) => status === "completed").length),
    );

  it("eight images use all four, each image the same ones each time, where it finds its cache", async () => {
    const perLane = [0, 1].map((lane) => names.filter((name) => laneOfImage(name) === lane).length);
    assert.ok(Math.min(...perLane) >= 2, `images by lane: ${perLane.join()}`);
    const first = await stack.up();
    assert.equal(first.code, 0, first.output);
    record("remote", "eight images on two arm64 and two amd64 nodes, first builds", first.seconds);
    assert.equal(diagnostics(first).match(/ is awake/g)?.length, 4, first.output);
    assert.deepEqual([await counts(arm64), await counts(amd64)], [perLane, perLane]);
    const before = await randoms();
    assert.equal(new Set(Object.values(before)).size, 2 * names.length);

    names.forEach((name) => stack.write(`${name}/later`, "second\n"));
    const second = await stack.up();
    assert.equal(second.code, 0, second.output);
    record("remote", "eight images on two arm64 and two amd64 nodes, a later file changed", second.seconds);
    const twice = perLane.map((count) => 2 * count);
    assert.deepEqual([await counts(arm64), await counts(amd64)], [twice, twice]);
    assert.deepEqual(await randoms(), before);
  });

  it("an `up` without a change asks nobody", async () => {
    const { code, output } = await stack.up("--expect-no-changes");
    assert.equal(code, 0, output);
    assert.doesNotMatch(output, /is awake|registered/);
  });
});
