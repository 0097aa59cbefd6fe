import * as assert from "node:assert/strict";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { prepareTools, type Tool } from "../../tools";
import { type NamespaceNode, type Registry, skipWithout, startNamespaceNode, startRegistry } from "../hosts";
import { getMachines } from "../main/fixture";
import { skopeo, trusting } from "../main/image";
import { localDaemons } from "../main/processes";
import { Stack, waitFor } from "../main/stack";

const password = crypto.randomUUID();
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

interface Pushed {
  indexDigest: string;
  ref: string;
  platformDigests: Record<string, string>;
}

describe("a registry that wants a login", function () {
  this.timeout(300_000);
  let registry: Registry;
  let node: NamespaceNode;
  let onPath: Tool[];
  const stacks: Stack[] = [];

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots"]);
    const { run, network, authority } = await getMachines();
    registry = await startRegistry(run, authority, {
      address: network.address,
      credentials: { username: "builder", password },
    });
    node = await startNamespaceNode(run, network, authority, { name: "login", registries: registry.trusted });
    onPath = await prepareTools(["buildkitd", "runc"]);
  });

  after(async () => {
    for (const { pid, daemonPid } of stacks.flatMap(localDaemons)) {
      process.kill(pid, "SIGTERM");
      await waitFor(`the end of ${daemonPid}`, () => !fs.existsSync(`/proc/${daemonPid}/fd`), 40);
    }
  });

  async function stackWith(app: object, environment: NodeJS.ProcessEnv = {}): Promise<Stack> {
    const options = { environment: { ...trusting(registry), ...environment }, onPath };
    const stack = await Stack.create({ builder: {}, images: {} }, options);
    stacks.push(stack);
    declare(stack, app);
    stack.write("app/Dockerfile", dockerfile);
    stack.write("app/word", "one");
    return stack;
  }

  function declare(stack: Stack, app: object, furtherPlatforms?: string[]): void {
    const builder = {
      nodes: [
        { ...node.remoteNode(), name: "one", furtherPlatforms },
        { kind: "local", platform: "linux/arm64", name: "two" },
      ],
    };
    const common = { context: "./app", platforms: ["linux/amd64", "linux/arm64"] };
    stack.declare({ builder, images: { app: { ...common, tags: [tag()], ...app } } });
  }

  const tag = (name = "1") => `${registry.host}/login:${name}`;
  const registries = () => [{ address: registry.host, username: "builder", password }];
  const dockerLogin = () => ({
    auths: { [registry.host]: { auth: Buffer.from(`builder:${password}`).toString("base64") } },
  });

  async function pushedBy(stack: Stack, ...options: string[]): Promise<Pushed & { output: string }> {
    const { code, output } = await stack.up(...options);
    assert.equal(code, 0, output);
    return { ...(await stack.outputs<{ app: Pushed }>()).app, output };
  }

  async function inspect<T>(ref: string, ...options: string[]): Promise<T> {
    const access = ["--creds", `builder:${password}`, "--cert-dir", registry.certificateFolder];
    return JSON.parse(await skopeo("inspect", "--raw", ...options, ...access, `docker://${ref}`)) as T;
  }

  interface Index {
    manifests: { digest: string; platform: { architecture: string } }[];
  }

  async function digestsOf(ref: string): Promise<Record<string, string>> {
    const { manifests } = await inspect<Index>(ref);
    return Object.fromEntries(manifests.map(({ digest, platform }) => [`linux/${platform.architecture}`, digest]));
  }

  describe("that the arguments give", () => {
    let stack: Stack;
    let first: Pushed & { output: string };

    before(async () => {
      stack = await stackWith({ registries: registries(), provenance: "min" });
      first = await pushedBy(stack);
    });

    it("recipe 20, 22: gets one index of what two nodes have pushed, with nothing in Docker's configuration", async () => {
      assert.equal(first.ref, `${tag()}@${first.indexDigest}`);
      assert.deepEqual(await digestsOf(tag()), first.platformDigests);
      assert.deepEqual(Object.keys(first.platformDigests).sort(), ["linux/amd64", "linux/arm64"]);
      for (const architecture of ["amd64", "arm64"]) {
        const byDigest = `${registry.host}/login@${first.platformDigests[`linux/${architecture}`]}`;
        const { config } = await inspect<{ config: Record<string, unknown> }>(byDigest, "--config");
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
      const [{ digest }] = (await inspect<Index>(list)).manifests;
      const { layers } = await inspect<{ layers: { digest: string }[] }>(`${registry.host}/login@${digest}`);
      assert.equal(layers.length, 2);
    });

    it("tells no password, nor keeps one in clear", () => {
      assert.ok(!first.output.includes(password));
      assert.ok(!stack.stateText().includes(password));
    });

    it("is not asked by a preview or an `up` without a change", async () => {
      const preview = await stack.preview("--expect-no-changes");
      assert.equal(preview.code, 0, preview.output);
      const second = await pushedBy(stack, "--expect-no-changes");
      assert.doesNotMatch(second.output, /is awake|building/);
      assert.deepEqual({ ...second, output: "" }, { ...first, output: "" });
    });

    it("gets another tag of the same manifests, without a build", async () => {
      declare(stack, { registries: registries(), tags: [tag("2")] });
      const preview = await stack.preview();
      assert.match(preview.output, /index of image app would be built: other `tags`\n\s+on node one/, preview.output);
      const second = await pushedBy(stack);
      assert.match(second.output, /building index of image app: other `tags`/);
      assert.doesNotMatch(second.output, /building image|node two .*is awake/);
      assert.deepEqual(second.platformDigests, first.platformDigests);
      assert.deepEqual(await digestsOf(tag("2")), first.platformDigests);
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
      const second = await pushedBy(stack);
      assert.notEqual(second.indexDigest, first.indexDigest);
      assert.deepEqual(await digestsOf(tag("2")), second.platformDigests);
    });

    it("gets all of it again after it has lost it, from the cache of the node", async () => {
      await wipe(await stack.outputs<{ app: Pushed }>());
      const again = await pushedBy(stack, "--refresh");
      assert.doesNotMatch(again.output, /building image/);
      assert.deepEqual(await digestsOf(tag("2")), again.platformDigests);
    });

    it("gets it built again where no node has it, by what the error says", async () => {
      await wipe(await stack.outputs<{ app: Pushed }>());
      const { run, network, authority } = await getMachines();
      node = await startNamespaceNode(run, network, authority, { name: "new", registries: registry.trusted });
      declare(stack, { registries: registries(), tags: [tag("2")] });
      const { code, output } = await stack.up("--refresh");
      assert.notEqual(code, 0, output);
      assert.match(output, /What the nodes have pushed for a platform is no longer in the registry/);
      const urns = ["app-linux-amd64", "app-linux-arm64"].flatMap((name) => {
        const [urn] = new RegExp(`urn:pulumi:[^"\\s]+::${name}(?=")`).exec(stack.stateText()) ?? [];
        return ["--replace", urn ?? name];
      });
      const again = await pushedBy(stack, ...urns);
      assert.deepEqual(await digestsOf(tag("2")), again.platformDigests);
    });
  });

  async function wipe({ app }: { app: Pushed }): Promise<void> {
    const statuses = await fetchWithLogin("DELETE", ...Object.values(app.platformDigests), app.indexDigest);
    assert.deepEqual(statuses, [202, 202, 202]);
  }

  async function fetchWithLogin(method: string, ...digests: string[]): Promise<number[]> {
    const { request } = await import("node:https");
    const ca = fs.readFileSync(registry.caFile);
    const ask = (digest: string) =>
      new Promise<number>((resolve, reject) => {
        const options = { method, ca, auth: `builder:${password}` };
        const sent = request(`${registry.url}/v2/login/manifests/${digest}`, options, (answer) => {
          answer.resume().once("end", () => resolve(answer.statusCode ?? 0));
        });
        sent.once("error", reject).end();
      });
    return Promise.all(digests.map(ask));
  }

  it("gets three platforms of two nodes, under tags of two repositories", async () => {
    const platforms = ["linux/386", "linux/amd64", "linux/arm64"];
    const tags = [tag("three"), `${registry.host}/other:three`];
    const stack = await stackWith({});
    declare(stack, { registries: registries(), platforms, tags }, ["linux/386"]);
    const { platformDigests } = await pushedBy(stack);
    assert.deepEqual(Object.keys(platformDigests).sort(), platforms);
    for (const each of tags) {
      assert.deepEqual(await digestsOf(each), platformDigests);
    }
  });

  it("can't get an image that BuildKit would change where it puts platforms together", async () => {
    const stack = await stackWith({ registries: registries(), tags: [tag("onbuild")] });
    stack.write("app/Dockerfile", "FROM scratch\nCOPY word /\nONBUILD COPY word /again\n");
    const { code, output } = await stack.up();
    assert.notEqual(code, 0, output);
    assert.match(
      output,
      /holds sha256:\w+ for linux\/amd64, and its node has pushed sha256:\w+. A Dockerfile with ONBUILD/,
    );
  });

  describe("that an image needs which is pushed as a whole, with its cache in it", () => {
    const whole = () => ({ registries: registries(), tags: [tag("whole")], cacheTo: [{ inline: {} }] });

    it("recipe 20, 22: gets no index by `registries` alone, and cause and fix are told before a node wakes", async () => {
      const { code, output } = await (await stackWith(whole())).up();
      assert.notEqual(code, 0, output);
      assert.match(output, /wants a login that Docker's configuration lacks/);
      assert.match(output, /pushes the index of several nodes with Docker's own login, not with `registries`/);
      assert.doesNotMatch(output, /is awake/);
    });

    it("recipe 20: gets it with a login in the environment", async () => {
      await pushedBy(await stackWith(whole(), { DOCKER_AUTH_CONFIG: JSON.stringify(dockerLogin()) }));
    });
  });

  it("recipe 20: gets an image with Docker's own login alone", async () => {
    const stack = await stackWith({ tags: [tag("docker")] });
    fs.mkdirSync(path.join(stack.home, ".docker"), { recursive: true });
    fs.writeFileSync(path.join(stack.home, ".docker/config.json"), JSON.stringify(dockerLogin()));
    const { output } = await pushedBy(stack);
    assert.doesNotMatch(output, /index of image/);
  });
});
