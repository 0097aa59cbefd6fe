import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import type { Ec2Args } from "../../components/nodes/ec2/arguments";
import { parameterNames } from "../../components/nodes/ec2/connection";
import { builderPattern } from "../../components/nodes/ec2/policies/builderPattern";
import { callerPolicy, type CallerRole, callerRoles } from "../../components/nodes/ec2/policies/policyTable";
import type { ApiCall } from "../cloud/cloud";
import { type Ecr, startEcr } from "../cloud/ecr";
import type { Policy } from "../cloud/policy";
import { allowedOn, callersOwn, refusals } from "../cloud/refusals";
import { skipWithout } from "../hosts";
import { trusting } from "../main/image";
import { type Stack, temporaryDirectory } from "../main/stack";
import { nightly } from "../tier";
import { type Amd64Outputs, amd64Spec, writeApp } from "./amd64";
import { startCommand } from "./command";
import { groupAndCertificates } from "./changes";
import { createStack, type Ec2Machines, getEc2 } from "./fixture";
import { instanceOf, waitForState } from "./node";

/** A policy of the example, beside those of the builder. */
const example = JSON.parse(
  fs.readFileSync(path.resolve(__dirname, "../../examples/ecs-fargate/policies/example.json"), "utf8"),
) as Policy;

/** What was called, apart by who called. */
interface Called {
  provider: ApiCall[];
  own: ApiCall[];
}

describe("the callers' IAM policies, and the calls of a builder's life", function () {
  this.timeout(900_000);
  let ec2: Ec2Machines;
  let ecr: Ecr;
  let stack: Stack;
  const home = temporaryDirectory("home");
  /** All that the caller did in the account. */
  const all: ApiCall[] = [];
  let registered: string | undefined;

  before(async function () {
    skipWithout(this, ["cloud", "debian roots"]);
    ec2 = await getEc2();
    const { run, authority, registry, cloud } = ec2;
    ecr = await startEcr(run, authority, registry, { address: new URL(registry.url).hostname });
    await cloud.change({ ecrHost: ecr.host });
    await cloud.forgetCalls();
    stack = await createStack(await spec(1), { environment: trusting(ecr) });
    await writeApp(stack);
  });

  async function spec(idleTimeoutMinutes: number, node: object = {}, more: Ec2Args = {}) {
    const nodes = [{ kind: "ec2" as const, platform: "linux/amd64" as const, ...node }];
    const { builder } = await amd64Spec({ name: "policy", builder: { nodes, idleTimeoutMinutes, ec2: more } });
    return {
      builder,
      repository: "api",
      images: { api: { context: "./app", platforms: ["linux/amd64"] } },
    };
  }

  const largerNode = { instanceType: "c7a.2xlarge", cacheVolumeSizeGibibytes: 120, rootVolumeSizeGibibytes: 11 };

  /** What the caller called while `work` was at it. */
  async function callsOf(work: () => Promise<unknown>): Promise<Called> {
    const begin = Date.now() / 1000;
    await work();
    const { provider, own } = callersOwn((await ec2.cloud.calls()).filter(({ time }) => time >= begin));
    assert.ok(provider.length + own.length > 0, "no call was seen");
    all.push(...provider, ...own);
    return { provider, own };
  }

  /** The builder's registered name, once its stack has told it. */
  async function builderName(): Promise<string> {
    registered ??= (await stack.outputs<Amd64Outputs>()).builderName;
    return registered;
  }

  /** A policy for the builder by its name, and the one that could be written before the builder was there. */
  async function policiesFor(role: CallerRole): Promise<Policy[]> {
    return [await builderName(), builderPattern("builders")].map((builder) => callerPolicy(role, { builder }));
  }

  /** `own`: what hooks and the command line called, for which the role's policy is enough. */
  async function assertAllowed({ provider, own }: Called, role: CallerRole): Promise<void> {
    for (const manage of await policiesFor("manage")) {
      assert.deepEqual(refusals(provider, [manage, example]), []);
    }
    for (const policy of await policiesFor(role)) {
      assert.deepEqual(refusals(own, [policy]), []);
    }
  }

  async function up(...extra: string[]): Promise<void> {
    const { code, output } = await stack.up(...extra);
    assert.equal(code, 0, output);
  }

  async function command(...args: string[]): Promise<void> {
    const { code, stderr } = await (await startCommand(ec2.cloud, home, args)).done;
    assert.equal(code, 0, stderr);
  }

  async function nodeId(): Promise<string> {
    return (await instanceOf(ec2.cloud, await builderName(), "amd64")).id;
  }

  it("allow the first update, with a repository of ECR", async () => {
    const calls = await callsOf(() => up());
    await assertAllowed(calls, "build");
    const operations = (list: ApiCall[]) => new Set(list.map(({ operation }) => operation));
    for (const operation of ["RunInstances", "AttachVolume", "PutRolePolicy", "CreateRepository"]) {
      assert.ok(operations(calls.provider).has(operation), `the provider did not call ${operation}`);
    }
    for (const operation of ["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress", "PutParameter"]) {
      assert.ok(operations(calls.own).has(operation), `the hooks did not call ${operation}`);
    }
  });

  it("allow an update without a change, in which only the provider calls AWS", async () => {
    const calls = await callsOf(() => up("--expect-no-changes"));
    await assertAllowed(calls, "build");
    assert.deepEqual(calls.own, []);
  });

  it("allow a wake of a node that AWS has stopped", async () => {
    const id = await nodeId();
    await ec2.cloud.retire(id);
    await waitForState(ec2.cloud, id, "stopped", 90);
    await writeApp(stack, "true # after a sleep");
    const calls = await callsOf(() => up());
    await assertAllowed(calls, "build");
    assert.ok(calls.own.some(({ operation }) => operation === "StartInstances"));
  });

  it("allow the command line", async () => {
    const calls = await callsOf(async () => {
      for (const name of ["wake", "status", "stop", "wake", "stop"]) await command(name, "builders");
    });
    assert.deepEqual(calls.provider, []);
    await assertAllowed(calls, "command-line");
    assert.ok(calls.own.some(({ operation }) => operation === "StopInstances"));
  });

  // policyChanges.test.ts has a refresh, and each of these changes.
  nightly.it("allow an `up --refresh`", async () => {
    await assertAllowed(await callsOf(() => up("--refresh", "--expect-no-changes")), "build");
  });

  nightly.it("allow an update with another instance type, a larger cache, another idle time and a tag", async () => {
    stack.declare(await spec(2, largerNode, { tags: { team: "builds" } }));
    const calls = await callsOf(() => up());
    await assertAllowed(calls, "build");
    const operations = calls.provider.map(({ operation }) => operation);
    for (const operation of ["ModifyVolume", "ModifyInstanceAttribute", "CreateTags"]) {
      assert.ok(operations.includes(operation), `${operation} was not called: ${operations.join()}`);
    }
  });

  nightly.it(
    "allow a build in the update that replaces the group, its node with it, and all certificates",
    async () => {
      const before = await nodeId();
      await writeApp(stack, "true # on another instance");
      const replaced = groupAndCertificates(stack, "builders").flatMap((urn) => ["--replace", urn]);
      const calls = await callsOf(() => up(...replaced));
      await assertAllowed(calls, "build");
      assert.ok(calls.own.some(({ operation }) => operation === "AuthorizeSecurityGroupIngress"));
      assert.notEqual(await nodeId(), before);
    },
  );

  nightly.it("allow a build in the update that changes the addressing", async () => {
    stack.declare(await spec(2, largerNode, { tags: { team: "builds" }, addressing: "private" }));
    await writeApp(stack, "true # at another address");
    const calls = await callsOf(() => up());
    await assertAllowed(calls, "build");
    const connection = parameterNames.connection(await builderName());
    const isOfConnection = ({ resources }: ApiCall) => resources.some(({ arn }) => arn.endsWith(connection));
    assert.ok(calls.provider.some((call) => call.operation === "PutParameter" && isOfConnection(call)));
    assert.ok(calls.own.some(({ operation }) => operation === "AuthorizeSecurityGroupIngress"));
  });

  it("allow destroy", async () => {
    const calls = await callsOf(async () => {
      const { code, output } = await stack.run("destroy", "--yes", "--skip-preview");
      assert.equal(code, 0, output);
    });
    await assertAllowed(calls, "build");
    assert.ok(calls.provider.some(({ operation }) => operation === "TerminateInstances"));
  });

  it("allow none of these calls where they are for another builder", () => {
    const others = callerRoles.map((role) => callerPolicy(role, { builder: `x${registered}` }));
    const everyone = callerPolicy("manage", { builder: registered! });
    const made = allowedOn(registered!, all, [everyone]);
    for (const operation of ["StartInstances", "RunInstances", "AddRoleToInstanceProfile", "PutParameter"]) {
      assert.ok(made.includes(operation), `${operation} was not called`);
    }
    assert.deepEqual(allowedOn(registered!, all, others), []);
  });

  it("nodes read parameters, and call nothing else", async () => {
    const calls = (await ec2.cloud.calls()).filter(({ caller }) => caller.kind === "node");
    assert.ok(calls.length > 0);
    for (const { service, operation, resources, error } of calls) {
      assert.deepEqual([`${service}:${operation}`, error], ["ssm:GetParameters", undefined]);
      for (const { arn } of resources) {
        assert.match(arn, /:parameter\/multi-platform-image\/[^/]+\/(lease|nodes\/[^/]+\/(settings|tls))$/);
      }
    }
  });
});
