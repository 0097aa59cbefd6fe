import * as assert from "node:assert/strict";

import { skipWithout } from "../hosts";
import type { Stack } from "../main/stack";
import { amd64Spec, writeApp } from "./amd64";
import { assertAllIsCalledByDeployer, createDeployer, type Deployer } from "./deployer";
import { createStack, type Ec2Machines, getEc2 } from "./fixture";

describe("a builder with an aws provider of its own", function () {
  this.timeout(600_000);
  let ec2: Ec2Machines;
  let deployer: Deployer | undefined;
  let stack: Stack;

  before(async function () {
    skipWithout(this, ["cloud", "debian roots"]);
    ec2 = await getEc2();
    deployer = await createDeployer(ec2.cloud);
    const { provider, environment } = deployer;
    stack = await createStack({ ...(await amd64Spec({ name: "provider" })), provider }, { environment });
    await writeApp(stack);
  });

  after(() => deployer?.remove());

  it("is woken with that provider's region, profile, endpoints and role", async () => {
    await ec2.cloud.forgetCalls();
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    await assertAllIsCalledByDeployer(ec2.cloud);
    assert.doesNotMatch(stack.stateText(), /"secretKey"\s*:\s*"[^"]*of-the-tests/);
    const destroyed = await stack.run("destroy", "--yes", "--skip-preview");
    assert.equal(destroyed.code, 0, destroyed.output);
  });
});
