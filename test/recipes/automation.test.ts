import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import {
  type NamespaceNode,
  skipWithout,
  startNamespaceNode,
  startTamperingProxy,
  type TamperingProxy,
} from "../hosts";
import { getMachines, type Machines } from "../main/fixture";
import { inspectIndex, pullFiles, trusting } from "../main/image";
import { runsAll } from "../tier";
import type { StackSpec } from "./automationProgram";
import { Deployer } from "./deployer";
import { pushSmallImage } from "./smallImage";

const platforms = ["linux/amd64", "linux/arm64"];

describe("programs of the Automation API that are functions", function () {
  this.timeout(900_000);
  let machines: Machines;
  let front: TamperingProxy;
  let nodes: object[];

  before(async function () {
    skipWithout(this, ["namespaces", "skopeo"]);
    machines = await getMachines();
    const { run, network, authority, registry } = machines;
    front = await startTamperingProxy(run, authority, registry, network.address);
    const open = (name: string, platform: "linux/amd64" | "linux/arm64"): Promise<NamespaceNode> =>
      startNamespaceNode(run, network, authority, { name, platform, registries: front.trusted });
    nodes = [await open("inline", "linux/amd64"), await open("inline-arm64", "linux/arm64")].map((node) =>
      node.remoteNode(),
    );
  });

  const pushBase = (name: string, content: string) => pushSmallImage(machines.registry, { name, platforms, content });

  /** A stack with images of these names, each with a context of its own. */
  function specOf(deployer: Deployer, stack: string, names: readonly string[]): StackSpec {
    const image = (name: string) => ({
      context: path.join(deployer.stack.directory, stack, name),
      tags: [`${front.host}/inline/${stack}-${name}:1`],
    });
    return {
      builder: { nodes: nodes as StackSpec["builder"]["nodes"] },
      images: Object.fromEntries(names.map((name) => [name, image(name)])),
    };
  }

  it("have updates in one process, in a folder of their own, of two images of one name; what a registry said is asked again", async () => {
    const deployer = await Deployer.start(trusting(front));
    await pushBase("bases/inline:1", "first\n");
    const spec = specOf(deployer, "dev", ["web", "worker"]);
    for (const name of ["web", "worker"]) {
      deployer.stack.write(`dev/${name}/Dockerfile`, `FROM ${front.host}/bases/inline:1\nCOPY Dockerfile /\n`);
    }

    front.removePlatform("linux/arm64");
    const { dev: first } = await deployer.update({ dev: spec });
    assert.match(first.error ?? "", /has no linux\/arm64; it has linux\/amd64/);
    front.behave();
    const { dev: second } = await deployer.update({ dev: spec });
    assert.equal(second.error, undefined);
    assert.deepEqual(
      Object.values(second.refs).map((ref) => ref.replace(/sha256:[0-9a-f]{64}$/, "DIGEST")),
      ["web", "worker"].map((name) => `${front.host}/inline/dev-${name}:1@DIGEST`),
    );
    const { dev: third } = await deployer.update({ dev: spec });
    assert.deepEqual([third.error, Object.keys(third.changes)], [undefined, ["same"]]);
    await deployer.end();
  });

  const rounds = runsAll ? 5 : 2;
  const names = runsAll ? ["dev", "staging", "prod"] : ["dev", "prod"];

  it(`update ${names.length} stacks side by side in one process, ${rounds} rounds with another base image each: digest and files of the round, and its messages by their stack`, async () => {
    const deployer = await Deployer.start(trusting(front));
    const specs = Object.fromEntries(names.map((name) => [name, specOf(deployer, name, ["web"])]));
    const seen = new Set<string>();
    for (let round = 1; round <= rounds; round += 1) {
      await pushBase("bases/rounds:1", `base of round ${round}\n`);
      for (const name of names) {
        deployer.stack.write(`${name}/web/Dockerfile`, `FROM ${front.host}/bases/rounds:1\nCOPY version /version\n`);
        deployer.stack.write(`${name}/web/version`, `${name} ${round}\n`);
      }
      const updated = await deployer.update(specs);
      for (const name of names) {
        const { error, refs, output, diagnostics } = updated[name];
        assert.equal(error, undefined);
        const tag = specs[name].images.web.tags as string[];
        const index = await inspectIndex(machines.registry, tag[0].replace(front.host, machines.registry.host));
        assert.equal(refs.web, `${tag[0]}@${index.digest}`);
        seen.add(index.digest);
        for (const platform of platforms) {
          const ref = `${machines.registry.host}/inline/${name}-web@${index.platformDigests[platform]}`;
          const files = await pullFiles(machines.registry, ref);
          const read = (file: string) => fs.readFileSync(path.join(files, file), "utf8");
          assert.deepEqual([read("base"), read("version")], [`base of round ${round}\n`, `${name} ${round}\n`]);
        }
        const reason = /building image image: .*/;
        assert.match(output, reason);
        const [told, ...others] = diagnostics.filter((each) => reason.test(each));
        assert.match(told ?? "", /^info image: /);
        assert.deepEqual(others, []);
      }
    }
    assert.equal(seen.size, names.length * rounds);
    // The test before this one has an update of such a program without a change.
    if (runsAll) {
      const again = await deployer.update(specs);
      assert.deepEqual(
        names.map((name) => Object.keys(again[name].changes)),
        names.map(() => ["same"]),
      );
    }
    // Nothing of it is said past the update that it is of.
    assert.equal(await deployer.end(), "");
  });

  it("leave the others alone where one of them fails, those beside it and those after it", async () => {
    const deployer = await Deployer.start(trusting(front));
    const specs = Object.fromEntries(["dev", "prod"].map((name) => [name, specOf(deployer, name, ["web"])]));
    deployer.stack.write("dev/web/Dockerfile", `FROM ${machines.network.address}:1/base:1\nCOPY Dockerfile /\n`);
    deployer.stack.write("prod/web/Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
    const first = await deployer.update(specs);
    assert.match(first.dev.error ?? "", /registry of base image \S+:1\/base:1 refuses connections/);
    assert.equal(first.prod.error, undefined);
    assert.match(first.prod.output, /building image image: /);
    deployer.stack.write("dev/web/Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
    deployer.stack.write("prod/web/Dockerfile", "FROM scratch\nCOPY Dockerfile /changed\n");
    const second = await deployer.update(specs);
    for (const { error, output } of Object.values(second)) {
      assert.equal(error, undefined);
      assert.match(output, /building image image: /);
    }
    await deployer.end();
  });
});
