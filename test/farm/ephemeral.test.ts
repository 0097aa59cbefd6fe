import * as assert from "node:assert/strict";
import * as fs from "node:fs";

import type { BuilderArgs } from "../../components";
import { builderPattern } from "../../components/nodes/ec2/policies/builderPattern";
import { callerPolicy, callerRoles } from "../../components/nodes/ec2/policies/policyTable";
import type { ApiCall, CloudInstance } from "../cloud/cloud";
import { allowedOn, callersOwn, refusals } from "../cloud/refusals";
import { type Amd64Outputs, amd64Spec, createAmd64Stack, writeApp } from "../ec2/amd64";
import { groupAndCertificates } from "../ec2/changes";
import { destroyInAll } from "../ec2/destroy";
import { type Ec2Machines, getEc2 } from "../ec2/fixture";
import { record } from "../ec2/timings";
import { skipWithout } from "../hosts";
import { pullFiles } from "../main/image";
import { crash } from "../main/processes";
import type { Stack } from "../main/stack";
import { nightly, runsAll } from "../tier";
import { ends, runningOf, startBuild } from "./builds";

/** Of a minute of the nodes' timeouts. */
const minuteSeconds = runsAll ? 60 : 15;

describe("ephemeral nodes", function () {
  this.timeout(900_000);
  let ec2: Ec2Machines;
  let stack: Stack;

  before(async function () {
    skipWithout(this, ["cloud", "debian roots"]);
    ec2 = await getEc2({ minuteSeconds });
  });

  afterEach(async () => ec2?.cloud.faults());

  const ephemeral = (node: object = {}): Partial<BuilderArgs> => ({
    lifecycle: "ephemeral",
    idleTimeoutMinutes: 1,
    nodes: [{ kind: "ec2", platform: "linux/amd64", ...node }],
  });

  /** Those of one stack that run, or are about to. */
  async function running(of: Stack): Promise<CloudInstance[]> {
    return runningOf(ec2.cloud, (await of.outputs<Amd64Outputs>()).builderName);
  }

  async function timedUp(of: Stack, event: string, ...extra: string[]): Promise<string> {
    const { code, output, seconds } = await of.up(...extra);
    assert.equal(code, 0, output);
    record("ephemeral", event, seconds);
    return output;
  }

  async function made(of: Stack): Promise<string> {
    const files = await pullFiles(ec2.registry, (await of.outputs<Amd64Outputs>()).api.ref.replace(/:1@/, "@"));
    return fs.readFileSync(`${files}/made`, "utf8");
  }

  describe("of one stack", () => {
    before(async () => {
      stack = await createAmd64Stack({ name: "ephemeral", builder: ephemeral() });
    });

    /** What was called since it was forgotten, and what of it the builder's policies would refuse. */
    async function assertAllowed(builderName: string): Promise<ApiCall[]> {
      const { provider, own } = callersOwn(await ec2.cloud.calls());
      for (const builder of [builderName, builderPattern("builders")]) {
        assert.deepEqual(refusals(provider, [callerPolicy("manage-ephemeral", { builder })]), []);
        assert.deepEqual(refusals(own, [callerPolicy("build-ephemeral", { builder })]), []);
      }
      return [...provider, ...own];
    }

    it("nothing runs before and after: the first update launches, builds and terminates", async () => {
      await ec2.cloud.forgetCalls();
      const output = await timedUp(stack, "first build");
      assert.match(output, /launching node amd64/);
      assert.match(output, /with its cache/);
      assert.deepEqual(await running(stack), []);
    });

    it("the callers' policies allow what that update called, and those of another builder none of it", async () => {
      const { builderName } = await stack.outputs<Amd64Outputs>();
      const calls = await assertAllowed(builderName);
      for (const called of ["CreateLaunchTemplate", "CreateFleet", "RunInstances", "AttachVolume"]) {
        assert.ok(
          calls.some(({ operation }) => operation === called),
          `${called} was not called`,
        );
      }
      const others = callerRoles.map((role) => callerPolicy(role, { builder: `x${builderName}` }));
      assert.deepEqual(allowedOn(builderName, calls, others), []);
    });

    it("an update without a change launches nothing", async () => {
      await ec2.cloud.forgetCalls();
      await timedUp(stack, "no-op", "--expect-no-changes");
      const calls = (await ec2.cloud.calls()).map(({ operation }) => operation);
      assert.ok(!calls.includes("CreateFleet"), calls.join());
    });

    it("the next build, on another instance, finds the first one's cache", async () => {
      const before = await made(stack);
      await writeApp(stack, "true # changed");
      const preview = await stack.preview();
      assert.match(preview.output, /node amd64 \(linux\/amd64; EC2, would be launched\)/);
      const output = await timedUp(stack, "change, with the cache");
      assert.match(output, /with its cache/);
      assert.equal(await made(stack), before, "an unchanged step ran again");
      assert.deepEqual(await running(stack), []);
    });

    // Which changes these are, and that nothing else is one, ec2/policyChanges.test.ts shows without a build.
    nightly.it("the callers' policies allow builds in updates that change what nodes are launched with", async () => {
      const ec2Args = { tags: { team: "builds" }, addressing: "private" } as const;
      stack.declare(await amd64Spec({ name: "ephemeral", builder: { ...ephemeral(), ec2: ec2Args } }));
      const { builderName } = await stack.outputs<Amd64Outputs>();
      for (const [what, change] of [
        ["other tags, and another addressing", () => []],
        ["another group, and other certificates", () => groupAndCertificates(stack, "builders")],
      ] as const) {
        await writeApp(stack, `true # ${what}`);
        await ec2.cloud.forgetCalls();
        const output = await timedUp(stack, what, ...change().flatMap((urn) => ["--replace", urn]));
        assert.match(output, /with its cache/);
        const calls = await assertAllowed(builderName);
        const called = calls.map(({ operation }) => operation);
        for (const operation of ["CreateLaunchTemplateVersion", "CreateFleet", "AuthorizeSecurityGroupIngress"]) {
          assert.ok(called.includes(operation), `${operation} was not called for ${what}: ${called.join()}`);
        }
        await timedUp(stack, "no-op", "--expect-no-changes");
      }
    });

    it("the callers' policies allow another template, a refresh and destroy, which leaves nothing", async () => {
      await ec2.cloud.forgetCalls();
      stack.declare(await amd64Spec({ name: "ephemeral", builder: ephemeral({ rootVolumeSizeGibibytes: 11 }) }));
      await timedUp(stack, "another template", "--refresh");
      const { builderName } = await stack.outputs<Amd64Outputs>();
      const { code, output } = await stack.run("destroy", "--yes", "--skip-preview");
      assert.equal(code, 0, output);
      const calls = await assertAllowed(builderName);
      assert.ok(calls.some(({ operation }) => operation === "CreateLaunchTemplateVersion"));
    });
  });

  const noCapacity = "InsufficientInstanceCapacity";
  const twoTypes = { instanceTypes: ["c7a.xlarge", "c7i.xlarge"], capacityType: "spot" };

  it("without capacity of the first type the next one is taken; without spot it is bought on demand", async () => {
    const one = await createAmd64Stack({ name: "capacity", builder: ephemeral(twoTypes) });
    await ec2.cloud.faults(
      { capacity: noCapacity, capacityType: "spot" },
      { capacity: noCapacity, instanceType: "c7a.xlarge" },
    );
    assert.match(
      await timedUp(one, "no spot capacity, and none of the first type"),
      /no spot capacity.*c7i\.xlarge, on-demand/s,
    );
    assert.deepEqual(await running(one), []);
    await destroyInAll(one);
  });

  nightly.it("without capacity of the first type alone the next one is a spot instance; a quota is told", async () => {
    const one = await createAmd64Stack({ name: "types", builder: ephemeral(twoTypes) });
    await ec2.cloud.faults({ capacity: noCapacity, instanceType: "c7a.xlarge" });
    assert.match(await timedUp(one, "no capacity of the first type"), /c7i\.xlarge, spot/);
    await writeApp(one, "true # on demand");
    await ec2.cloud.faults({ capacity: noCapacity, capacityType: "spot" });
    assert.match(await timedUp(one, "no spot capacity"), /no spot capacity.*c7a\.xlarge, on-demand/s);
    await writeApp(one, "true # quota");
    await ec2.cloud.faults({ capacity: "VcpuLimitExceeded" });
    const refused = await one.up();
    assert.notEqual(refused.code, 0);
    assert.match(refused.output, /L-1216C47A/);
    assert.deepEqual(await running(one), []);
    await ec2.cloud.faults();
    await destroyInAll(one);
  });

  it("a spot notice in the middle of a build: the same update succeeds, on demand where it was cut", async () => {
    const one = await createAmd64Stack({ name: "notice", builder: ephemeral({ capacityType: "spot" }) });
    const { id, up } = await startBuild(ec2.cloud, one, "noticed");
    const begin = Date.now();
    await ec2.cloud.spotNotice(id, 3);
    const { code, output } = await up.done;
    assert.equal(code, 0, output);
    record(
      "ephemeral",
      "spot reclaimed mid-build, with 3 s of notice → the same update succeeds",
      (Date.now() - begin) / 1000,
    );
    assert.match(output, /on-demand/);
    assert.deepEqual(await running(one), []);
    await destroyInAll(one);
  });

  it("an update that is killed leaves a node that ends itself, and `destroy` copes with it", async () => {
    const one = await createAmd64Stack({ name: "orphan", builder: ephemeral() });
    const { id, up } = await startBuild(ec2.cloud, one, "orphaned");
    await crash(up);
    assert.equal((await one.run("cancel", "--yes")).code, 0);
    const begin = Date.now();
    const { code, output } = await one.run("destroy", "--yes", "--skip-preview");
    assert.equal(code, 0, output);
    record(
      "ephemeral",
      `destroy beside the node of an update that was killed (idle timeout ${minuteSeconds} s)`,
      (Date.now() - begin) / 1000,
    );
    assert.ok(ends.includes((await ec2.cloud.instances()).find((each) => each.id === id)?.state ?? ""));
  });
});
