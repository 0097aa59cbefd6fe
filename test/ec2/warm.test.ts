import * as assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

import { DescribeInstanceAttributeCommand, DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";

import { skipWithout } from "../hosts";
import { pullFiles } from "../main/image";
import { waitFor } from "../main/stack";
import type { Stack } from "../main/stack";
import { nightly } from "../tier";
import { type Amd64Outputs, amd64Spec, createAmd64Stack, writeApp } from "./amd64";
import { destroyInAll } from "./destroy";
import { buildkitRelease, type Ec2Machines, getBaseImage, getEc2 } from "./fixture";
import { instanceOf, waitForSleep } from "./node";
import { record } from "./timings";

const buildctl = "/opt/buildkit/current/buildctl --addr unix:///run/buildkit/buildkitd.sock";
const name = "warm";

describe("a node that is awake", function () {
  this.timeout(900_000);
  let ec2: Ec2Machines;
  let stack: Stack;
  let instanceId: string;

  before(async function () {
    skipWithout(this, ["cloud", "debian roots"]);
    ec2 = await getEc2();
    stack = await createAmd64Stack({ name, builder: { idleTimeoutMinutes: 30 } });
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    assert.match(output, /BuildKit v0\.33\.1/);
    instanceId = (await instanceOf(ec2.cloud, (await stack.outputs<Amd64Outputs>()).builderName, "amd64")).id;
    await recordBoot("first boot");
  });

  after(() => destroyInAll(stack));

  const inside = (script: string): Promise<string> => ec2.cloud.run(instanceId, ["sh", "-c", script]);
  const version = (): Promise<string> => inside(`${buildctl} debug info || true`);

  it("has its keys in Parameter Store alone: not in Pulumi's state in clear, nor in what EC2 shows of it", async () => {
    assert.doesNotMatch(stack.stateText(), /PRIVATE KEY/);
    const ec2Client = new EC2Client(ec2.cloud.client);
    const { UserData } = await ec2Client.send(
      new DescribeInstanceAttributeCommand({ InstanceId: instanceId, Attribute: "userData" }),
    );
    const userData = Buffer.from(UserData?.Value ?? "", "base64").toString();
    const [, packed] = /b85decode\("".join\("""\n([^"]+)"""/.exec(userData) ?? [];
    const unpack =
      "import base64, sys, zlib; print(zlib.decompress(base64.b85decode(''.join(sys.stdin.read().split()))))";
    const files = execFileSync("python3", ["-c", unpack], { input: packed, encoding: "utf8" });
    assert.match(files, /parameters\.json/);
    assert.doesNotMatch(userData + files, /PRIVATE KEY-/);
    const described = await ec2Client.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }));
    assert.doesNotMatch(JSON.stringify(described), /PRIVATE KEY/);
    const { builderName } = await stack.outputs<Amd64Outputs>();
    const ssm = new SSMClient(ec2.cloud.client);
    const parameter = { Name: `/multi-platform-image/${builderName}/nodes/amd64/tls`, WithDecryption: true };
    const { Parameter } = await ssm.send(new GetParameterCommand(parameter));
    assert.equal(Parameter?.Type, "SecureString");
    assert.match(Parameter?.Value ?? "", /PRIVATE KEY/);
  });

  it("gets another BuildKit and idle time without losing a build, its cache, or its boot", async () => {
    const made = await madeOf(stack);
    const base = await getBaseImage();
    // A build of somebody else, which knows nothing of the change.
    await inside(
      `mkdir -p /tmp/other && printf 'FROM ${base}\\nRUN sleep 61\\n' > /tmp/other/Dockerfile && cd /tmp/other && ` +
        `(exec </dev/null >/tmp/other/log 2>&1; ${buildctl} build --frontend dockerfile.v0 --local context=. --local dockerfile=.; echo $? > /tmp/other/code) &`,
    );
    await waitForSleep(ec2.cloud, instanceId, 61);
    const changed = { idleTimeoutMinutes: 20, ec2: { buildkit: await buildkitRelease("next") } };
    stack.declare(await amd64Spec({ name, builder: changed }));
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    assert.match(output, /aws:ssm:Parameter builders-amd64-settings updated/);
    assert.doesNotMatch(output, /(replac|Instance .* updat|docker-build:index:Image api (updat|creat))/);
    const begin = Date.now();

    await waitFor("the other build to end", async () => (await inside("cat /tmp/other/code || true")) !== "", 120);
    assert.equal((await inside("cat /tmp/other/code")).trim(), "0", await inside("cat /tmp/other/log"));
    await waitFor("the next BuildKit", async () => (await version()).includes("0.33.2-test"), 150);
    record("stop-when-idle", "settings changed → applied, beside a build of 61 s", (Date.now() - begin) / 1000);

    await writeApp(stack, "true # on the next BuildKit");
    const again = await stack.up();
    assert.equal(again.code, 0, again.output);
    assert.match(again.output, /BuildKit v0\.33\.2-test/);
    assert.equal(await madeOf(stack), made, "the cache was lost");
    const { boots } = await instanceOf(ec2.cloud, (await stack.outputs<Amd64Outputs>()).builderName, "amd64");
    assert.equal(boots, 1);
  });

  // The same loss is in healing.test.ts, and the other address in life.test.ts.
  nightly.it(
    "comes back at another address when it is lost in the middle of a build, and the same update succeeds",
    async () => {
      const addressBefore = await publicAddress();
      await writeApp(stack, "sleep 21");
      const up = stack.start("up", "--yes", "--skip-preview");
      await waitForSleep(ec2.cloud, instanceId, 21);
      const begin = Date.now();
      await ec2.cloud.kill(instanceId);
      const { code, output } = await up.done;
      assert.equal(code, 0, output);
      record(
        "stop-when-idle",
        "power lost mid-build → the same update succeeds (the step takes 21 s)",
        (Date.now() - begin) / 1000,
      );
      assert.match(output, /node amd64 was lost during the build/);
      const address = await publicAddress();
      assert.notEqual(address, addressBefore);
      await recordBoot("later boot");
    },
  );

  async function publicAddress(): Promise<string | null | undefined> {
    return (await ec2.cloud.instances()).find(({ id }) => id === instanceId)?.publicAddress;
  }

  /** Where the seconds between a boot and the first step of a build go: https://docs.kernel.org/filesystems/proc.html (uptime) */
  async function recordBoot(boot: string): Promise<void> {
    for (const [, what, at] of (await ec2.cloud.console(instanceId)).matchAll(
      /^multi-platform-image: (.*) at ([\d.]+) s/gm,
    )) {
      record(boot, `${what}, seconds since the boot`, Number(at));
    }
    record(
      boot,
      "the build's first step that is not cached, seconds since the boot",
      parseFloat(await fileOf(stack, "step")),
    );
  }

  /** What an early step of the image wrote: another value when it ran again. */
  const madeOf = (of: Stack): Promise<string> => fileOf(of, "made");

  async function fileOf(of: Stack, file: string): Promise<string> {
    const files = await pullFiles(ec2.registry, (await of.outputs<Amd64Outputs>()).api.ref.replace(/:1@/, "@"));
    return readFileSync(`${files}/${file}`, "utf8");
  }
});
