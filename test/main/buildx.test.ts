import * as assert from "node:assert/strict";
import { skipWithout } from "../hosts";
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";

import { prepareTools } from "../../tools";
import { getBaseImage, getMachines, type Machines } from "./fixture";
import { trusting } from "./image";
import { Stack, temporaryDirectory, waitFor } from "./stack";

describe("buildx and the registration", function () {
  this.timeout(300_000);
  let machines: Machines;
  let stack: Stack;
  let buildx: string;
  let builderName: string;
  const theirs = JSON.stringify({ Name: "theirs", Driver: "remote", Nodes: [], Dynamic: false });

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots"]);
    machines = await getMachines();
    [{ path: buildx }] = await prepareTools(["buildx"]);
    const base = await getBaseImage();
    const nodes = [machines.amd64.remoteNode(), { kind: "local", platform: "linux/arm64" }];
    const image = { context: "./app", platforms: ["linux/amd64"], tags: [`${machines.registry.host}/buildx:1`] };
    stack = await Stack.create(
      { builder: { nodes }, images: { app: image } },
      { environment: trusting(machines.registry) },
    );
    stack.write("app/Dockerfile", `FROM ${base}\nRUN sleep 20\n`);
    fs.mkdirSync(instances(stack.home), { recursive: true });
    fs.writeFileSync(path.join(instances(stack.home), "theirs"), theirs);
  });

  it("recipe 4: reads and uses it while the relay lives: ls, inspect, build", async () => {
    const up = stack.start("up", "--yes", "--skip-preview");
    await waitFor("the build", () => /RUN sleep/.test(up.output()), 60);
    builderName = /registered builder (\S+)/.exec(up.output())![1];

    const listed = await run("ls");
    assert.match(listed, new RegExp(`${builderName}\\s+remote`));
    assert.match(listed, /amd64\s+\\_ unix:\/\/\S+amd64\.sock\s+running\s+v0\.33\.1\s+linux\/amd64\*/);
    const inspected = await run("inspect", builderName);
    assert.match(inspected, /Name:\s+amd64\nEndpoint:\s+unix:.*\nStatus:\s+running/);

    const context = temporaryDirectory("buildx");
    fs.writeFileSync(path.join(context, "Dockerfile"), "FROM scratch\nCOPY Dockerfile /\n");
    const out = temporaryDirectory("out");
    await run("build", "--builder", builderName, "--platform", "linux/amd64", "-o", `type=local,dest=${out}`, context);
    assert.deepEqual(fs.readdirSync(out), ["Dockerfile"]);

    const { code, output } = await up.done;
    assert.equal(code, 0, output);
  });

  it("recipe 2: is what `buildx create` and `create --append` would write", async () => {
    const ours = fs.readFileSync(path.join(instances(stack.home), builderName), "utf8");
    const [amd64, arm64] = (JSON.parse(ours) as { Nodes: { Name: string; Endpoint: string }[] }).Nodes;
    const home = temporaryDirectory("create");
    const create = ["create", "--driver", "remote", "--name", builderName];
    await run({ home }, ...create, "--node", amd64.Name, "--platform", "linux/amd64", amd64.Endpoint);
    await run({ home }, ...create, "--append", "--node", arm64.Name, "--platform", "linux/arm64", arm64.Endpoint);
    assert.equal(ours, fs.readFileSync(path.join(instances(home), builderName), "utf8"));
  });

  it("leaves a builder that was there before untouched", () => {
    assert.equal(fs.readFileSync(path.join(instances(stack.home), "theirs"), "utf8"), theirs);
  });

  function instances(home: string): string {
    return path.join(home, ".docker/buildx/instances");
  }

  async function run(...args: (string | { home: string })[]): Promise<string> {
    const [first, ...rest] = args;
    const home = typeof first === "string" ? stack.home : first.home;
    const words = (typeof first === "string" ? args : rest) as string[];
    const { stdout } = await promisify(execFile)(buildx, words, { env: { PATH: process.env.PATH, HOME: home } });
    return stdout;
  }
});
