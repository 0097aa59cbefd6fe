import * as assert from "node:assert/strict";

import type { Step as Progress } from "../progress";
import { type Answer, askAll, launchQuestions } from "./questions";
import type { Outputs } from "./settings";
import type { Change, NodeInstance, World } from "./world";

/** What earlier steps saw. */
export interface Seen {
  outputs?: Outputs;
  layers?: Record<string, string[]>;
  instanceIds?: string[];
  answers?: Answer[];
}

/** A part of a builder's life, and what it proves. */
export interface VerifyStep {
  name: string;
  asserts: string;
  run: (world: World, seen: Seen, progress: Progress) => Promise<void>;
}

const pollMilliseconds = 5_000;
/** One idle minute, seen at the node's next look, and the time to shut down. */
const deadlineMilliseconds = 10 * 60_000;

/** The whole life of a builder, in its order. Destroying it is no step: it happens whatever becomes of these. */
export const verifySteps: readonly VerifyStep[] = [
  {
    name: "first build",
    asserts: "each platform is in the index, from its own node; another resource of the same update has the digest",
    async run(world, seen) {
      await world.up();
      await see(world, seen);
      assert.deepEqual(Object.keys(seen.outputs!.platformDigests).sort(), [...world.platforms].sort());
      await assertDeployed(world, seen.outputs!);
      assert.equal(seen.instanceIds!.length, world.platforms.length, "one instance for each platform");
    },
  },
  {
    name: "questions",
    asserts: "what only an account can tell is in the report",
    run: async (world, seen) => void (seen.answers = await askAll(world, seen.outputs!)),
  },
  {
    name: "up, nothing changed",
    asserts: "no resource changes",
    run: async (world) => void (await world.up({ expectNoChanges: true })),
  },
  { name: "preview", asserts: "no resource would change", run: (world) => world.previewNothing() },
  {
    name: "changed file",
    asserts: "only the changed file's layer is new; no node is touched",
    run: async (world, seen) => rebuild(world, seen, "changed"),
  },
  {
    name: "idle",
    asserts: "the nodes stop by themselves",
    async run(world, _seen, progress) {
      const instances = await until(world, progress, "stopped", "stop");
      for (const { name, reason } of instances) {
        assert.equal(reason, "Client.InstanceInitiatedShutdown", `${name} stopped itself`);
      }
    },
  },
  {
    name: "up --refresh, nodes stopped",
    asserts: "no resource changes; same instances, still stopped",
    async run(world, seen) {
      await world.up({ refresh: true, expectNoChanges: true });
      const instances = await world.instances();
      assert.deepEqual(idsOf(instances), seen.instanceIds);
      assert.deepEqual(new Set(instances.map(({ state }) => state)), new Set(["stopped"]));
    },
  },
  {
    name: "wake with cache",
    asserts: "same instances; only the changed file's layer is new",
    run: async (world, seen) => rebuild(world, seen, "changed again, after a sleep"),
  },
  {
    name: "changed idle time",
    asserts: "the settings parameter of each node is updated, nothing else; same instances",
    async run(world, seen) {
      world.declare({ idleTimeoutMinutes: 2 });
      const changes = await world.up();
      assert.deepEqual(
        changes.map(({ operation, name }) => `${operation} ${name.replace(/^.*-(\w+-settings)$/, "$1")}`).sort(),
        world.platforms.map((platform) => `update ${platform.replace("linux/", "")}-settings`).sort(),
      );
      assert.deepEqual(idsOf(await world.instances()), seen.instanceIds);
    },
  },
  {
    name: "ephemeral nodes",
    asserts: "each platform is built on an instance that the update launches and terminates; none is left",
    async run(world, seen, progress) {
      const { indexDigest } = seen.outputs!;
      world.declare({ lifecycle: "ephemeral" });
      world.writeMessage("changed, for ephemeral nodes");
      await world.up();
      seen.outputs = await world.outputs();
      assert.notEqual(seen.outputs.indexDigest, indexDigest, "a new digest");
      assert.deepEqual(Object.keys(seen.outputs.platformDigests).sort(), [...world.platforms].sort());
      await assertDeployed(world, seen.outputs);
      await until(world, progress, "shutting-down", "end");
      seen.answers!.push(...(await askAll(world, seen.outputs, launchQuestions)));
    },
  },
];

async function rebuild(world: World, seen: Seen, message: string): Promise<void> {
  const { outputs, layers, instanceIds } = seen;
  world.writeMessage(message);
  assertNodesUntouched(await world.up());
  await see(world, seen);
  assert.notEqual(seen.outputs!.indexDigest, outputs!.indexDigest, "a new digest");
  assert.deepEqual(seen.instanceIds, instanceIds, "the same instances");
  await assertDeployed(world, seen.outputs!);
  for (const platform of world.platforms) {
    // A step before writes random bytes: its layer is the same only if it comes from the node's cache.
    const [before, after] = [layers![platform], seen.layers![platform]];
    assert.deepEqual(after.slice(0, -1), before.slice(0, -1), `${platform}: unchanged steps come from the cache`);
    assert.notEqual(after.at(-1), before.at(-1), `${platform}: the changed file is in the image`);
  }
}

async function see(world: World, seen: Seen): Promise<void> {
  seen.outputs = await world.outputs();
  seen.layers = await world.layers(seen.outputs);
  seen.instanceIds = idsOf(await world.instances());
}

async function assertDeployed(world: World, { deployedParameter, indexDigest, ref }: Outputs): Promise<void> {
  assert.ok(ref.endsWith(`@${indexDigest}`), `${ref} has the index's digest`);
  assert.equal(await world.parameter(deployedParameter), ref);
}

function assertNodesUntouched(changes: readonly Change[]): void {
  const nodes = changes.filter(({ type }) => /^(aws:(ec2|ebs|iam|vpc)|tls)[:/]/.test(type));
  assert.deepEqual(nodes, [], "no resource of a node changes");
}

/** Those that are terminated are none. */
async function until(world: World, progress: Progress, wanted: string, end: string): Promise<NodeInstance[]> {
  for (let waited = 0; waited < deadlineMilliseconds; waited += pollMilliseconds) {
    const instances = await world.instances();
    progress.detail(describe(instances));
    if (instances.every(({ state }) => state === wanted)) {
      return instances;
    }
    await world.sleep(pollMilliseconds);
  }
  throw new Error(
    `the nodes did not ${end} within ${deadlineMilliseconds / 60_000} minutes: ${describe(await world.instances())}`,
  );
}

function describe(instances: readonly NodeInstance[]): string {
  return instances.map(({ name, state }) => `${name} ${state}`).join(", ");
}

function idsOf(instances: readonly NodeInstance[]): string[] {
  return instances.map(({ id }) => id).sort();
}
