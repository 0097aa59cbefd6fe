import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import type { CloudInstance } from "../cloud/cloud";
import type { Ecr } from "../cloud/ecr";
import { elfMachines, inspectIndex, pullFiles, trusting } from "../main/image";
import type { Stack } from "../main/stack";
import { nightly } from "../tier";
import { buildkitRelease, createStack, type Ec2Machines, getBaseImage, getEc2, openEcr } from "./fixture";
import { hookCalls, instanceOf, waitForState } from "./node";
import { record } from "./timings";

interface Outputs {
  api: { indexDigest: string; ref: string; platformDigests: Record<string, string> };
  builderName: string;
  nodes: { name: string; instanceId: string }[];
}

const idleTimeoutMinutes = 1;
const machines = { amd64: "x86_64", arm64: "aarch64" };
export type Architecture = keyof typeof machines;

/** What the tests below share: an account, its ECR, and a stack that declares a builder. */
export interface BuilderLife {
  architectures: readonly Architecture[];
  minuteSeconds: number;
  ec2: Ec2Machines;
  ecr: Ecr;
  stack: Stack;
}

export async function openBuilderLife(
  architectures: readonly Architecture[],
  minuteSeconds: number,
): Promise<BuilderLife> {
  const ec2 = await getEc2({ arm64: architectures.includes("arm64"), minuteSeconds });
  const ecr = await openEcr();
  // Both are the default.
  const only = architectures.length === 1 ? [`linux/${architectures[0]}`] : undefined;
  // With what the README has, and no login besides: a repository of the same update, with tags that stay.
  const spec = {
    repository: "api",
    builder: {
      nodes: only?.map((platform) => ({ kind: "ec2", platform })),
      idleTimeoutMinutes,
      // The arm64 node runs every instruction of its kernel in software.
      wakeTimeoutSeconds: 900,
      ec2: { buildkit: await buildkitRelease(), ingress: { from: "caller", address: ec2.cloud.vpc.callerAddress } },
    },
    images: { api: { context: "./app", platforms: only } },
  };
  const stack = await createStack(spec, { environment: trusting(ecr) });
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
  return { architectures, minuteSeconds, ec2, ecr, stack };
}

/** From the first update to `destroy`, in this order. */
export function lifeOfBuilder(open: () => BuilderLife): void {
  let life: BuilderLife;
  let outputs: Outputs;

  before(() => {
    life = open();
  });

  const lastArchitecture = () => life.architectures[life.architectures.length - 1];
  const lastPlatform = () => `linux/${lastArchitecture()}`;
  const kinds = () => `${life.architectures.join(" and ")}${lastArchitecture() === "arm64" ? " (in software)" : ""}`;

  const instance = (node: string): Promise<CloudInstance> => instanceOf(life.ec2.cloud, outputs.builderName, node);

  /** The repository of a reference in the registry that the account's ECR is the front of, which asks for no login. */
  const behindEcr = (ref: string) => ref.replace(life.ecr.host, life.ec2.registry.host).replace(/:[^:]+@.*$/, "");

  async function filesOf(platform: string): Promise<(name: string) => Buffer> {
    const { ref, platformDigests } = (await life.stack.outputs<Outputs>()).api;
    const files = await pullFiles(life.ec2.registry, `${behindEcr(ref)}@${platformDigests[platform]}`);
    return (name) => fs.readFileSync(path.join(files, name));
  }

  it("the first update boots its nodes, builds natively, and deploys the digest", async () => {
    const { code, output, seconds } = await life.stack.up();
    assert.equal(code, 0, output);
    record("stop-when-idle", `first build of ${kinds()}`, seconds);
    outputs = await life.stack.outputs<Outputs>();
    const { ref, indexDigest } = outputs.api;
    assert.match(ref, new RegExp(`^${life.ecr.host}/api-\\w+:[0-9a-f]{16}-[0-9a-f]{8}@${indexDigest}$`));
    const index = await inspectIndex(life.ec2.registry, `${behindEcr(ref)}@${indexDigest}`);
    assert.equal(indexDigest, index.digest);
    // What is pushed for one platform is its manifest, without an index.
    const pushed = life.architectures.length > 1 ? index.platformDigests : { [lastPlatform()]: index.digest };
    assert.deepEqual(outputs.api.platformDigests, pushed);
    for (const architecture of life.architectures) {
      const read = await filesOf(`linux/${architecture}`);
      assert.equal(read("true").readUInt16LE(18), elfMachines[architecture]);
      assert.equal(read("machine").toString().trim(), machines[architecture]);
    }
    const { parameters } = await life.ec2.cloud.inventory();
    assert.ok(
      parameters.some((name) => name.startsWith("deployed-api")),
      "no resource took the digest",
    );
  });

  // This and the change are in the life that verify.test.ts runs, too; that hooks call nothing, in policy.test.ts.
  nightly.it("an update without a change calls nothing from hooks", async () => {
    await life.ec2.cloud.forgetCalls();
    const { code, output, seconds } = await life.stack.up("--expect-no-changes");
    assert.equal(code, 0, output);
    record("stop-when-idle", `no-op of ${kinds()}`, seconds);
    assert.deepEqual(await hookCalls(life.ec2.cloud), []);
  });

  nightly.it("a changed file is built on the warm nodes, with what was built before", async () => {
    const made = (await filesOf(lastPlatform()))("made").toString();
    life.stack.write("app/greeting", "hello again\n");
    const { code, output, seconds } = await life.stack.up();
    assert.equal(code, 0, output);
    record("stop-when-idle", `change of ${kinds()}`, seconds);
    const read = await filesOf(lastPlatform());
    assert.equal(read("greeting").toString(), "hello again\n");
    assert.equal(read("made").toString(), made, "an unchanged step ran again");
  });

  it("leaves no rule and no lease behind", async () => {
    const { securityGroups } = await life.ec2.cloud.inventory();
    assert.deepEqual(
      securityGroups.flatMap(({ ingress }) => ingress),
      [],
    );
  });

  it("the nodes stop themselves when they are idle", async () => {
    for (const node of life.architectures) {
      const { id } = await instance(node);
      const seconds = await waitForState(life.ec2.cloud, id, "stopped", idleTimeoutMinutes * life.minuteSeconds + 60);
      record("stop-when-idle", `idle stop of ${node}, after the wait for the one before`, seconds);
      assert.match((await instance(node)).stateReason, /Client\.InstanceInitiatedShutdown/);
    }
  });

  // Those of verify.test.ts and policyChanges.test.ts are of stopped nodes, too.
  nightly.it("a refresh of stopped nodes finds nothing to change", async () => {
    await life.ec2.cloud.forgetCalls();
    // A night later: https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
    life.ecr.expireTokens();
    const { code, output, seconds } = await life.stack.up("--refresh", "--expect-no-changes");
    assert.equal(code, 0, output);
    record("stop-when-idle", "`up --refresh` of stopped nodes", seconds);
    const preview = await life.stack.preview("--expect-no-changes");
    assert.equal(preview.code, 0, preview.output);
    assert.deepEqual(await hookCalls(life.ec2.cloud), []);
    assert.deepEqual((await life.stack.outputs<Outputs>()).nodes, outputs.nodes);
    assert.equal((await instance(lastArchitecture())).state, "stopped");
  });

  it("a build wakes them at other addresses, with their cache", async () => {
    const made = (await filesOf(lastPlatform()))("made").toString();
    const addressesBefore = (await life.ec2.cloud.instances()).map(({ publicAddress }) => publicAddress);
    assert.deepEqual(
      addressesBefore,
      addressesBefore.map(() => null),
    );
    const { boots } = await instance(lastArchitecture());
    life.stack.write("app/greeting", "good morning\n");
    const { code, output, seconds } = await life.stack.up();
    assert.equal(code, 0, output);
    record("stop-when-idle", `wake of ${kinds()}`, seconds);
    assert.deepEqual((await life.stack.outputs<Outputs>()).nodes, outputs.nodes);
    const read = await filesOf(lastPlatform());
    assert.equal(read("greeting").toString(), "good morning\n", output);
    assert.equal(read("made").toString(), made, `the cache was lost: ${output}`);
    // Of this update alone: on a busy machine an idle node may have stopped, and been woken, in the first one, too.
    assert.equal((await instance(lastArchitecture())).boots, boots + 1, output);
  });

  it("destroy leaves nothing of it", async () => {
    const { code, output, seconds } = await life.stack.run("destroy", "--yes", "--skip-preview");
    assert.equal(code, 0, output);
    record("stop-when-idle", "destroy", seconds);
    const left = await life.ec2.cloud.inventory();
    assert.deepEqual(
      Object.fromEntries(Object.entries(left).filter(([, those]) => (those as unknown[]).length > 0)),
      {},
    );
  });
}
