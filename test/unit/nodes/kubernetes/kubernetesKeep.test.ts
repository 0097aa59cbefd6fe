import * as assert from "node:assert/strict";

import { keep, type Way } from "../../../../components/nodes/kubernetes/shell/keep";

describe("a process that keeps nodes on Kubernetes awake", () => {
  const later = new Date(Date.now() + 3_600_000);
  const times = { againMilliseconds: 5, goneMilliseconds: 60 };

  /** What happens at each look: a connection for so many milliseconds, none, no pod, or a cluster that is silent. */
  function wayOf(looks: (number | "refused" | "none" | "silent")[]): Way & { asked: string[] } {
    const asked: string[] = [];
    const now = () => looks[Math.min(asked.length, looks.length) - 1];
    return {
      asked,
      find: () => {
        asked.push(String(looks[Math.min(asked.length, looks.length - 1)]));
        return now() === "silent" ? Promise.reject(new Error("no answer")) : Promise.resolve(now() !== "none");
      },
      hold: () => {
        const look = now();
        return typeof look === "number"
          ? new Promise((resolve) => setTimeout(resolve, look))
          : Promise.reject(new Error("refused"));
      },
    };
  }

  it("connects again when a connection breaks, however long that was there", async () => {
    const way = wayOf([150, "silent", "none", 150, "none"]);
    await keep(way, later, new AbortController().signal, times);
    assert.deepEqual(way.asked.slice(0, 4), ["150", "silent", "none", "150"]);
    assert.ok(way.asked.length > 5, "it waits for another pod, for a while");
  });

  it("gives a node up to which none can be made", async () => {
    for (const look of ["refused", "none", "silent"] as const) {
      const way = wayOf([look]);
      const start = Date.now();
      await keep(way, later, new AbortController().signal, times);
      assert.ok(way.asked.length > 1 && Date.now() - start >= 55, look);
    }
  });

  it("ends at its time, and when another one has its place", async () => {
    const way = wayOf([1]);
    await keep(way, new Date(Date.now() + 30), new AbortController().signal, times);
    const ending = new AbortController();
    setTimeout(() => ending.abort(), 30);
    await keep(way, later, ending.signal, times);
    await keep(way, new Date(0), new AbortController().signal, times);
  });
});
