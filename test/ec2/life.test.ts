import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import type { CloudInstance } from "../cloud/cloud";
import type { Ecr } from "../cloud/ecr";
import { skipWithout } from "../hosts";
import { elfMachines, inspectIndex, pullFiles, trusting } from "../main/image";
import type { Stack } from "../main/stack";
import { buildkitRelease, createStack, type Ec2Machines, getBaseImage, getEc2, openEcr } from "./fixture";
import { hookCalls, instanceOf, waitForState } from "./node";
import { record } from "./timings";

interface Outputs {
  api: { indexDigest: string; ref: string; platformDigests: Record<string, string> };
  builderName: string;
  nodes: { name: string; instanceId: string }[];
}

const idleTimeoutMinutes = 1;

describe("the life of a builder with a Graviton and an x86 node, from an empty account", function () {
  this.timeout(1_800_000);
  let ec2: Ec2Machines;
  let stack: Stack;
  let ecr: Ecr;
  let outputs: Outputs;

  before(async function () {
    skipWithout(this, ["cloud", "arm64 machine", "debian roots", "skopeo"]);
    ec2 = await getEc2();
    ecr = await openEcr();
    // With what the README has, and no login besides: a repository of the same `up`, with tags that stay.
    const spec = {
      repository: "api",
      builder: {
        idleTimeoutMinutes,
        // The arm64 node runs every instruction of its kernel in software.
        wakeTimeoutSeconds: 900,
        ec2: { buildkit: await buildkitRelease(), ingress: { from: "caller", address: ec2.cloud.vpc.callerAddress } },
      },
      images: { api: { context: "./app" } },
    };
    stack = await createStack(spec, { environment: trusting(ecr) });
    const base = await getBaseImage();
    stack.write(
      "app/Dockerfile",
      `FROM ${base} AS build
RUN mkdir /out && cp /bin/true /out/true && uname -m > /out/machine && cat /proc/sys/kernel/random/uuid > /out/made
COPY greeting /greeting
RUN cp /greeting /out/greeting
FROM scratch
COPY --from=build /out /
`,
    );
    stack.write("app/greeting", "hello\n");
  });

  const instance = (node: string): Promise<CloudInstance> => instanceOf(ec2.cloud, outputs.builderName, node);

  /** The repository of a reference in the registry that the account's ECR is the front of, which asks for no login. */
  const behindEcr = (ref: string) => ref.replace(ecr.host, ec2.registry.host).replace(/:[^:]+@.*$/, "");

  async function filesOf(platform: string): Promise<(name: string) => Buffer> {
    const { ref, platformDigests } = (await stack.outputs<Outputs>()).api;
    const files = await pullFiles(ec2.registry, `${behindEcr(ref)}@${platformDigests[platform]}`);
    return (name) => fs.readFileSync(path.join(files, name));
  }

  it("the first `up` boots both nodes, builds natively, and deploys the digest", async () => {
    const { code, output, seconds } = await stack.up();
    assert.equal(code, 0, output);
    record("stop-when-idle", "first build (arm64 in software)", seconds);
    outputs = await stack.outputs<Outputs>();
    const { ref, indexDigest } = outputs.api;
    assert.match(ref, new RegExp(`^${ecr.host}/api-\\w+:[0-9a-f]{16}-[0-9a-f]{8}@${indexDigest}$`));
    const index = await inspectIndex(ec2.registry, `${behindEcr(ref)}@${indexDigest}`);
    assert.equal(indexDigest, index.digest);
    assert.deepEqual(outputs.api.platformDigests, index.platformDigests);
    for (const [architecture, machine] of [
      ["amd64", "x86_64"],
      ["arm64", "aarch64"],
    ] as const) {
      const read = await filesOf(`linux/${architecture}`);
      assert.equal(read("true").readUInt16LE(18), elfMachines[architecture]);
      assert.equal(read("machine").toString().trim(), machine);
    }
    const { parameters } = await ec2.cloud.inventory();
    assert.ok(
      parameters.some((name) => name.startsWith("deployed-api")),
      "no resource took the digest",
    );
  });

  it("an `up` without a change calls nothing from hooks", async () => {
    await ec2.cloud.forgetCalls();
    const { code, output, seconds } = await stack.up("--expect-no-changes");
    assert.equal(code, 0, output);
    record("stop-when-idle", "no-op", seconds);
    assert.deepEqual(await hookCalls(ec2.cloud), []);
  });

  it("a changed file is built on the warm nodes, with what was built before", async () => {
    const made = (await filesOf("linux/arm64"))("made").toString();
    stack.write("app/greeting", "hello again\n");
    const { code, output, seconds } = await stack.up();
    assert.equal(code, 0, output);
    record("stop-when-idle", "change", seconds);
    const read = await filesOf("linux/arm64");
    assert.equal(read("greeting").toString(), "hello again\n");
    assert.equal(read("made").toString(), made, "an unchanged step ran again");
  });

  it("leaves no rule and no lease behind", async () => {
    const { securityGroups } = await ec2.cloud.inventory();
    assert.deepEqual(
      securityGroups.flatMap(({ ingress }) => ingress),
      [],
    );
  });

  it("the nodes stop themselves when they are idle", async () => {
    for (const node of ["amd64", "arm64"]) {
      const { id } = await instance(node);
      const seconds = await waitForState(ec2.cloud, id, "stopped", idleTimeoutMinutes * 60 + 60);
      record("stop-when-idle", `idle stop of ${node}, after the wait for the one before`, seconds);
      assert.match((await instance(node)).stateReason, /Client\.InstanceInitiatedShutdown/);
    }
  });

  it("a refresh of stopped nodes finds nothing to change", async () => {
    await ec2.cloud.forgetCalls();
    // A night later: https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
    ecr.expireTokens();
    const { code, output, seconds } = await stack.up("--refresh", "--expect-no-changes");
    assert.equal(code, 0, output);
    record("stop-when-idle", "`up --refresh` of stopped nodes", seconds);
    const preview = await stack.preview("--expect-no-changes");
    assert.equal(preview.code, 0, preview.output);
    assert.deepEqual(await hookCalls(ec2.cloud), []);
    assert.deepEqual((await stack.outputs<Outputs>()).nodes, outputs.nodes);
    assert.equal((await instance("arm64")).state, "stopped");
  });

  it("a build wakes them at other addresses, with their cache", async () => {
    const made = (await filesOf("linux/arm64"))("made").toString();
    const addressesBefore = (await ec2.cloud.instances()).map(({ publicAddress }) => publicAddress);
    assert.ok(addressesBefore.every((address) => address === null));
    stack.write("app/greeting", "good morning\n");
    const { code, output, seconds } = await stack.up();
    assert.equal(code, 0, output);
    record("stop-when-idle", "wake (arm64 in software)", seconds);
    assert.deepEqual((await stack.outputs<Outputs>()).nodes, outputs.nodes);
    const read = await filesOf("linux/arm64");
    assert.equal(read("greeting").toString(), "good morning\n");
    assert.equal(read("made").toString(), made, "the cache was lost");
    assert.equal((await instance("arm64")).boots, 2);
  });

  it("destroy leaves nothing of it", async () => {
    const { code, output, seconds } = await stack.run("destroy", "--yes", "--skip-preview");
    assert.equal(code, 0, output);
    record("stop-when-idle", "destroy", seconds);
    const left = await ec2.cloud.inventory();
    assert.deepEqual(
      Object.fromEntries(Object.entries(left).filter(([, those]) => (those as unknown[]).length > 0)),
      {},
    );
  });
});
