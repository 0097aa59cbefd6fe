import * as assert from "node:assert/strict";

import { amd64Spec } from "../ec2/amd64";
import { destroyInAll } from "../ec2/destroy";
import { createStack, type Ec2Machines, getBaseImage, getEc2 } from "../ec2/fixture";
import { instanceOf, waitForSleep } from "../ec2/node";
import { skipWithout } from "../hosts";
import { type Stack, temporaryDirectory } from "../main/stack";

const sleeps = 25;
const secret = "of-the-first-stack-alone";

describe("two builds of two stacks on one node", function () {
  this.timeout(600_000);
  let ec2: Ec2Machines;
  let base: string;
  let owner: Stack;
  let other: Stack;

  before(async function () {
    skipWithout(this, ["cloud", "debian roots"]);
    ec2 = await getEc2();
    base = await getBaseImage();
    const [program, backend] = [`${__dirname}/program`, temporaryDirectory("state")];
    const { builder } = await amd64Spec({ name: "isolation", builder: { idleTimeoutMinutes: 30 } });
    const images = (name: string, secrets: Record<string, string>) => ({
      app: { context: "./app", platforms: ["linux/amd64"], tags: [`${ec2.registry.host}/${name}:1`], secrets },
    });
    const project = "first";
    owner = await createStack({ builder, images: {} }, { program, project, backend });
    assert.equal((await owner.up()).code, 0);
    owner.declare({ builder, images: images("first", { token: secret }) });
    const spec = { owner: `organization/${project}/dev`, images: images("second", { token: "of-the-second" }) };
    other = await createStack(spec, { program, project: "second", backend });
  });

  after(async () => {
    await destroyInAll(other);
    await destroyInAll(owner);
  });

  const write = (stack: Stack, step: string) => stack.write("app/Dockerfile", `FROM ${base}\n${step}\n`);

  it("see neither each other's processes nor each other's secrets", async () => {
    write(
      owner,
      `RUN --mount=type=secret,id=token,env=TOKEN --mount=type=secret,id=token test -s /run/secrets/token && sleep ${sleeps}`,
    );
    const first = owner.start("up", "--yes", "--skip-preview");
    const { builderName } = await owner.outputs<{ builderName: string }>();
    const { id } = await instanceOf(ec2.cloud, builderName, "amd64");
    await waitForSleep(ec2.cloud, id, sleeps);
    // On the node itself the step's secret is seen, so that it is there to be found.
    assert.notEqual(await ec2.cloud.run(id, ["sh", "-c", `grep -lz TOKEN=${secret} /proc/[0-9]*/environ`]), "");
    const look = [
      "! grep -qx sleep /proc/[0-9]*/comm",
      "! cat /proc/[0-9]*/environ | grep -qz ^TOKEN=",
      `test "$(cat /run/secrets/token)" = of-the-second`,
      `! grep -rqs of-the-first-stack /run /tmp /dev/shm`,
      "echo nothing of the other is here",
    ];
    write(other, `RUN --mount=type=secret,id=token ${look.join(" && ")}`);
    const second = await other.up();
    assert.equal(second.code, 0, second.output);
    assert.match(second.output, /nothing of the other is here/);
    await ec2.cloud.run(id, ["pgrep", "-xf", `sleep ${sleeps}`]);
    const { code, output } = await first.done;
    assert.equal(code, 0, output);
    assert.ok(!output.includes(secret) && !second.output.includes(secret), "a secret is in a log");
  });
});
