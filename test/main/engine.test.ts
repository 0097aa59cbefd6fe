import * as assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";

import { containerImage } from "../../components/buildkit/containerImage";
import { prepareTools } from "../../tools";
import { type DockerEngine, loadBuildkitImage, skipWithout, startDockerEngine } from "../hosts";
import { getBaseImage, getMachines, type Machines } from "./fixture";
import { inspectIndex, trusting } from "./image";
import { Stack, temporaryDirectory, waitFor } from "./stack";

const nodes = ["linux/amd64", "linux/arm64"].map((platform) => ({ kind: "local", platform }));

describe("local nodes through a Docker engine", function () {
  this.timeout(300_000);
  let machines: Machines;
  let engine: DockerEngine;
  let stack: Stack;
  let registered: string;

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots", "skopeo", "docker engine"]);
    machines = await getMachines();
    engine = await startDockerEngine(machines.run, machines.network);
    await loadBuildkitImage(machines.run, engine, machines.registry, containerImage);
    stack = await create(nodes, "engine");
    stack.write("app/Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY Dockerfile /${TARGETARCH}\n");
  });

  it("recipe 24: build both platforms in one container, and say why and what is not native", async () => {
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    assert.ok(output.includes(`buildkitd is not on PATH, so the Docker engine at ${engine.endpoint} `), output);
    assert.match(output, /not native there: linux\/arm64/);
    registered = /registered builder (\S+)/.exec(output)![1];

    const { app } = await stack.outputs<{ app: { indexDigest: string; platformDigests: object } }>();
    const index = await inspectIndex(machines.registry, `${machines.registry.host}/engine:1`);
    assert.deepEqual(app, { ...app, indexDigest: index.digest, platformDigests: index.platformDigests });
    assert.deepEqual(Object.keys(index.platformDigests).sort(), ["linux/amd64", "linux/arm64"]);
    assert.deepEqual(
      (await containers()).map(({ Names, Image }) => ({ Names, Image })),
      [{ Names: [`/buildx_buildkit_${registered}0`], Image: containerImage }],
    );
  });

  it("are registered as `buildx create` would write it", async () => {
    const [{ path: buildx }] = await prepareTools(["buildx"]);
    const home = temporaryDirectory("create");
    const driver = ["--driver", "docker-container", "--driver-opt", `image=${containerImage}`];
    const node = ["--name", registered, "--node", `${registered}0`, "--platform", "linux/amd64,linux/arm64"];
    const env = { PATH: process.env.PATH, HOME: home };
    await promisify(execFile)(buildx, ["create", ...driver, ...node, engine.endpoint], { env });
    const [ours, theirs] = [stack.home, home].map((each) =>
      fs.readFileSync(path.join(each, ".docker/buildx/instances", registered), "utf8"),
    );
    assert.equal(ours, theirs);
  });

  it("build nothing when nothing changed, and use the same container when something did", async () => {
    const [before] = await containers();
    const unchanged = await stack.up();
    assert.equal(unchanged.code, 0, unchanged.output);
    assert.match(unchanged.output, /Resources:\n\s+4 unchanged/);
    assert.doesNotMatch(unchanged.output, /Docker engine/);
    stack.write("app/Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY Dockerfile /again/${TARGETARCH}\n");
    const changed = await stack.up();
    assert.equal(changed.code, 0, changed.output);
    assert.doesNotMatch(changed.output, /registered builder/);
    assert.deepEqual(
      (await containers()).map(({ Id }) => Id),
      [before.Id],
    );
  });

  it("recipe 22: explain a RUN step of a platform that is not native there", async () => {
    stack.write("app/Dockerfile", `FROM ${await getBaseImage()}\nRUN true\n`);
    const { code, output } = await stack.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /node arm64 \(linux\/arm64, Docker engine unix:\S+\) is not native: RUN steps .* Fix: /);
    assert.doesNotMatch(output, /node amd64 .* is not native|retrying/);
  });

  it("push one index with a login of the arguments, by one container", async () => {
    const login = { address: machines.registry.host, username: "builder", password: "word" };
    const other = await create(nodes, "login", machines.registry.host, { registries: [login] });
    other.write("app/Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY Dockerfile /${TARGETARCH}\n");
    const { code, output } = await other.up();
    assert.equal(code, 0, output);
    const { app } = await other.outputs<{ app: { indexDigest: string; platformDigests: object } }>();
    const index = await inspectIndex(machines.registry, `${machines.registry.host}/login:1`);
    assert.deepEqual(app, { ...app, indexDigest: index.digest, platformDigests: index.platformDigests });
    const names = (await containers()).flatMap(({ Names }) => Names).filter((name) => !name.includes(registered));
    assert.deepEqual(names, [`/buildx_buildkit_${/registered builder (\S+)/.exec(output)?.[1]}0`]);
  });

  it("explain a registry on a loopback that is not the container's", async () => {
    const other = await create(nodes, "loopback", "127.0.0.1:1");
    other.write("app/Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
    const { code, output } = await other.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /that container's loopback is not this machine's\. Fix: a registry at an address/);
    assert.doesNotMatch(output, /retrying/);
  });

  it("fail when the container ends during a build, and say what to do, which helps", async () => {
    stack.write("app/Dockerfile", `FROM --platform=$BUILDPLATFORM ${await getBaseImage()}\nRUN sleep 3\n`);
    const up = stack.start("up", "--yes", "--skip-preview");
    await waitFor("the RUN step", () => /RUN sleep/.test(up.output()));
    await engine.request("POST", `/containers/buildx_buildkit_${registered}0/kill`);
    const { code, output } = await up.done;
    assert.notEqual(code, 0, output);
    assert.match(output, /a connection of BuildKit's container broke, .* Fix: run `pulumi up` again/);
    assert.doesNotMatch(output, /retrying/);
    const again = await stack.up();
    assert.equal(again.code, 0, again.output);
  });

  it("can't share a builder with remote nodes: an error names the cause and the fix", async () => {
    const mixed = await create([machines.amd64.remoteNode(), nodes[1]], "mixed");
    mixed.write("app/Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
    const { code, output } = await mixed.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /node of kind "local" for linux\/arm64: buildkitd is not on PATH, and the Docker engine at/);
    assert.match(output, /can't share a builder with remote nodes, because a builder has one driver\. Fix: /);
  });

  function create(
    declared: unknown[],
    repository: string,
    registry = machines.registry.host,
    further: object = {},
  ): Promise<Stack> {
    const app = { context: "./app", tags: [`${registry}/${repository}:1`], ...further };
    const environment = { ...trusting(machines.registry), DOCKER_HOST: engine.endpoint };
    return Stack.create({ builder: { nodes: declared }, images: { app } }, { environment });
  }

  async function containers(): Promise<{ Id: string; Names: string[]; Image: string }[]> {
    const listed = await engine.request("GET", "/containers/json?all=true");
    return JSON.parse(listed) as { Id: string; Names: string[]; Image: string }[];
  }
});
