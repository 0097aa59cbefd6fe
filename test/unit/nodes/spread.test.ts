import * as assert from "node:assert/strict";

import { shareNode } from "../../../components/session/sharedNode";
import type { RunNode } from "../../../components/nodes/node";
import type { NodeArgs } from "../../../components";
import { nodeNameOf, type Platform } from "../../../components/support/platforms";
import { nodeSetName, nodeSetOf, nodeSetsOf } from "../../../components/nodes/nodeSets";
import { checkNodes } from "../../../components/builder/checkNodes";

const urns = Array.from(
  { length: 1000 },
  (_, at) => `urn:pulumi:dev::shop::multi-platform-image:index:MultiPlatformImage::image-${at}`,
);

function nodesOf(counts: Partial<Record<Platform, number>>): { name: string; platform: Platform }[] {
  return Object.entries(counts).flatMap(([platform, count]) =>
    Array.from({ length: count }, (_, at) => ({
      name: nodeNameOf(platform as Platform, at + 1),
      platform: platform as Platform,
    })),
  );
}

const namesIn = (nodeSets: readonly { name: string }[][]) => nodeSets.map((nodeSet) => nodeSet.map(({ name }) => name));

describe("node sets of a builder", () => {
  it("are one for one node of each platform, in the builder's order", () => {
    assert.deepEqual(namesIn(nodeSetsOf(nodesOf({ "linux/arm64": 1, "linux/amd64": 1 }))), [["arm64", "amd64"]]);
  });

  it("have each node of the platform with the most once, and others as often as needed", () => {
    assert.deepEqual(namesIn(nodeSetsOf(nodesOf({ "linux/arm64": 2, "linux/amd64": 1 }))), [
      ["arm64", "amd64"],
      ["arm64-2", "amd64"],
    ]);
    assert.deepEqual(namesIn(nodeSetsOf(nodesOf({ "linux/arm64": 2, "linux/amd64": 3, "linux/s390x": 1 }))), [
      ["arm64", "amd64", "s390x"],
      ["arm64-2", "amd64-2", "s390x"],
      ["arm64", "amd64-3", "s390x"],
    ]);
  });

  it("keep the order in which nodes of several platforms are mixed", () => {
    const [first, second, third, fourth] = nodesOf({ "linux/arm64": 2, "linux/amd64": 2 });
    assert.deepEqual(namesIn(nodeSetsOf([third, first, second, fourth])), [
      ["amd64", "arm64"],
      ["arm64-2", "amd64-2"],
    ]);
  });

  it("are named after the builder, the first like it", () => {
    assert.deepEqual(
      [0, 1, 2].map((nodeSet) => nodeSetName("farm-1a2b3c4d", nodeSet)),
      ["farm-1a2b3c4d", "farm-1a2b3c4d-2", "farm-1a2b3c4d-3"],
    );
  });

  for (const count of [1, 2, 3, 4, 7]) {
    it(`each get their share of 1000 images, and a further one only moves images to itself: ${count} → ${count + 1}`, () => {
      const before = urns.map((urn) => nodeSetOf(urn, count));
      const after = urns.map((urn) => nodeSetOf(urn, count + 1));
      const moved = after.filter((nodeSet, at) => nodeSet !== before[at]);
      assert.ok(moved.every((nodeSet) => nodeSet === count));
      const fair = urns.length / (count + 1);
      assert.ok(moved.length > fair * 0.7 && moved.length < fair * 1.3, `${moved.length} moved, ${fair} are fair`);
      const shares = Array.from({ length: count + 1 }, (_, nodeSet) => after.filter((each) => each === nodeSet).length);
      assert.ok(
        shares.every((share) => share > fair * 0.7 && share < fair * 1.3),
        shares.join(),
      );
    });
  }

  it("a further node of one platform moves images of that platform to it alone, where the other has as many lanes", () => {
    const nodeOf = (urn: string, counts: Partial<Record<Platform, number>>, platform: Platform) => {
      const nodeSets = nodeSetsOf(nodesOf(counts));
      return nodeSets[nodeSetOf(urn, nodeSets.length)].find((node) => node.platform === platform)?.name;
    };
    const before = { "linux/arm64": 2, "linux/amd64": 1 } as const;
    const after = { "linux/arm64": 2, "linux/amd64": 2 } as const;
    for (const urn of urns) {
      assert.equal(nodeOf(urn, before, "linux/arm64"), nodeOf(urn, after, "linux/arm64"));
      assert.ok(["amd64", "amd64-2"].includes(nodeOf(urn, after, "linux/amd64") ?? ""));
    }
  });
});

describe("several nodes of one platform", () => {
  const remote = (host: string, platform: Platform, name?: string): NodeArgs => ({
    kind: "remote",
    platform,
    endpoint: `tcp://${host}:1234`,
    ...(name && { name }),
  });
  const namesOf = (...nodes: NodeArgs[]) => checkNodes("Builder b", nodes).map(({ name }) => name);

  it("are numbered from the second on, for each platform alone", () => {
    assert.deepEqual(
      namesOf(
        remote("a", "linux/arm64"),
        remote("b", "linux/amd64"),
        remote("c", "linux/arm64"),
        { kind: "ec2", platform: "linux/arm64" },
        { kind: "ec2", platform: "linux/amd64" },
      ),
      ["arm64", "amd64", "arm64-2", "arm64-3", "amd64-2"],
    );
  });

  it("keep their numbers when one of them gets a name of its own", () => {
    const nodes = [remote("a", "linux/arm64"), remote("b", "linux/arm64", "big"), remote("c", "linux/arm64")];
    assert.deepEqual(namesOf(...nodes), ["arm64", "big", "arm64-3"]);
  });

  it("fail if one of them is `local`", () => {
    const local: NodeArgs = { kind: "local", platform: "linux/arm64" };
    const message =
      /`nodes\[1\]\.platform` is "linux\/arm64": node arm64 serves it too, and several nodes .* "ec2", "kubernetes" or "remote"/;
    assert.throws(() => namesOf(local, local), { message });
    assert.throws(() => namesOf(remote("a", "linux/arm64"), local), { message });
  });

  it("fail if two have one name or one endpoint", () => {
    const name = /`nodes\[1\]\.name` is "arm64": another node has it/;
    assert.throws(() => namesOf(remote("a", "linux/arm64"), remote("b", "linux/arm64", "arm64")), { message: name });
    const endpoint = /`nodes\[1\]\.endpoint` is "tcp:\/\/a:1234": node arm64 has the same one/;
    assert.throws(() => namesOf(remote("a", "linux/arm64"), remote("a", "linux/arm64")), { message: endpoint });
  });
});

describe("a node in several lanes", () => {
  const progress = () => undefined;

  function counted() {
    const counts = { wakes: 0, replacements: 0 };
    const node: RunNode = {
      name: "amd64",
      platform: "linux/amd64",
      address: "somewhere",
      wake: async () => {
        counts.wakes += 1;
        await new Promise((resolve) => setTimeout(resolve, 5));
        return { waitingFor: "nothing" };
      },
      replace: async () => {
        counts.replacements += 1;
        await new Promise((resolve) => setTimeout(resolve, 5));
        return true;
      },
    };
    return { counts, views: shareNode(node, 2) };
  }

  it("is looked at once for all who look at the same time, and again later", async () => {
    const { counts, views } = counted();
    await Promise.all(views.map((view) => view.wake(progress)));
    assert.equal(counts.wakes, 1);
    await views[1].wake(progress);
    assert.equal(counts.wakes, 2);
  });

  it("is replaced once when all node sets lose it, and again when the new one is lost", async () => {
    const { counts, views } = counted();
    await Promise.all(views.map((view) => view.wake(progress)));
    assert.equal(await views[0].replace?.(false, progress), true);
    assert.equal(await views[1].replace?.(false, progress), true);
    assert.equal(counts.replacements, 1);
    await views[1].wake(progress);
    assert.equal(await views[1].replace?.(false, progress), true);
    assert.equal(counts.replacements, 2);
  });
});
