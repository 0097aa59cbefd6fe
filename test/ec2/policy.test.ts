import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import type { ApiCall } from "../cloud/cloud";
import { type Ecr, startEcr } from "../cloud/ecr";
import { type Permission, permissionsOf } from "../cloud/permissions";
import { isAllowed, type Policy } from "../cloud/policy";
import { skipWithout } from "../hosts";
import { trusting } from "../main/image";
import { type Stack, temporaryDirectory } from "../main/stack";
import { type Amd64Outputs, amd64Spec, writeApp } from "./amd64";
import { startCommand } from "./command";
import { createStack, type Ec2Machines, getEc2 } from "./fixture";
import { instanceOf, waitForState } from "./node";

const folder = path.resolve(__dirname, "../../examples/ecs-fargate/policies");

/** A policy of the example, for the builder of this stack, as docs/iam.md says. */
function policy(name: "builder" | "build" | "example"): Policy {
  const text = fs.readFileSync(path.join(folder, `${name}.json`), "utf8");
  return JSON.parse(text.replaceAll("default-builder-", "builders-")) as Policy;
}

const isProvider = ({ agent }: ApiCall): boolean => agent.includes("standin-aws");

/** What stands for the deployment is no part of the builder, and none of the example. */
const isDeployment = ({ resources }: ApiCall): boolean =>
  resources.length > 0 && resources.every(({ arn }) => arn.includes(":parameter/deployed-"));

const textOf = ({ action, resource, keys }: Permission): string => `${action} on ${resource} ${JSON.stringify(keys)}`;

/** What the policies would refuse of these calls. */
function refusals(calls: readonly ApiCall[], policies: readonly Policy[]): string[] {
  const refused = calls
    .filter((call) => !isDeployment(call))
    .flatMap(permissionsOf)
    .filter(({ action, resource, keys }) => !isAllowed(policies, action, resource, keys));
  return [...new Set(refused.map(textOf))].sort();
}

describe("the example's IAM policies, and the calls of a builder's life", function () {
  this.timeout(900_000);
  let ec2: Ec2Machines;
  let ecr: Ecr;
  let stack: Stack;
  const home = temporaryDirectory("home");
  /** All that the caller did in the account. */
  const all: ApiCall[] = [];

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

  async function spec(idleTimeoutMinutes: number, node: object = {}) {
    const nodes = [{ kind: "ec2" as const, platform: "linux/amd64" as const, ...node }];
    const { builder } = await amd64Spec({ name: "policy", builder: { nodes, idleTimeoutMinutes } });
    return {
      builder,
      repository: "api",
      images: { api: { context: "./app", platforms: ["linux/amd64"] } },
    };
  }

  /** What the caller called while `work` was at it. */
  async function callsOf(work: () => Promise<unknown>): Promise<{ provider: ApiCall[]; own: ApiCall[] }> {
    const begin = Date.now() / 1000;
    await work();
    const calls = (await ec2.cloud.calls()).filter(({ time, caller }) => time >= begin && caller.kind === "caller");
    assert.ok(calls.length > 0, "no call was seen");
    all.push(...calls);
    return { provider: calls.filter(isProvider), own: calls.filter((call) => !isProvider(call)) };
  }

  function assertAllowed({ provider, own }: { provider: ApiCall[]; own: ApiCall[] }): void {
    assert.deepEqual(refusals([...provider, ...own], [policy("builder"), policy("example")]), []);
    assert.deepEqual(refusals(own, [policy("build")]), []);
  }

  async function up(...extra: string[]): Promise<void> {
    const { code, output } = await stack.up(...extra);
    assert.equal(code, 0, output);
  }

  async function command(...args: string[]): Promise<void> {
    const { code, stderr } = await startCommand(ec2.cloud, home, args).done;
    assert.equal(code, 0, stderr);
  }

  async function nodeId(): Promise<string> {
    const { builderName } = await stack.outputs<Amd64Outputs>();
    return (await instanceOf(ec2.cloud, builderName, "amd64")).id;
  }

  it("allow the first `up`, with a repository of ECR", async () => {
    const calls = await callsOf(() => up());
    assertAllowed(calls);
    const operations = (list: ApiCall[]) => new Set(list.map(({ operation }) => operation));
    for (const operation of ["RunInstances", "AttachVolume", "PutRolePolicy", "CreateRepository"]) {
      assert.ok(operations(calls.provider).has(operation), `the provider did not call ${operation}`);
    }
    for (const operation of ["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress", "PutParameter"]) {
      assert.ok(operations(calls.own).has(operation), `the hooks did not call ${operation}`);
    }
  });

  it("allow an `up` without a change, in which only the provider calls AWS", async () => {
    const calls = await callsOf(() => up("--expect-no-changes"));
    assertAllowed(calls);
    assert.deepEqual(calls.own, []);
  });

  it("allow a wake of a node that AWS has stopped", async () => {
    const id = await nodeId();
    await ec2.cloud.retire(id);
    await waitForState(ec2.cloud, id, "stopped", 90);
    await writeApp(stack, "true # after a sleep");
    const calls = await callsOf(() => up());
    assertAllowed(calls);
    assert.ok(calls.own.some(({ operation }) => operation === "StartInstances"));
    assert.deepEqual(refusals(calls.provider, [policy("builder"), policy("example")]), []);
  });

  it("allow the command line", async () => {
    const calls = await callsOf(async () => {
      for (const name of ["wake", "status", "stop", "wake", "stop"]) await command(name, "builders");
    });
    assert.deepEqual(calls.provider, []);
    assertAllowed(calls);
    assert.ok(calls.own.some(({ operation }) => operation === "StopInstances"));
  });

  it("allow an `up --refresh`", async () => {
    assertAllowed(await callsOf(() => up("--refresh", "--expect-no-changes")));
  });

  it("allow an `up` with another instance type, a larger cache and another idle time", async () => {
    stack.declare(await spec(2, { instanceType: "c7a.2xlarge", cacheVolumeSizeGibibytes: 120 }));
    const calls = await callsOf(() => up());
    assertAllowed(calls);
    const operations = calls.provider.map(({ operation }) => operation);
    assert.ok(operations.includes("ModifyVolume") && operations.includes("ModifyInstanceAttribute"), operations.join());
  });

  it("allow destroy", async () => {
    const calls = await callsOf(async () => {
      const { code, output } = await stack.run("destroy", "--yes", "--skip-preview");
      assert.equal(code, 0, output);
    });
    assertAllowed(calls);
    assert.ok(calls.provider.some(({ operation }) => operation === "TerminateInstances"));
  });

  it("are looked at with conditions: the same calls on what has no tag of the library would be refused", () => {
    const isBoundToTag = ({ action }: Permission): boolean => /^ec2:(Start|Stop|Terminate)Instances$/.test(action);
    const bound = all.flatMap(permissionsOf).filter(isBoundToTag);
    assert.ok(bound.length > 0);
    for (const { action, resource } of bound) {
      assert.equal(isAllowed([policy("builder"), policy("build")], action, resource, {}), false, action);
    }
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
