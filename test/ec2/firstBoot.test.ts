import * as assert from "node:assert/strict";

import { skipWithout } from "../hosts/requirements";
import type { Stack } from "../main/stack";
import { type Amd64Outputs, createAmd64Stack } from "./amd64";
import { destroyInAll } from "./destroy";
import { type Ec2Machines, getEc2 } from "./fixture";

describe("the first boot of Debian's own image", function () {
  this.timeout(900_000);
  let ec2: Ec2Machines;
  let stack: Stack;

  before(async function () {
    skipWithout(this, ["cloud", "debian roots", "skopeo"]);
    ec2 = await getEc2({ ami: "debian" });
    stack = await createAmd64Stack({
      name: "first-boot",
      builder: { idleTimeoutMinutes: 60, wakeTimeoutSeconds: 400 },
    });
  });

  after(() => destroyInAll(stack));

  it("installs what the image lacks, beside cloud-init, and builds", async () => {
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    const [{ instanceId }] = (await stack.outputs<Amd64Outputs>()).nodes;
    const said = await ec2.cloud.console(instanceId);
    for (const milestone of ["user data started", "packages ready", "BuildKit verified", "buildkitd ready"]) {
      assert.match(said, new RegExp(`multi-platform-image: ${milestone} at`), said);
    }
    assert.doesNotMatch(said, /multi-platform-image: (failed|installing)/);
    const run = (script: string) => ec2.cloud.run(instanceId, ["sh", "-c", script]);
    // What dpkg has unpacked is what it should be; the image of the tests leaves documentation out.
    assert.equal(await run("dpkg --verify iptables git | grep -v ^missing || true"), "");
    await run("test -s /opt/buildkit/current/sizes.json");
    // Some of its modules find no machine of their kind here; that of user data has nothing to say.
    const status = await run("cloud-init status --wait --long || true");
    assert.doesNotMatch(status, /boothook|part-0/i, status);
  });
});
