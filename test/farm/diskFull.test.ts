import * as assert from "node:assert/strict";

import { type Amd64Outputs, createAmd64Stack, writeApp } from "../ec2/amd64";
import { destroyInAll } from "../ec2/destroy";
import { type Ec2Machines, getEc2 } from "../ec2/fixture";
import { instanceOf } from "../ec2/node";
import { record } from "../ec2/timings";
import { skipWithout } from "../hosts";
import { type Stack, waitFor } from "../main/stack";
import { nightly } from "../tier";

const state = "/var/lib/buildkit";

describe("an EC2 node whose disk is filled to its last byte", function () {
  this.timeout(600_000);
  let ec2: Ec2Machines;
  let stack: Stack;
  let id: string;

  before(async function () {
    skipWithout(this, ["cloud", "debian roots"]);
    ec2 = await getEc2();
    const nodes = [{ kind: "ec2" as const, platform: "linux/amd64" as const, cacheVolumeSizeGibibytes: 1 }];
    stack = await createAmd64Stack({ name: "disk-full", builder: { nodes, idleTimeoutMinutes: 30 } });
    await writeApp(stack, fill(300));
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    ({ id } = await instanceOf(ec2.cloud, (await stack.outputs<Amd64Outputs>()).builderName, "amd64"));
  });

  after(() => destroyInAll(stack));

  const fill = (megabytes: number) => `dd if=/dev/urandom of=/filler bs=1M count=${megabytes}`;
  const free = async (): Promise<string> =>
    ec2.cloud.run(id, ["sh", "-c", `df -m ${state}; ls -l ${state}/spare || true`]);
  const hasSpare = async (): Promise<boolean> =>
    /^yes/.test(await ec2.cloud.run(id, ["sh", "-c", `[ -e ${state}/spare ] && echo yes || echo no`]));

  async function healed(what: string): Promise<void> {
    const { code, output, seconds } = await stack.up();
    assert.equal(code, 0, `${output}\n${await free()}`);
    assert.match(output, /the disk of node amd64 is full; removing what no build uses, to build again/);
    assert.match(output, /node amd64: \d+ MB of its cache were removed/);
    assert.match(await ec2.cloud.console(id), /the space that was kept free for this is given to it/);
    await waitFor("space that is kept free again", hasSpare);
    record("stop-when-idle", `disk full ${what} → the same update succeeds`, seconds);
  }

  // The same code as on a remote node: retries.test.ts.
  nightly.it("is believed no step that only says so: nobody's cache is removed", async () => {
    const records = async (): Promise<string[]> => {
      const ask = "/opt/buildkit/current/buildctl --addr unix:///run/buildkit/buildkitd.sock du";
      const table = await ec2.cloud.run(id, ["sh", "-c", ask]);
      return [...table.matchAll(/^([a-z0-9]{25})\b/gm)].map(([, record]) => record);
    };
    const before = await records();
    assert.ok(before.length > 0);
    await writeApp(stack, "sh -c 'echo no space left on device; exit 1'");
    const { code, output } = await stack.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /the disk of node amd64 has room: its cache stays/);
    assert.doesNotMatch(output, /of its cache were removed/);
    const after = await records();
    assert.deepEqual(
      before.filter((record) => !after.includes(record)),
      [],
    );
  });

  it("by a step, removes what earlier builds left, and the same up succeeds", async () => {
    assert.ok(await hasSpare(), await free());
    await writeApp(stack, fill(400));
    await healed("by a step");
  });
});
