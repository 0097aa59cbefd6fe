import * as assert from "node:assert/strict";

import { SSM } from "@aws-sdk/client-ssm";

import { parameterNames } from "../../components/nodes/ec2/connection";
import { liveClaims, parseLease } from "../../components/nodes/ec2/run/claims";
import { builderNameOf, firstRunning, meanwhile } from "../farm/builds";
import { skipWithout } from "../hosts";
import { pythonStack } from "../main/languages/stack";
import { isRunning, killEngine, pluginsOf } from "../main/processes";
import { type Stack, waitFor } from "../main/stack";
import { nightly } from "../tier";
import { amd64Spec, writeApp } from "./amd64";
import { assertAllIsCalledByDeployer, createDeployer, type Deployer } from "./deployer";
import { createStack, type Ec2Machines, getEc2 } from "./fixture";
import { waitForSleep, waitForState } from "./node";

const sleeps = 1302;
/** Of a minute of the nodes' timeouts. */
const minuteSeconds = 15;

// What is the plugin's own; its hooks on EC2 are the library's, which provider.test.ts and killed.test.ts show in `npm test`.
nightly.describe("a program in Python whose builder has an EC2 node", function () {
  this.timeout(900_000);
  let ec2: Ec2Machines;
  let deployer: Deployer | undefined;
  let stack: Stack;

  before(async function () {
    skipWithout(this, ["cloud", "debian roots", "python", "go"]);
    ec2 = await getEc2({ minuteSeconds });
    deployer = await createDeployer(ec2.cloud);
    const { provider, environment } = deployer;
    const spec = { ...(await amd64Spec({ name: "languages" })), provider };
    stack = await pythonStack(spec, { create: createStack, requirements: "requirementsAws.txt", environment });
    await writeApp(stack, "true", "infra");
  });

  after(() => deployer?.remove());

  async function claims(): Promise<string[]> {
    const ssm = new SSM(ec2.cloud.client);
    const { Parameter } = await ssm.getParameter({ Name: parameterNames.lease(builderNameOf(stack)) });
    return Object.keys(liveClaims(parseLease(Parameter?.Value), Date.now() / 1_000));
  }

  it("is woken with the region, profile, endpoints and role of the aws provider in `providers`", async () => {
    await ec2.cloud.forgetCalls();
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    await assertAllIsCalledByDeployer(ec2.cloud);
    assert.doesNotMatch(stack.stateText(), /PRIVATE KEY/);
  });

  it("its engine is killed in the middle of a build: plugin and lease end, and the node stops by its own timer", async () => {
    await writeApp(stack, `sleep ${sleeps}`, "infra");
    const up = stack.start("up", "--yes", "--skip-preview");
    const instanceId = await meanwhile(up.done, firstRunning(ec2.cloud, builderNameOf(stack)));
    await meanwhile(up.done, waitForSleep(ec2.cloud, instanceId, sleeps));
    assert.equal((await claims()).length, 1);
    const plugins = pluginsOf(up);
    assert.ok(plugins.length > 0);
    const begin = Date.now();
    const seconds = () => ((Date.now() - begin) / 1_000).toFixed(1);
    const endOthers = await killEngine(up);
    await waitFor("the plugin's end", () => plugins.every((pid) => !isRunning(pid)), 5);
    console.log(`      the plugin's end: ${seconds()} s after the engine's`);
    await waitFor("the claim's end", async () => (await claims()).length === 0, 60);
    console.log(`      the claim's end: ${seconds()} s`);
    await waitForState(ec2.cloud, instanceId, "stopped", 120);
    console.log(`      the node's stop: ${seconds()} s, with an idle timeout of ${minuteSeconds} s`);
    endOthers();
  });

  it("leaves nothing after destroy", async () => {
    assert.equal((await stack.run("cancel", "--yes")).code, 0);
    const { code, output } = await stack.run("destroy", "--yes", "--skip-preview");
    assert.equal(code, 0, output);
    await deployer?.remove();
    deployer = undefined;
    const left = Object.entries(await ec2.cloud.inventory()).filter(([, those]) => (those as unknown[]).length > 0);
    assert.deepEqual(Object.fromEntries(left), {});
  });
});
