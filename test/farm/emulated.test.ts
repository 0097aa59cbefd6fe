import * as assert from "node:assert/strict";
import * as fs from "node:fs";

import { amd64Spec, type Amd64Outputs } from "../ec2/amd64";
import { startCommand, storedBuilder } from "../ec2/command";
import { destroyInAll } from "../ec2/destroy";
import { createStack, type Ec2Machines, getBaseImage, getEc2 } from "../ec2/fixture";
import { instanceOf } from "../ec2/node";
import { record } from "../ec2/timings";
import { skipWithout } from "../hosts";
import { inspectIndex, pullFiles } from "../main/image";

const image = "emulated";

/** What buildx stores of a builder. */
interface Stored {
  Nodes: { Platforms: { architecture: string }[] }[];
}

describe("an EC2 node that builds further platforms", function () {
  this.timeout(600_000);
  let ec2: Ec2Machines;

  before(async function () {
    skipWithout(this, ["cloud", "debian roots", "skopeo"]);
    ec2 = await getEc2();
  });

  it("recipe 12, 15: runs their steps under BuildKit's own emulators, which it has for them alone", async () => {
    const nodes = [
      {
        kind: "ec2" as const,
        platform: "linux/amd64" as const,
        additionalPlatforms: ["linux/arm64", "linux/s390x"] as const,
      },
    ];
    const spec = await amd64Spec({ name: image, builder: { nodes } });
    const images = { api: { ...spec.images.api, platforms: ["linux/amd64", "linux/arm64"] } };
    const stack = await createStack({ ...spec, images });
    // The shell's own words: Debian's emulator can't start another program.
    const step = "RUN read -r version < /proc/version && echo made on $TARGETARCH > /made";
    stack.write("app/Dockerfile", `FROM ${await getBaseImage()}\nARG TARGETARCH\n${step}\n`);
    const { code, output, seconds } = await stack.up();
    assert.equal(code, 0, output);
    record("stop-when-idle", "first build of two platforms on one x86 node, one of them emulated", seconds);
    assert.doesNotMatch(output, /has no emulator/);
    const { builderName } = await stack.outputs<Amd64Outputs>();
    const { id } = await instanceOf(ec2.cloud, builderName, "amd64");
    assert.equal(
      await ec2.cloud.run(id, ["sh", "-c", "ls /opt/buildkit/current/ | grep qemu"]),
      "buildkit-qemu-aarch64\n",
    );
    assert.match(
      await ec2.cloud.console(id),
      /BuildKit's archive lacks buildkit-qemu-s390x: RUN steps that need it fail/,
    );
    const { platformDigests } = await inspectIndex(ec2.registry, `${ec2.registry.host}/${image}:1`);
    for (const architecture of ["amd64", "arm64"]) {
      const files = await pullFiles(
        ec2.registry,
        `${ec2.registry.host}/${image}@${platformDigests[`linux/${architecture}`]}`,
      );
      assert.equal(fs.readFileSync(`${files}/made`, "utf8"), `made on ${architecture}\n`);
    }
    const awake = await (await startCommand(ec2.cloud, stack.home, ["wake", builderName])).done;
    assert.equal(awake.code, 0, awake.stderr);
    const [registered] = (
      JSON.parse(fs.readFileSync(storedBuilder(stack.home, `${builderName}-direct`), "utf8")) as Stored
    ).Nodes;
    assert.deepEqual(
      registered.Platforms.map(({ architecture }) => architecture),
      ["amd64", "arm64", "s390x"],
    );
    await destroyInAll(stack);
  });
});
