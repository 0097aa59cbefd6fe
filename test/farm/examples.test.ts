import * as assert from "node:assert/strict";
import * as fs from "node:fs";

import type { CloudInstance } from "../cloud/cloud";
import type { Ecr } from "../cloud/ecr";
import { type Ec2Machines, getEc2, openEcr } from "../ec2/fixture";
import { record } from "../ec2/timings";
import { skipWithout } from "../hosts";
import { pullFiles } from "../main/image";
import { type Stack, temporaryDirectory } from "../main/stack";
import { nightly, runsAll } from "../tier";
import { ends } from "./builds";
import { createExampleStack } from "./exampleStack";

/** The programs of the examples, unchanged. All but builder and images is in test/unit/examples/examples.test.ts. */
describe("the examples", function () {
  this.timeout(600_000);
  let ec2: Ec2Machines;
  let ecr: Ecr;

  before(async function () {
    skipWithout(this, ["cloud", "debian roots"]);
    ec2 = await getEc2();
    ecr = await openEcr();
  });

  async function running(): Promise<CloudInstance[]> {
    return (await ec2.cloud.instances()).filter(({ state }) => !ends.includes(state));
  }

  /** An update that must end well. */
  async function up<T>(stack: Stack, event: string, ...extra: string[]): Promise<T> {
    const { code, output, seconds } = await stack.up(...extra);
    assert.equal(code, 0, output);
    record("examples", event, seconds);
    return stack.outputs<T>();
  }

  async function destroy(stack: Stack): Promise<void> {
    const { code, output } = await stack.run("destroy", "--yes", "--skip-preview");
    assert.equal(code, 0, output);
  }

  async function assertNothingLeft(): Promise<void> {
    const left = Object.entries(await ec2.cloud.inventory()).filter(([, those]) => (those as unknown[]).length > 0);
    assert.deepEqual(Object.fromEntries(left), {});
  }

  function assertPushed(ref: string, name: string): void {
    assert.match(ref, new RegExp(`^${ecr.host}/${name}-[0-9a-f]+:[0-9a-f]{16}-[0-9a-f]{8}@sha256:[0-9a-f]{64}$`));
  }

  describe("ephemeral-farm", () => {
    interface Outputs {
      refs: Record<string, string>;
    }
    let stack: Stack;
    let refs: Record<string, string>;

    it("builds three images on a node that is launched once, and terminated", async () => {
      stack = await createExampleStack("ephemeral-farm", ecr);
      ({ refs } = await up<Outputs>(stack, "ephemeral-farm: three images, first"));
      assert.deepEqual(Object.keys(refs), ["api", "jobs", "web"]);
      Object.entries(refs).forEach(([service, ref]) => assertPushed(ref, service));
      const [instance, ...others] = await ec2.cloud.instances();
      assert.deepEqual(others, []);
      // Of spot AWS gives what it has most of, whatever the order: the tests' cloud the last one.
      assert.deepEqual([instance.instanceType, instance.capacityType], ["c7i.2xlarge", "spot"]);
      assert.deepEqual(await running(), []);
    });

    nightly.it("changes nothing and launches nothing without a change", async () => {
      await ec2.cloud.forgetCalls();
      await up(stack, "ephemeral-farm: no-op", "--expect-no-changes");
      const operations = (await ec2.cloud.calls()).map(({ operation }) => operation);
      assert.ok(!operations.includes("CreateFleet"), operations.join());
    });

    nightly.it("builds a new folder as one more image, and no other", async () => {
      stack.write(
        "services/mail/Dockerfile",
        "FROM public.ecr.aws/docker/library/node:22-alpine\nRUN uname -m > /made\n",
      );
      const outputs = await up<Outputs>(stack, "ephemeral-farm: one more image");
      const { mail, ...others } = outputs.refs;
      assertPushed(mail, "mail");
      assert.deepEqual(others, refs);
      assert.deepEqual(await running(), []);
    });

    nightly.it("leaves nothing after destroy", async () => {
      await destroy(stack);
      await assertNothingLeft();
    });
  });

  describe("shared-builder", () => {
    interface Outputs {
      ref: string;
      indexDigest: string;
    }
    let builder: Stack;
    let app: Stack;

    it("builder/ makes the node, and shows nobody its connection", async () => {
      const backend = temporaryDirectory("state");
      builder = await createExampleStack("shared-builder/builder", ecr, { backend });
      app = await createExampleStack("shared-builder/app", ecr, { backend });
      await up(builder, "shared-builder: builder/");
      const { output } = await builder.run("stack", "output", "--json");
      assert.deepEqual(JSON.parse(output), { connection: "[secret]" });
    });

    it("app/ builds on it, and has no instance", async () => {
      await app.run("config", "set", "builderStack", "organization/shared-builder/dev");
      const [before] = await running();
      const { ref, indexDigest } = await up<Outputs>(app, "shared-builder: app/, the node boots");
      assertPushed(ref, "api");
      assert.ok(ref.endsWith(`@${indexDigest}`));
      assert.deepEqual(
        (await running()).map(({ id }) => id),
        [before.id],
      );
      const { output } = await app.run("stack", "export");
      assert.doesNotMatch(output, /PRIVATE KEY|aws:ec2\//);
      if (runsAll) await up(app, "shared-builder: app/, no-op", "--expect-no-changes");
    });

    nightly.it("app/ goes without a trace at the builder, and the builder after it", async () => {
      await destroy(app);
      assert.equal((await running()).length, 1);
      await destroy(builder);
      await assertNothingLeft();
    });
  });

  describe("eks, without its cluster", () => {
    // exampleEcs.test.ts builds an image of an example on kept nodes, ec2/life.test.ts looks into one, and
    // unit/examples/examplesEks.test.ts has what the Deployment runs.
    nightly.it("builds the image that the Deployment runs", async () => {
      const stack = await createExampleStack("eks", ecr);
      const library = 'import { Builder } from "pulumi-multi-platform-image";';
      const program = [
        library,
        'import { createImage } from "./images";',
        'export const { ref } = createImage(new Builder("builders"));',
      ];
      stack.write("index.ts", `${program.join("\n")}\n`);
      const { ref } = await up<{ ref: string }>(stack, "eks: the image, first");
      assertPushed(ref, "api");
      // ECR is a front of the account's registry.
      const stored = ref.replace(ecr.host, ec2.registry.host).replace(/:[^:@]+@/, "@");
      const files = await pullFiles(ec2.registry, stored);
      assert.equal(fs.readFileSync(`${files}/app/built-on`, "utf8"), "x86_64\n");
      if (runsAll) {
        await destroy(stack);
        await assertNothingLeft();
      }
    });
  });
});
