import * as assert from "node:assert/strict";

import type { Fault } from "../cloud/cloud";
import { skipWithout } from "../hosts";
import type { Stack } from "../main/stack";
import { nightly } from "../tier";
import { type Amd64Outputs, amd64Spec, createAmd64Stack, writeApp } from "./amd64";
import { destroyInAll } from "./destroy";
import { buildkitRelease, createStack, type Ec2Machines, getEc2 } from "./fixture";
import { instanceOf, waitForState } from "./node";

const wakeTimeoutSeconds = 40;

describe("what goes wrong on EC2 is told with its reason, within the deadline", function () {
  this.timeout(600_000);
  let ec2: Ec2Machines;

  before(async function () {
    skipWithout(this, ["cloud", "debian roots"]);
    ec2 = await getEc2();
  });

  afterEach(async () => ec2?.cloud.faults());

  async function failsWith(stack: Stack, ...expected: RegExp[]): Promise<void> {
    const { code, output, seconds } = await stack.up();
    assert.notEqual(code, 0, output);
    for (const each of expected) {
      assert.match(output, each);
    }
    // The machine is made first, which takes its own time.
    assert.ok(seconds < wakeTimeoutSeconds + 60, `it took ${seconds} s`);
    await ec2.cloud.faults();
    await destroyInAll(stack);
  }

  nightly.it("a wrong checksum of BuildKit", async () => {
    const release = await buildkitRelease();
    const archives = { "linux/amd64": { ...release.archives["linux/amd64"]!, sha256: "0".repeat(64) } };
    const builder = { wakeTimeoutSeconds, ec2: { buildkit: { ...release, archives } } };
    const stack = await createAmd64Stack({ name: "checksum", builder });
    await failsWith(stack, /node amd64 .*SHA-256|checksum/s);
  });

  it("an archive that is not there", async () => {
    const release = await buildkitRelease();
    const archives = { "linux/amd64": { url: "https://downloads.test:8443/none.tar.gz", sha256: "0".repeat(64) } };
    const builder = { wakeTimeoutSeconds, ec2: { buildkit: { ...release, archives } } };
    const stack = await createAmd64Stack({ name: "missing", builder });
    await failsWith(stack, /node amd64 .*404/s);
  });

  it("user data that fails", async () => {
    const spec = await amd64Spec({ name: "userdata", builder: { wakeTimeoutSeconds } });
    const stack = await createStack({
      ...spec,
      userData: "#!/bin/sh\necho this AMI is not for us >/dev/console\nexit 1\n",
    });
    await writeApp(stack);
    await failsWith(stack, /node amd64 .* did not answer within 40 s/, /this AMI is not for us/);
  });

  // As user data that fails: nothing answers, and the console is shown.
  nightly.it("a node that never boots", async () => {
    await ec2.cloud.faults({ machine: "never-boots" });
    const stack = await createAmd64Stack({ name: "dead", builder: { wakeTimeoutSeconds } });
    await failsWith(stack, /node amd64 .* did not answer within 40 s/, /console/);
  });

  const refusedLaunches: [title: string, fault: Fault, expected: RegExp][] = [
    [
      "no capacity for a new instance",
      {
        operation: "RunInstances",
        code: "InsufficientInstanceCapacity",
        message: "We currently do not have sufficient m7a.large capacity in the Availability Zone you requested.",
      },
      /InsufficientInstanceCapacity/,
    ],
    ["an instance that AWS ends at once", { machine: "ends-at-once" }, /Server\.InternalError|terminated/],
  ];
  for (const [title, fault, expected] of refusedLaunches) {
    it(title, async () => {
      await ec2.cloud.faults(fault);
      const stack = await createAmd64Stack({ name: "launch", builder: { wakeTimeoutSeconds } });
      await failsWith(stack, expected);
    });
  }

  describe("at the start of a stopped node", () => {
    let stack: Stack;
    let instanceId: string;

    before(async () => {
      stack = await createAmd64Stack({ name: "stopped", builder: { wakeTimeoutSeconds, idleTimeoutMinutes: 5 } });
      const { code, output } = await stack.up();
      assert.equal(code, 0, output);
      const { builderName } = await stack.outputs<Amd64Outputs>();
      instanceId = (await instanceOf(ec2.cloud, builderName, "amd64")).id;
      await ec2.cloud.retire(instanceId);
      await waitForState(ec2.cloud, instanceId, "stopped", 60);
    });

    const refusedStarts: [title: string, fault: Fault, ...expected: RegExp[]][] = [
      [
        "no capacity",
        {
          operation: "StartInstances",
          code: "InsufficientInstanceCapacity",
          message: "We currently do not have sufficient capacity.",
        },
        /m7a\.large/,
        /us-east-1[a-f]/,
      ],
      [
        "no quota",
        {
          operation: "StartInstances",
          code: "VcpuLimitExceeded",
          message: "You have requested more vCPU capacity than your current vCPU limit of 4 allows.",
        },
        /L-1216C47A/,
      ],
      [
        "no permission",
        {
          operation: "StartInstances",
          code: "UnauthorizedOperation",
          message: "You are not authorized to perform this operation. Encoded authorization failure message: AAAA",
        },
        /ec2:StartInstances/,
      ],
    ];
    // What each of AWS's refusals becomes is in wake.test.ts, too: here an update shows it.
    for (const [at, [title, fault, ...expected]] of refusedStarts.entries()) {
      (at === 0 ? it : nightly.it)(title, async () => {
        await writeApp(stack, `true # ${title}`);
        await ec2.cloud.faults(fault);
        const { code, output, seconds } = await stack.up();
        assert.notEqual(code, 0, output);
        for (const each of expected) {
          assert.match(output, each);
        }
        assert.doesNotMatch(output, /AAAA/);
        assert.ok(seconds < wakeTimeoutSeconds, `it took ${seconds} s: ${output}`);
      });
    }

    it("and when the reason is gone, the next update builds on the same node", async () => {
      const { code, output } = await stack.up();
      assert.equal(code, 0, output);
      const { nodes } = await stack.outputs<Amd64Outputs>();
      assert.equal(nodes[0].instanceId, instanceId);
      await destroyInAll(stack);
    });
  });
});
