import * as assert from "node:assert/strict";
import * as path from "node:path";

import { StopInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";

import { callerPolicy, type CallerRole } from "../../components/nodes/ec2/policies/policyTable";
import { type Account, openAccount } from "../cloud/account";
import type { ApiCall } from "../cloud/cloud";
import { callersOwn, refusals } from "../cloud/refusals";
import { skipWithout } from "../hosts";
import { Stack } from "../main/stack";
import { nightly, runsAll } from "../tier";
import { changedResources, giveIpv6, groupAndCertificates } from "./changes";

interface Declared {
  builder: { lifecycle?: string; nodes: object[]; ec2: Record<string, unknown> };
  /** The provider's own. */
  defaultTags: Record<string, string>;
}

const kept = { kind: "ec2", platform: "linux/amd64" } as const;

/** What every builder's stack has to change when its tags do. */
const tagged = ["SecurityGroup", "SecurityGroupEgressRule", "SecurityGroupEgressRule", "Parameter", "Parameter"];

describe("what changes of a builder ask for in AWS, without its images", function () {
  this.timeout(600_000);
  let account: Account;

  before(async function () {
    skipWithout(this, ["namespaces"]);
    const delays = { pending: 0.2, stopping: 0.2, volumeCreating: 0.2, volumeAttaching: 0.2, iamPropagation: 0.5 };
    account = await openAccount({ delays });
    await giveIpv6(account);
  });

  after(() => account?.run.close());

  for (const { role, builder, sized } of [
    {
      role: "manage",
      builder: { nodes: [kept], ec2: {} },
      sized: { node: { instanceType: "c7a.2xlarge" }, changes: ["Instance"] },
    },
    {
      role: "manage-ephemeral",
      builder: { lifecycle: "ephemeral", nodes: [kept], ec2: {} },
      sized: { node: { rootVolumeSizeGibibytes: 70 }, changes: ["LaunchTemplate", "Parameter"] },
    },
  ] satisfies { role: CallerRole; builder: Declared["builder"]; sized: { node: object; changes: string[] } }[]) {
    describe(`${role}: allows`, () => {
      const isKept = role === "manage";
      /** Of an ephemeral node `npm test` has what differs; farm/ephemeral.test.ts has its policies in a life with images. */
      const common = { it: isKept ? it : nightly.it };
      let declared: Declared = { builder, defaultTags: {} };
      let stack: Stack;

      before(async () => {
        stack = await Stack.create(specOf(declared) as never, {
          program: path.resolve(__dirname, "program"),
          environment: await account.environment(),
        });
      });

      function specOf({ builder: args, defaultTags }: Declared): object {
        const provider = { region: "us-east-1", defaultTags: { tags: defaultTags } };
        return { builder: { idleTimeoutMinutes: 1, ...args }, images: {}, provider };
      }

      function change(part: Partial<Declared["builder"]>, defaultTags = declared.defaultTags): void {
        declared = { builder: { ...declared.builder, ...part }, defaultTags };
        stack.declare(specOf(declared) as never);
      }

      const node = (more: object): object[] => [{ ...declared.builder.nodes[0], ...more }];

      /** What a command changes, once the policy allows all that the provider has called. */
      async function allowed(...command: string[]): Promise<string[]> {
        await account.cloud.forgetCalls();
        const { code, output } = await stack.run(...command);
        assert.equal(code, 0, output);
        const { provider } = callersOwn(await account.cloud.calls());
        assert.ok(provider.length > 0, "no call was seen");
        assert.deepEqual(refusals(provider, [callerPolicy(role, { builder: builderOf(provider) })]), []);
        return changedResources(output);
      }

      let registered: string | undefined;
      /** It is the same in all: told by the stack only once it is there. */
      function builderOf(calls: readonly ApiCall[]): string {
        const given = calls.map(({ requestTags }) => requestTags["multi-platform-image:builder"]).find(Boolean);
        registered ??= given;
        assert.ok(registered);
        return registered;
      }

      /** Runs a changed program, and again: the second time changes nothing, which also the next change's list shows. */
      async function assertChanges(expected: string[], ...options: string[]): Promise<void> {
        const changed = await allowed("up", "--yes", "--skip-preview", ...options);
        assert.deepEqual(changed, [...expected].sort());
        if (runsAll) assert.deepEqual(await allowed("up", "--yes", "--skip-preview", "--expect-no-changes"), []);
      }

      const machine = isKept ? ["Instance", "MetricAlarm"] : ["LaunchTemplate"];
      const all = [...tagged, "Parameter", "Parameter", "Role", "InstanceProfile", "Volume", ...machine];
      const updated = (types: string[]) => types.map((type) => `updated ${type}`);

      /** The instance of a kept node that is there now. */
      async function instanceId(): Promise<string> {
        const there = (await account.cloud.instances()).filter(({ state }) => !/terminated|shutting/.test(state));
        assert.equal(there.length, 1);
        return there[0].id;
      }

      it("the first update, after which one without a change changes nothing", async () => {
        const made = await allowed("up", "--yes", "--skip-preview");
        for (const type of [...new Set(all)]) assert.ok(made.includes(`created ${type}`), `${type}: ${made.join()}`);
        assert.deepEqual(await allowed("up", "--yes", "--skip-preview", "--expect-no-changes"), []);
      });

      common.it("a refresh while nodes run", async () => {
        assert.deepEqual(await allowed("up", "--yes", "--skip-preview", "--refresh", "--expect-no-changes"), []);
      });

      common.it("other tags", async () => {
        change({ ec2: { tags: { team: "builds" } } });
        await assertChanges(updated(all));
      });

      nightly.it("the provider's default tags, also those that are the builder's, too", async () => {
        change({}, { team: "builds", cost: "7" });
        await assertChanges([...updated(all), "updated aws"]);
        if (runsAll) {
          change({}, { team: "builds", cost: "8" });
          await assertChanges([...updated(all), "updated aws"]);
        }
        assert.deepEqual(await allowed("up", "--yes", "--skip-preview", "--refresh", "--expect-no-changes"), []);
      });

      common.it("a larger cache, and another idle time", async () => {
        change({ nodes: node({ cacheVolumeSizeGibibytes: 120 }), ...{ idleTimeoutMinutes: 2 } });
        await assertChanges(updated(["Volume", "Parameter"]));
      });

      if (isKept) {
        nightly.it("a refresh while nodes are stopped", async () => {
          const id = await instanceId();
          await account.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
          await account.reach(id, "stopped");
          assert.deepEqual(await allowed("up", "--yes", "--skip-preview", "--refresh", "--expect-no-changes"), []);
          assert.equal((await account.describe(id)).State?.Name, "stopped");
        });
      }

      it(`another ${isKept ? "type: a stopped node runs afterwards" : "size of the system's volume"}`, async () => {
        change({ nodes: node(sized.node) });
        await assertChanges(updated(sized.changes));
        if (isKept) assert.equal((await account.describe(await instanceId())).State?.Name, "running");
      });

      const moved = isKept
        ? ["replaced Instance", "replaced VolumeAttachment", "updated MetricAlarm"]
        : ["updated LaunchTemplate"];

      common.it("another addressing: a kept node gets its addresses with a new instance", async () => {
        change({ ec2: { ...declared.builder.ec2, addressing: "ipv6" } });
        await assertChanges([...moved, "updated Parameter"]);
        const refreshed = await allowed("up", "--yes", "--skip-preview", "--refresh", "--expect-no-changes");
        assert.deepEqual(refreshed, []);
        change({ ec2: { ...declared.builder.ec2, addressing: "private" } });
        await assertChanges(updated(isKept ? ["Parameter"] : ["LaunchTemplate", "Parameter"]));
      });

      common.it("another security group", async () => {
        const rules = ["replaced SecurityGroupEgressRule", "replaced SecurityGroupEgressRule"];
        const [group] = groupAndCertificates(stack, "builders");
        await assertChanges(["replaced SecurityGroup", ...rules, ...moved, "updated Parameter"], "--replace", group);
      });

      common.it("other certificates", async () => {
        const [, certificates] = groupAndCertificates(stack, "builders");
        await assertChanges(updated(["Parameter", "Parameter"]), "--replace", certificates);
      });

      async function assertDestroys(...options: string[]): Promise<void> {
        const destroyed = await allowed("destroy", "--yes", "--skip-preview", ...options);
        // A refresh has forgotten what ended with its instance.
        const types = new Set(options.length > 0 ? tagged : all);
        for (const type of types) assert.ok(destroyed.includes(`deleted ${type}`), `${type}: ${destroyed.join()}`);
        assert.deepEqual((await account.cloud.inventory()).volumes, []);
      }

      if (isKept) {
        it("destroy of nodes that were terminated, once a refresh has told Pulumi", async () => {
          const id = await instanceId();
          await account.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
          await account.reach(id, "terminated");
          const { code, output } = await stack.run("destroy", "--yes", "--skip-preview");
          assert.notEqual(code, 0);
          assert.match(output, /deleting EBS Volume \(vol-\w+\) Attachment \(i-\w+\): .*IncorrectInstanceState/);
          await assertDestroys("--refresh");
        });
      }

      if (!isKept) {
        // The connection alone names them: each update asks for them with its own launch.
        nightly.it("other types", async () => {
          change({ nodes: node({ instanceTypes: ["m7a.xlarge", "m7i.xlarge"] }) });
          await assertChanges(updated(["Parameter"]));
        });
      }

      // That of a kept node is in policy.test.ts, too: here it takes another update.
      (isKept ? nightly.it : it)("destroy", async () => {
        if (isKept) await allowed("up", "--yes", "--skip-preview");
        await assertDestroys();
      });

      if (!isKept) {
        it("a rule that could not be tagged is told by the next update, with what removes it", async () => {
          const up = () => stack.run("up", "--yes", "--skip-preview");
          await account.cloud.faults({ operation: "CreateTags", code: "UnauthorizedOperation", message: "no" });
          assert.match(
            (await up()).output,
            /setting VPC Security Group Rule \(sgr-\w+\) tags: .*UnauthorizedOperation/,
          );
          await account.cloud.faults();
          const { output } = await up();
          assert.match(output, /has the rule for 0\.0\.0\.0\/0 already: an earlier update made it/);
          const destroyed = await stack.run("destroy", "--yes", "--skip-preview");
          assert.equal(destroyed.code, 0, destroyed.output);
          assert.deepEqual((await account.cloud.inventory()).securityGroups, []);
        });
      }
    });
  }
});
