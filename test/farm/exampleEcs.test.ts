import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { callerPolicy } from "../../components/nodes/ec2/policies/policyTable";
import { builderPattern } from "../../components/nodes/ec2/policies/builderPattern";
import type { Ecr } from "../cloud/ecr";
import type { Policy } from "../cloud/policy";
import { callersOwn, refusals } from "../cloud/refusals";
import { changedResources } from "../ec2/changes";
import { type Ec2Machines, getEc2, openEcr } from "../ec2/fixture";
import { record } from "../ec2/timings";
import { skipWithout } from "../hosts";
import type { Stack } from "../main/stack";
import { nightly, runsAll } from "../tier";
import { createExampleStack } from "./exampleStack";

const folder = path.resolve(__dirname, "../../examples/ecs-fargate");

interface Outputs {
  ref: string;
  indexDigest: string;
  serviceNames: string[];
}

/** The program of the example, unchanged, in an account whose ECS refuses what AWS's refuses: test/cloud/README.md. */
describe("the example ecs-fargate", function () {
  this.timeout(600_000);
  let ec2: Ec2Machines;
  let ecr: Ecr;
  let stack: Stack;
  let first: Outputs;

  before(async function () {
    skipWithout(this, ["cloud", "debian roots"]);
    ec2 = await getEc2();
    ecr = await openEcr();
    await ec2.cloud.forgetCalls();
    stack = await createExampleStack("ecs-fargate", ecr, { platforms: ["linux/amd64", "linux/arm64"] });
    writeApp("first");
  });

  /** Without its RUN step: the emulator of another platform, as Debian has it, can't start a program from a shell. */
  function writeApp(text: string): void {
    stack.write("app/Dockerfile", "FROM public.ecr.aws/docker/library/node:22-alpine\nCOPY server.js .\n");
    stack.write("app/server.js", `console.log("${text}");\n`);
  }

  async function up(event: string, ...extra: string[]): Promise<Outputs> {
    const { code, output, seconds } = await stack.up(...extra);
    assert.equal(code, 0, output);
    record("examples", event, seconds);
    return stack.outputs<Outputs>();
  }

  async function operations(): Promise<string[]> {
    return (await ec2.cloud.calls()).filter(({ service }) => service === "ecs").map(({ operation }) => operation);
  }

  it("ends its first update when both services run the digest of one index", async () => {
    first = await up("ecs-fargate: first, two platforms on one node");
    assert.equal(first.serviceNames.length, 2);
    assert.ok(first.ref.endsWith(`@${first.indexDigest}`));
    const { services, taskDefinitions, networkInterfaces, clusters } = await ec2.cloud.inventory();
    assert.deepEqual(
      [services, taskDefinitions, networkInterfaces, clusters].map(({ length }) => length),
      [2, 2, 2, 1],
    );
    // The services' tasks have pulled it.
    const pulled = ecr.requests.filter(({ path: asked }) => asked.endsWith(`/manifests/${first.indexDigest}`));
    assert.ok(pulled.length >= 2, JSON.stringify(ecr.requests));
  });

  it("changes nothing without a change, nor after a refresh: what ECS fills in is no difference", async () => {
    await ec2.cloud.forgetCalls();
    // What is compared without a refresh is compared after one, too.
    if (runsAll) await up("ecs-fargate: no-op", "--expect-no-changes");
    await up("ecs-fargate: no-op with a refresh", "--refresh", "--expect-no-changes");
    const changing = (await operations()).filter((operation) => !/^(Describe|List)/.test(operation));
    assert.deepEqual(changing, []);
  });

  it("rolls both services over to another digest, and only then takes the old task definitions away", async () => {
    writeApp("second");
    await ec2.cloud.forgetCalls();
    const { indexDigest } = await up("ecs-fargate: another digest");
    assert.notEqual(indexDigest, first.indexDigest);
    const done = (await operations()).filter((operation) => /^(Register|Update|Deregister)/.test(operation));
    assert.deepEqual(done.slice(-2), ["DeregisterTaskDefinition", "DeregisterTaskDefinition"]);
    assert.deepEqual(done.filter((operation) => operation === "UpdateService").length, 2);
    assert.equal((await ec2.cloud.inventory()).taskDefinitions.length, 2);
  });

  nightly.it(
    "takes a network that is let in, another one, and the provider's default tags, and changes nothing else",
    async () => {
      const changed = async (event: string, ...settings: string[]): Promise<string[]> => {
        const set = await stack.run("config", "set", ...settings);
        assert.equal(set.code, 0, set.output);
        const { code, output, seconds } = await stack.up();
        assert.equal(code, 0, output);
        record("examples", event, seconds);
        await up("ecs-fargate: no-op with a refresh", "--refresh", "--expect-no-changes");
        return changedResources(output);
      };
      const rule = "SecurityGroupIngressRule";
      assert.deepEqual(await changed("ecs-fargate: let in", "allowFrom", "203.0.113.7/32"), [`created ${rule}`]);
      assert.deepEqual(await changed("ecs-fargate: let others in", "allowFrom", "203.0.113.0/24"), [`updated ${rule}`]);
      const retagged = await changed("ecs-fargate: default tags", "--path", "aws:defaultTags.tags.team", "builds");
      for (const type of [
        "Cluster",
        "LogGroup",
        "Repository",
        "Role",
        rule,
        "SecurityGroup",
        "Service",
        "TaskDefinition",
      ]) {
        assert.ok(retagged.includes(`updated ${type}`), `${type}: ${retagged.join()}`);
      }
      assert.deepEqual(
        retagged.filter((each) => !each.startsWith("updated ")),
        [],
      );
    },
  );

  it("fails with ECS's own reason where a service's platform is not in the index", async () => {
    const account = JSON.parse(fs.readFileSync(path.join(stack.directory, "account.json"), "utf8")) as object;
    stack.write("account.json", JSON.stringify({ ...account, platforms: ["linux/amd64"] }));
    writeApp("third");
    const { code, output } = await stack.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /ECS Service \(\S+api-arm64-\S+\) update: Service deployment rolled back because of circuit/);
    assert.doesNotMatch(output, /ECS Service \(\S+api-amd64-\S+\) update: Service deployment/);
  });

  it("leaves nothing after destroy, services before what they use", async () => {
    const { code, output } = await stack.run("destroy", "--yes", "--skip-preview");
    assert.equal(code, 0, output);
    const left = Object.entries(await ec2.cloud.inventory()).filter(([, those]) => (those as unknown[]).length > 0);
    assert.deepEqual(Object.fromEntries(left), {});
  });

  it("needs no permission but those of its documented policies", async () => {
    const example = JSON.parse(fs.readFileSync(path.join(folder, "policies/example.json"), "utf8")) as Policy;
    const manage = callerPolicy("manage", { builder: builderPattern("default-builder") });
    const { provider, own } = callersOwn(await ec2.cloud.calls());
    const asked = new Set(provider.map(({ service, operation }) => `${service}:${operation}`));
    for (const action of ["ecs:UpdateService", "ecs:DescribeServiceDeployments", "ecs:DeleteCluster"]) {
      assert.ok(asked.has(action), `${action} was not called`);
    }
    assert.deepEqual(refusals([...provider, ...own], [manage, example]), []);
  });
});
