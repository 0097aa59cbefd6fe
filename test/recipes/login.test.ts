import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { skipWithout } from "../hosts";
import type { Stack } from "../main/stack";
import { GuardedRegistry, type Index, type Pushed } from "./guarded";

/** All that a Dockerfile can say of an image: of each platform's the index must hold every word. */
const dockerfile = `FROM scratch
ARG TARGETARCH
ENV BUILT_FOR=$TARGETARCH
LABEL word=one
USER 1000:1000
WORKDIR /srv
COPY word /srv/$TARGETARCH
VOLUME /data
EXPOSE 8080/tcp
STOPSIGNAL SIGINT
SHELL ["/bin/busybox", "sh"]
HEALTHCHECK --interval=10s CMD ["/srv/check"]
ENTRYPOINT ["/srv/serve"]
CMD ["--verbose"]
`;

describe("a registry that wants a login", function () {
  this.timeout(300_000);
  let registry: GuardedRegistry;

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots"]);
    registry = await GuardedRegistry.open(dockerfile);
  });

  after(() => registry.close());

  describe("that the arguments give", () => {
    let stack: Stack;
    let first: Pushed & { output: string };

    before(async () => {
      stack = await registry.stackWith({ registries: registry.registries, provenance: "min" });
      first = await registry.pushedBy(stack);
    });

    it("recipe 20, 22: gets one index of what two nodes have pushed, with nothing in Docker's configuration", async () => {
      assert.equal(first.ref, `${registry.tag()}@${first.indexDigest}`);
      assert.deepEqual(await registry.digestsOf(registry.tag()), first.platformDigests);
      assert.deepEqual(Object.keys(first.platformDigests).sort(), ["linux/amd64", "linux/arm64"]);
      for (const architecture of ["amd64", "arm64"]) {
        const byDigest = `${registry.host}/login@${first.platformDigests[`linux/${architecture}`]}`;
        const { config } = await registry.inspect<{ config: Record<string, unknown> }>(byDigest, "--config");
        assert.ok((config.Env as string[]).includes(`BUILT_FOR=${architecture}`), JSON.stringify(config));
        assert.deepEqual(config.Entrypoint, ["/srv/serve"]);
        assert.deepEqual(config.Healthcheck, { Test: ["CMD", "/srv/check"], Interval: 10_000_000_000 });
        assert.deepEqual(config.Shell, ["/bin/busybox", "sh"]);
      }
      assert.ok(!fs.existsSync(path.join(stack.home, ".docker/config.json")));
    });

    it("gets the provenance of what each node has built, not of the index that one of them has put together", async () => {
      assert.match(first.output, new RegExp(`provenance of ${first.indexDigest} is attached`));
      const list = `${registry.host}/login:${first.indexDigest.replace(":", "-")}`;
      const [{ digest }] = (await registry.inspect<Index>(list)).manifests;
      const { layers } = await registry.inspect<{ layers: { digest: string }[] }>(`${registry.host}/login@${digest}`);
      assert.equal(layers.length, 2);
    });

    it("tells no password, nor keeps one in clear", () => {
      assert.ok(!first.output.includes(registry.password));
      assert.ok(!stack.stateText().includes(registry.password));
    });

    it("is not asked by a preview or an update without a change", async () => {
      const preview = await stack.preview("--expect-no-changes");
      assert.equal(preview.code, 0, preview.output);
      const second = await registry.pushedBy(stack, "--expect-no-changes");
      assert.doesNotMatch(second.output, /is awake|building/);
      assert.deepEqual({ ...second, output: "" }, { ...first, output: "" });
    });

    it("gets another tag of the same manifests, without a build", async () => {
      registry.declare(stack, { registries: registry.registries, tags: [registry.tag("2")] });
      const preview = await stack.preview();
      assert.match(preview.output, /index of image app would be built: other `tags`\n\s+on node one/, preview.output);
      const second = await registry.pushedBy(stack);
      assert.match(second.output, /building index of image app: other `tags`/);
      assert.doesNotMatch(second.output, /building image|node two .*is awake/);
      assert.deepEqual(second.platformDigests, first.platformDigests);
      assert.deepEqual(await registry.digestsOf(registry.tag("2")), first.platformDigests);
    });

    it("gets a changed file from all nodes, and its index", async () => {
      stack.write("app/word", "two");
      const preview = await stack.preview();
      for (const told of [
        /image app-linux-amd64 would be built: context: changed word\n\s+on node one/,
        /image app-linux-arm64 would be built: context: changed word\n\s+on node two/,
        /index of image app would be built: its platforms/,
      ]) {
        assert.match(preview.output, told);
      }
      const second = await registry.pushedBy(stack);
      assert.notEqual(second.indexDigest, first.indexDigest);
      assert.deepEqual(await registry.digestsOf(registry.tag("2")), second.platformDigests);
    });

    it("gets three platforms of two nodes, under tags of two repositories", async () => {
      const platforms = ["linux/386", "linux/amd64", "linux/arm64"];
      const tags = [registry.tag("three"), `${registry.host}/other:three`];
      const three = await registry.stackWith({});
      registry.declare(three, { registries: registry.registries, platforms, tags }, ["linux/386"]);
      const { platformDigests } = await registry.pushedBy(three);
      assert.deepEqual(Object.keys(platformDigests).sort(), platforms);
      for (const each of tags) {
        assert.deepEqual(await registry.digestsOf(each), platformDigests);
      }
    });
  });

  describe("that an image needs which is pushed as a whole, with its cache in it", () => {
    const whole = () => ({
      registries: registry.registries,
      tags: [registry.tag("whole")],
      cacheTo: [{ inline: {} }],
    });

    it("recipe 20, 22: gets no index by `registries` alone, and cause and fix are told before a node wakes", async () => {
      const { code, output } = await (await registry.stackWith(whole())).up();
      assert.notEqual(code, 0, output);
      assert.match(output, /wants a login that Docker's configuration lacks/);
      assert.match(output, /pushes the index of several nodes with Docker's own login, not with `registries`/);
      assert.match(output, /Fix: leave `cacheTo: \[\{ inline: \{\} \}\]` out/);
      assert.doesNotMatch(output, /is awake/);
    });

    it("recipe 20: gets it with a login in the environment", async () => {
      const environment = { DOCKER_AUTH_CONFIG: JSON.stringify(registry.login) };
      await registry.pushedBy(await registry.stackWith(whole(), environment));
    });
  });

  it("recipe 20: gets an image with Docker's own login alone", async () => {
    const stack = await registry.stackWith({ tags: [registry.tag("docker")] });
    fs.mkdirSync(path.join(stack.home, ".docker"), { recursive: true });
    fs.writeFileSync(path.join(stack.home, ".docker/config.json"), JSON.stringify(registry.login));
    const { output } = await registry.pushedBy(stack);
    assert.doesNotMatch(output, /index of image/);
  });
});
