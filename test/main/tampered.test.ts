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
    stack.write("app/Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY Dockerfile /${TARGETARCH}\n");
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
