import * as assert from "node:assert/strict";

import {
  type NamespaceNode,
  type Registry,
  skipWithout,
  startNamespaceNode,
  startRegistry,
  startTamperingProxy,
  type TamperingProxy,
} from "../hosts";
import { getMachines, type Machines } from "../main/fixture";
import { trusting } from "../main/image";
import { Stack } from "../main/stack";
import { pushSmallImage } from "./smallImage";

const bothPlatforms = ["linux/amd64", "linux/arm64"];

describe("base images before a node wakes", function () {
  this.timeout(600_000);
  let machines: Machines;
  let proxy: TamperingProxy;
  let locked: Registry;
  let node: NamespaceNode;
  const credentials = { username: "builder", password: "opensesame" };

  before(async function () {
    skipWithout(this, ["namespaces"]);
    machines = await getMachines();
    const { run, network, authority, registry } = machines;
    proxy = await startTamperingProxy(run, authority, registry, network.address);
    locked = await startRegistry(run, authority, { address: network.address, credentials });
    const registries = { ...registry.trusted, ...proxy.trusted, ...locked.trusted };
    node = await startNamespaceNode(run, network, authority, { name: "bases", registries });
    await pushSmallImage(registry, { name: "bases/both:1", platforms: bothPlatforms });
    await pushSmallImage(registry, { name: "bases/amd64:1", platforms: ["linux/amd64", "linux/386"] });
    await pushSmallImage(registry, { name: "bases/arm64:1", platforms: ["linux/arm64"] });
    await pushSmallImage(registry, { name: "bases/386:1", platforms: ["linux/386"] });
    await pushSmallImage(registry, { name: "bases/single:1", platforms: ["linux/arm64"], isSingle: true });
  });

  beforeEach(() => proxy.behave());

  /** A node for arm64 that nobody starts: it is not to be called. */
  const asleep = () => ({ ...node.remoteNode(), platform: "linux/arm64", endpoint: "tcp://192.0.2.1:1234" });

  async function stackOf(dockerfile: string, image: object = {}, extra: object = {}): Promise<Stack> {
    const stack = await Stack.create(
      { builder: {}, images: {}, outputs: ["indexDigest"] },
      { environment: trusting(machines.registry) },
    );
    stack.write("app/Dockerfile", dockerfile);
    declare(stack, { app: image }, extra);
    return stack;
  }

  function declare(stack: Stack, images: Record<string, object>, extra: object = {}): void {
    const common = { context: "./app", platforms: ["linux/amd64"] };
    const tagged = Object.entries(images).map(([name, image]): [string, object] => [
      name,
      { ...common, tags: [`${machines.registry.host}/checked-${name}:1`], ...image },
    ]);
    const builder = { nodes: [node.remoteNode(), asleep()], wakeTimeoutSeconds: 1, ...extra };
    stack.declare({ builder, images: Object.fromEntries(tagged), outputs: ["indexDigest"] });
  }

  /** What the check asks: BuildKit asks for a tag by HEAD, and gets digests. */
  const askedTags = () =>
    proxy.requests
      .filter(({ method, path }) => method === "GET" && /\/manifests\/1$/.test(path))
      .map(({ path }) => path);

  /** Of ours: BuildKit has some of its own. */
  const warnings = (output: string) => [...new Set(output.match(/^ *warning: .*base image .*$/gm) ?? [])];

  it("recipe 11: one that lacks a platform is an error that names it, what is missing and what it has, and no node is called", async () => {
    const before = [await node.connections(), (await node.history()).length];
    const stack = await stackOf(
      `ARG NAME=both VERSION=2\nFROM ${proxy.host}/bases/\${NAME}:\${VERSION} AS base\nFROM scratch\nCOPY --from=base /base /\n`,
      { platforms: bothPlatforms, buildArgs: { NAME: "amd64", VERSION: "1" } },
    );
    const { code, output } = await stack.up();
    assert.notEqual(code, 0, output);
    const said = `MultiPlatformImage app: base image ${proxy.host}/bases/amd64:1 (app/Dockerfile:2) has no linux/arm64; it has linux/amd64, linux/386. Fix: `;
    assert.ok(output.includes(said), output);
    assert.deepEqual([await node.connections(), (await node.history()).length], before);
  });

  it("recipe 11: BuildKit itself fails with such an index, and takes a single manifest for any platform, and 32 bits for 64", async () => {
    const bases = `${machines.registry.host}/bases`;
    const stack = await stackOf(`FROM ${bases}/arm64:1\n`, { checkBaseImages: false });
    const index = await stack.up();
    assert.notEqual(index.code, 0, index.output);
    assert.match(index.output, /no match for platform in manifest/);
    stack.write(
      "app/Dockerfile",
      `FROM ${bases}/single:1 AS single\nFROM ${bases}/386:1\nCOPY --from=single /base /\n`,
    );
    declare(stack, { app: {} });
    const single = await stack.up();
    assert.equal(single.code, 0, single.output);
    assert.deepEqual(warnings(single.output), []);
    assert.match(single.output, /InvalidBaseImagePlatform/);
  });

  it("recipe 11: stages, --platform and named contexts are followed: what BuildKit would not ask for is no error", async () => {
    const bases = `${machines.registry.host}/bases`;
    const stack = await stackOf(
      [
        `FROM ${bases}/arm64:1 AS unused`,
        `FROM --platform=$BUILDPLATFORM ${bases}/amd64:1 AS tools`,
        `FROM --platform=linux/arm64 ${bases}/arm64:1 AS files`,
        "FROM replaced:1",
        "COPY --from=tools /base /tools",
        "COPY --from=files /base /files",
        "COPY --from=assets Dockerfile /asset",
      ].join("\n"),
      {
        context: {
          location: "./app",
          named: { "replaced:1": { location: `docker-image://${bases}/both:1` }, assets: { location: "./app" } },
        },
      },
    );
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    assert.deepEqual(warnings(output), []);
    declare(stack, { app: { target: "unused" } });
    const unused = await stack.up();
    assert.match(unused.output, /bases\/arm64:1 \(app\/Dockerfile:1\) has no linux\/amd64; it has linux\/arm64/);
  });

  it("recipe 11: a registry is asked once for each image of an up, not without a change, and not when it is switched off", async () => {
    const stack = await stackOf(`FROM ${proxy.host}/bases/both:1\nCOPY changed /\n`);
    stack.write("app/changed", "1");
    declare(stack, { one: {}, two: {} });
    proxy.forget();
    const first = await stack.up();
    assert.equal(first.code, 0, first.output);
    assert.equal(askedTags().length, 1);

    proxy.forget();
    const same = await stack.up();
    assert.match(same.output, /unchanged/);
    assert.deepEqual(proxy.requests, []);

    stack.write("app/changed", "2");
    declare(stack, { one: { checkBaseImages: false }, two: { checkBaseImages: false } });
    const off = await stack.up();
    assert.equal(off.code, 0, off.output);
    assert.equal(askedTags().length, 0);
  });

  it("recipe 11: a private registry is asked with the credentials of the build", async () => {
    const { username, password } = credentials;
    const image = { name: "private/arm64:1", platforms: ["linux/arm64"], credentials: `${username}:${password}` };
    await pushSmallImage(locked, image);
    const dockerfile = `FROM ${locked.host}/private/arm64:1\n`;
    const registries = [{ address: locked.host, username, password: "secret:password" }];
    const stack = await stackOf(dockerfile, { registries });
    stack.write("password", password);
    const { code, output } = await stack.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /private\/arm64:1 \(app\/Dockerfile:1\) has no linux\/amd64; it has linux\/arm64/);
    assert.ok(!output.includes(password), "the password is in the output");
  });

  it("recipe 11: a registry that limits, refuses or does not answer is one warning, and the build goes on", async () => {
    const digest = await pushSmallImage(machines.registry, { name: "bases/kept:1", platforms: bothPlatforms });
    const kept = digest.replace(machines.registry.host, proxy.host);
    const stack = await stackOf(`FROM ${kept}\nCOPY changed /\n`, { checkBaseImages: false });
    stack.write("app/changed", "0");
    const first = await stack.up();
    assert.equal(first.code, 0, first.output);
    for (const [refusal, reason] of [
      [429, /status 429/],
      [401, /status 401/],
      ["connection", /can't be asked/],
    ] as const) {
      stack.write("app/changed", String(refusal));
      declare(stack, refusal === 429 ? { one: {}, two: {} } : { two: {} });
      proxy.refuse(refusal);
      const { code, output } = await stack.up();
      assert.equal(code, 0, output);
      const said = warnings(output);
      assert.equal(said.length, 1, output);
      assert.match(said[0], /the build goes on without a check of base image .*bases\/kept@sha256/);
      assert.match(said[0], reason);
    }
  });

  it("recipe 11: an image by digest is asked for once, and then known on this machine", async () => {
    const digest = await pushSmallImage(machines.registry, { name: "bases/known:1", platforms: ["linux/arm64"] });
    const stack = await stackOf(`FROM ${digest.replace(machines.registry.host, proxy.host)}\n`);
    proxy.forget();
    assert.match((await stack.up()).output, /has no linux\/amd64; it has linux\/arm64/);
    assert.equal(proxy.requests.length, 1);
    proxy.refuse("connection");
    assert.match((await stack.up()).output, /has no linux\/amd64; it has linux\/arm64/);
    assert.equal(proxy.requests.length, 1);
  });
});
