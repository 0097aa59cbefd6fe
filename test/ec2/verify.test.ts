import * as assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import type { Life } from "../../tools/verify/life";
import { startEcr } from "../cloud/ecr";
import { testPulumiHome } from "../cloud/plugins/install";
import { skipWithout } from "../hosts";
import { compiled } from "../main/compiled";
import { trusting } from "../main/image";
import { temporaryDirectory, waitFor } from "../main/stack";
import { nightly } from "../tier";
import { buildkitRelease, type Ec2Machines, getBaseImage, getEc2 } from "./fixture";
import { record } from "./timings";

const repository = path.resolve(__dirname, "../..");

/** A run that was started, and the folder that its report goes to. */
interface Run {
  child: ChildProcess;
  folder: string;
  output: () => string;
  done: Promise<number | null>;
}

/** In the tests' account, with an x86 node alone: that of both platforms is in life.test.ts. */
nightly.describe("npm run verify:aws", function () {
  this.timeout(1_200_000);
  let ec2: Ec2Machines;
  let environment: NodeJS.ProcessEnv;

  before(async function () {
    skipWithout(this, ["cloud", "debian roots", "skopeo"]);
    ec2 = await getEc2();
    const { run, authority, registry, cloud } = ec2;
    const ecr = await startEcr(run, authority, registry, { address: new URL(registry.url).hostname });
    await cloud.change({ ecrHost: ecr.host });
    environment = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TMPDIR: os.tmpdir(),
      MULTI_PLATFORM_IMAGE_CACHE: process.env.MULTI_PLATFORM_IMAGE_CACHE,
      ...trusting(ecr),
      ...cloud.environment(),
      PULUMI_HOME: await testPulumiHome(),
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      VERIFY_AWS_BASE_IMAGE: await getBaseImage(),
      VERIFY_AWS_PLATFORMS: "linux/amd64",
      VERIFY_AWS_EC2: JSON.stringify({
        buildkit: await buildkitRelease(),
        ingress: { from: "caller", address: cloud.vpc.callerAddress },
      }),
    };
  });

  function start(...args: string[]): Run {
    const folder = temporaryDirectory("report");
    const command = ec2.cloud.enter([
      process.execPath,
      path.join(repository, "tools/run.js"),
      "verifyAws",
      "--yes",
      ...args,
    ]);
    const child = spawn(command[0], command.slice(1), {
      env: { ...environment, INIT_CWD: folder },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let output = "";
    const collect = (data: Buffer) => (output += data.toString());
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    const done = new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    return { child, folder, output: () => output, done };
  }

  function reportOf({ folder }: Run): { text: string; life: Life } {
    const read = (name: string): string => fs.readFileSync(path.join(folder, name), "utf8");
    return { text: read("verify-aws.md"), life: JSON.parse(read("verify-aws.json")) as Life };
  }

  async function assertNothingLeft(run: Run): Promise<void> {
    const found = Object.entries(await ec2.cloud.inventory()).filter(([, those]) => (those as unknown[]).length > 0);
    assert.deepEqual(Object.fromEntries(found), {});
    assert.deepEqual(reportOf(run).life.leftovers, []);
    const [, project = ""] = /project and state: (\S+)/.exec(run.output()) ?? [];
    assert.equal(fs.existsSync(project), false, `${project} is still there`);
  }

  it("runs the whole life of a builder, and leaves nothing but its report", async () => {
    const run = start("--with-documented-policies");
    assert.equal(await run.done, 0, run.output());
    const { text, life } = reportOf(run);
    assert.match(text, /^# npm run verify:aws: everything holds$/m);
    assert.match(text, /GetParameter of NAME:VERSION checked against parameter\/NAME\? (yes|no): /);
    assert.match(
      text,
      /a fleet's launch tell of its template, .*\? yes: ephemeral nodes were launched with build-ephemeral/,
    );
    assert.match(text, /meet ec2:IsLaunchTemplateResource for its network-interface\? (yes|no): /);
    assert.doesNotMatch(text + JSON.stringify(life), /123456789012/);
    for (const { name, asserts, seconds } of life.rows) {
      record("verify:aws", name, seconds);
      assert.match(text, new RegExp(`^\\| ${name} +\\| +${seconds.toFixed(1)} +\\| ${asserts} +\\| ok +\\|$`, "m"));
    }
    assert.deepEqual(
      life.rows.map(({ name }) => name),
      [
        "first build",
        "questions",
        "up, nothing changed",
        "preview",
        "changed file",
        "idle",
        "up --refresh, nodes stopped",
        "wake with cache",
        "changed idle time",
        "ephemeral nodes",
        "destroy",
        "nothing left",
      ],
    );
    await assertNothingLeft(run);
  });

  it("runs the examples after it, as their users have them, and leaves nothing of these either", async () => {
    const library = temporaryDirectory("library");
    const main = JSON.stringify(await compiled(path.resolve(__dirname, "../farm/exampleLibrary")));
    fs.writeFileSync(path.join(library, "index.js"), `module.exports = require(${main});\n`);
    // For the program's types, which Pulumi checks.
    const types = JSON.stringify(path.join(repository, "components"));
    fs.writeFileSync(path.join(library, "index.d.ts"), `export * from ${types};\n`);
    const account = path.join(library, "account.json");
    const location = `docker-image://${environment.VERIFY_AWS_BASE_IMAGE}`;
    const baseImages = { "public.ecr.aws/docker/library/node:22-alpine": { location } };
    const ec2Arguments = JSON.parse(environment.VERIFY_AWS_EC2 ?? "{}") as unknown;
    const platforms = ["linux/amd64"];
    fs.writeFileSync(account, JSON.stringify({ ec2: ec2Arguments, baseImages, platforms }));
    Object.assign(environment, { VERIFY_AWS_LIBRARY: library, EXAMPLE_ACCOUNT: account });
    const run = start("--examples");
    await run.done;
    const { text, life } = reportOf(run);
    const examples = life.rows
      .filter(({ name }) => name.startsWith("example "))
      .map(({ name, error }) => [name, error]);
    const [[ecs, failure], farm] = examples as [[string, string | undefined], unknown];
    assert.equal(ecs, "example ecs-fargate", text);
    // The tests' base image has no node to run: what fails is destroyed and told, too. Its services are in farm/exampleEcs.
    assert.match(
      failure ?? "it came up",
      /docker-build:index:Image \(api\):\s+error: failed to solve: process .* node -p/,
      text,
    );
    assert.deepEqual(farm, ["example ephemeral-farm", undefined], run.output());
    await assertNothingLeft(run);
  });

  // What a signal stops, and that all is destroyed then, is in test/unit/tools/verifyAws.test.ts.
  it("destroys everything when Ctrl-C ends it while its node boots", async () => {
    const run = start();
    const isBooting = async () => {
      if (run.child.exitCode !== null) throw new Error(`it ended by itself: ${run.output()}`);
      return (await ec2.cloud.instances()).some(
        ({ state, tags }) => state === "running" && "multi-platform-image:verify" in tags,
      );
    };
    await waitFor("the run's instance to boot", isBooting);
    // A terminal sends it to every process of the command.
    process.kill(-(run.child.pid as number), "SIGINT");
    assert.equal(await run.done, 1, run.output());
    const { text, life } = reportOf(run);
    assert.match(text, /^# npm run verify:aws: FAILED$/m);
    const results = Object.fromEntries(life.rows.map(({ name, result }) => [name, result]));
    assert.equal(results["up, nothing changed"], "not run", text);
    assert.deepEqual([results.destroy, results["nothing left"]], ["ok", "ok"], text);
    record(
      "verify:aws",
      "Ctrl-C → nothing left",
      life.rows.reduce((sum, { seconds }) => sum + seconds, 0),
    );
    await assertNothingLeft(run);
  });
});
