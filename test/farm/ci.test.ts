import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { parse } from "yaml";

import type { Ecr } from "../cloud/ecr";
import { destroyInAll } from "../ec2/destroy";
import { type Ec2Machines, getEc2, openEcr } from "../ec2/fixture";
import { hookCalls } from "../ec2/node";
import { record } from "../ec2/timings";
import { skipWithout } from "../hosts";
import { pullFiles } from "../main/image";
import { type Stack, temporaryDirectory } from "../main/stack";
import { createExampleStack } from "./exampleStack";

const example = path.resolve(__dirname, "../../examples/ci");

interface Outputs {
  ref: string;
  indexDigest: string;
}

/** The commands of a pipeline, which a test runs, and its words that set up a runner. */
function read(file: string): { commands: string[]; text: string } {
  const text = fs.readFileSync(path.join(example, file), "utf8");
  const { jobs, deploy } = parse(text) as {
    jobs?: { deploy: { steps: { run?: string }[] } };
    deploy?: { script: string[] };
  };
  const commands = deploy?.script ?? jobs?.deploy.steps.flatMap(({ run }) => run ?? []) ?? [];
  return { commands, text };
}

// Each on a runner of its own: a checkout in another folder, another HOME, nothing that another job has left. What is not
// run is `npm ci`: the library is in no registry yet, and is put where it would be.
describe("the pipelines of the example", function () {
  this.timeout(600_000);
  let ec2: Ec2Machines;
  let ecr: Ecr;
  const backend = temporaryDirectory("state");
  const runners: Stack[] = [];

  before(async function () {
    skipWithout(this, ["cloud", "debian roots"]);
    ec2 = await getEc2();
    ecr = await openEcr();
  });

  after(() => destroyInAll(runners[0], "--stack", "prod"));

  async function newRunner(): Promise<Stack> {
    const runner = await createExampleStack("ci", ecr, { backend });
    runners.push(runner);
    return runner;
  }

  /** Runs a job. Says what its last command printed, and how the stack is after it. */
  async function run(file: string, runner: Stack, event: string): Promise<{ output: string; outputs: Outputs }> {
    const begin = Date.now();
    const [install, ...commands] = read(file).commands;
    assert.equal(install, "npm ci");
    let output = "";
    for (const command of commands) {
      const [program, ...args] = command.split(" ");
      assert.equal(program, "pulumi");
      const outcome = await runner.run(...args);
      assert.equal(outcome.code, 0, outcome.output);
      ({ output } = outcome);
    }
    record("ci", `${file}, ${event}`, (Date.now() - begin) / 1000);
    return { output, outputs: await runner.outputs<Outputs>() };
  }

  const changedFile = (runner: Stack) => runner.write("app/server.js", "// changed\n");

  async function builtOn(ref: string): Promise<number> {
    // ECR is a front of the account's registry.
    const files = await pullFiles(ec2.registry, ref.replace(ecr.host, ec2.registry.host).replace(/:[^:@]+@/, "@"));
    return fs.statSync(path.join(files, "app/built-on")).mtimeMs;
  }

  it("need no QEMU, no buildx, no Docker and no matrix", () => {
    for (const file of ["github-actions.yml", "gitlab-ci.yml"]) {
      assert.doesNotMatch(read(file).text, /qemu|buildx|docker|matrix|services:|privileged/i);
    }
    assert.deepEqual(read("github-actions.yml").commands, read("gitlab-ci.yml").commands);
  });

  it("recipe 18: GitHub Actions builds and pushes; the next job, on a new runner, has nothing to do", async () => {
    const first = await run("github-actions.yml", await newRunner(), "first build");
    assert.match(first.outputs.ref, new RegExp(`^${ecr.host}/web-[0-9a-f]+:.*@${first.outputs.indexDigest}$`));
    await ec2.cloud.forgetCalls();
    const second = await run("github-actions.yml", await newRunner(), "no-op, on a new runner");
    assert.deepEqual(second.outputs, first.outputs);
    assert.deepEqual(await hookCalls(ec2.cloud), []);
    assert.doesNotMatch(second.output, /updated \(|created \(|replaced \(/);
  });

  it("recipe 19: GitLab CI goes on with the same stack and the nodes' caches", async () => {
    const { ref } = await runners[0].outputs<Outputs>();
    const runner = await newRunner();
    changedFile(runner);
    const { outputs } = await run("gitlab-ci.yml", runner, "a file changed, on a new runner");
    assert.notEqual(outputs.ref, ref);
    assert.equal(await builtOn(outputs.ref), await builtOn(ref), "a step that did not change ran again");
  });
});
