import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import {
  startNamespaceNode,
  startTamperingProxy,
  type NamespaceNode,
  type TamperingProxy,
  skipWithout,
} from "../hosts";
import { prepareTools } from "../../tools";
import { nightly } from "../tier";
import { getMachines, type Machines } from "./fixture";
import { trusting } from "./image";
import { Stack } from "./stack";

describe("the index in the registry", function () {
  this.timeout(300_000);
  let machines: Machines;
  let proxy: TamperingProxy;
  let node: NamespaceNode;
  let stack: Stack;
  let urn = "";
  const stackTrace = /\n +at .*:\d+:\d+/;
  const fix = /Fix: build and push it again with `pulumi up --replace '(urn:.*docker-build:index:Image::app)'`/;

  const dockerfile = "FROM scratch\nARG TARGETARCH\nCOPY Dockerfile /${TARGETARCH}\n";

  before(async function () {
    skipWithout(this, ["namespaces"]);
    machines = await getMachines();
    const { run, network, authority, registry } = machines;
    proxy = await startTamperingProxy(run, authority, registry, network.address);
    node = await startNamespaceNode(run, network, authority, { name: "tampered", registries: proxy.trusted });
    // One machine that is named twice: which node builds what is not asked here.
    const nodes = [node.remoteNode(), { kind: "local", platform: "linux/arm64" }];
    const image = { context: "./app", tags: [`${proxy.host}/app:1`] };
    stack = await Stack.create(
      { builder: { nodes }, images: { app: image } },
      { environment: trusting(proxy), onPath: await prepareTools(["buildkitd", "runc"]) },
    );
    stack.write("app/Dockerfile", dockerfile);
  });

  it("lacks a platform after the push: this up fails, and so does the next, and both say how to build again", async () => {
    proxy.removePlatform("linux/arm64");
    const first = await stack.up();
    proxy.behave();
    const second = await stack.up();
    for (const { code, output, seconds } of [first, second]) {
      assert.notEqual(code, 0, output);
      assert.match(output, /error: the (index|registry answers) \S+\/app@sha256:\w+ /);
      assert.match(output, fix);
      assert.doesNotMatch(output, stackTrace);
      assert.ok(seconds < 18, `${seconds} s`);
    }
    assert.match(second.output, /error: the index \S+\/app@sha256:\w+ lacks linux\/arm64; it has linux\/amd64\. Fix/);
    [, urn] = fix.exec(second.output)!;
  });

  it("fails, too, for a program that uses none of the outputs", async () => {
    stack.declare({ ...stack.spec(), outputs: [] });
    const { code, output } = await stack.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /error: the index \S+ lacks linux\/arm64/);
    assert.doesNotMatch(output, stackTrace);
    stack.declare({ ...stack.spec(), outputs: undefined });
  });

  it("is whole again once the fix of the message is applied", async () => {
    const { code, output } = await stack.up("--replace", urn);
    assert.equal(code, 0, output);
  });

  /** All reads of the index but the first `wrong` ones are answered. What buildx reads to make it has one platform each. */
  function answerAfter(wrong: number): void {
    let read = 0;
    proxy.changeManifests((manifest) => {
      const { manifests = [] } = JSON.parse(manifest.toString()) as { manifests?: object[] };
      return manifests.length > 1 && (read += 1) <= wrong ? undefined : manifest;
    });
  }

  nightly.it("is not there at the first look after its push: it is read again, in the same update", async () => {
    answerAfter(1);
    stack.write("app/Dockerfile", `# once\n${dockerfile}`);
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    assert.match(output, /the registry does not have \S+\. It was pushed just now, and is read again for up to 60 s\./);
    proxy.behave();
  });

  nightly.it("is not there for a minute after its push: another update is advised, which builds nothing", async () => {
    answerAfter(Infinity);
    stack.write("app/Dockerfile", `# for a minute\n${dockerfile}`);
    const { code, output, seconds } = await stack.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /It is pushed, and was only not read\. Fix: run `pulumi up` again, which builds nothing\./);
    assert.ok(seconds < 120, `${seconds} s`);
    proxy.behave();
    const second = await stack.up();
    assert.equal(second.code, 0, second.output);
    assert.doesNotMatch(second.output, /building image/);
  });

  it("is read at most once for each digest", async () => {
    proxy.forget();
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    assert.deepEqual(proxy.requests, []);
  });

  it("has other content than was pushed: the up fails", async () => {
    forgetIndexes();
    proxy.changeManifests((manifest) => Buffer.concat([manifest, Buffer.from("\n")]));
    const { code, output } = await stack.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /error: the registry answers \S+\/app@sha256:\w+ with other content, of digest sha256:/);
  });

  it("can't be asked on an up without a change: a warning", async () => {
    proxy.refuse("connection");
    stack.declare({ ...stack.spec(), outputs: ["indexDigest", "ref"] });
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    assert.match(output, /warning: the registry can't be asked for .*Its platforms are not checked this time/);
  });

  it("can't be asked when `platformDigests` are used: an error that says so", async () => {
    stack.declare({ ...stack.spec(), outputs: undefined });
    const { code, output } = await stack.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /`platformDigests` are not known: the registry can't be asked/);
  });

  function forgetIndexes(): void {
    fs.rmSync(path.join(stack.home, ".cache/multi-platform-image/manifests"), { recursive: true, force: true });
  }
});
