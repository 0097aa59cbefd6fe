import * as assert from "node:assert/strict";

import type { KeptImage } from "../../../components/insights/lastBuild";
import { describeBuilding, describeLikely, lastTimes } from "../../../components/insights/lastTimes";
import { newMemory } from "../../../components/insights/kept";
import type { BuildReport } from "../../../components/insights/report";
import { reportOf } from "./insightReports";

/** What is kept of an image whose builds, the newest first, took so long, and whose nodes so long to wake. */
function kept(...builds: { seconds: number; wake: number; result?: BuildReport["result"] }[]): KeptImage {
  const [report, previous] = builds.map(({ seconds, wake, result = "built" }) => {
    const made = reportOf();
    const platforms = made.platforms.map((each) => ({ ...each, wakeSeconds: wake, nodeSeconds: seconds - 4 }));
    const nodes = made.cost.nodes.map((each) => ({ ...each, seconds }));
    return { ...made, seconds, result, platforms, cost: { ...made.cost, nodes } };
  });
  return { memory: newMemory(), report, previous };
}

const platforms = ["linux/arm64", "linux/amd64"] as const;

describe("what an image's last builds took", () => {
  it("is what the next one is likely to cost and take, by the prices of today", () => {
    assert.equal(
      describeLikely(kept({ seconds: 102, wake: 20 }, { seconds: 41, wake: 0 }), {}),
      "likely $0.00246 to $0.00611 of nodes, 41 s to 1 m 42 s (by the last 2 builds)",
    );
    const prices = { arm64: 36, amd64: 0 };
    assert.equal(
      describeLikely(kept({ seconds: 100, wake: 0 }), prices),
      "likely $1.00 of nodes, 1 m 40 s (by the last build)",
    );
  });

  it("is not told of nodes without a price in dollars, nor of builds that failed", () => {
    const one = kept({ seconds: 41, wake: 0 }, { seconds: 8, wake: 0, result: "failed" });
    one.report.cost.nodes.forEach((node) => delete node.machine);
    assert.equal(describeLikely(one, {}), "likely 41 s (by the last build)");
    const failed = kept({ seconds: 8, wake: 0, result: "failed" });
    assert.equal(describeLikely(failed, {}), undefined);
    assert.equal(lastTimes(failed, platforms), undefined);
  });

  it("is said while the next one is waited for: of a node that was awake, the wake before", () => {
    const last = lastTimes(kept({ seconds: 41, wake: 0.1 }, { seconds: 102, wake: 38 }), platforms);
    assert.deepEqual(
      [...(last?.wakeSeconds ?? [])],
      [
        ["arm64", 38],
        ["amd64", 38],
      ],
    );
    assert.equal(
      describeBuilding("image api", 20.4, last),
      "building and pushing image api, 20 s (37 s last time, 2.1 s of it the push)",
    );
    assert.equal(describeBuilding("image api", 3, undefined), "building and pushing image api, 3 s");
  });
});
