import * as assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import type { World } from "../../../components/session/world";
import { recoverBuild } from "../../../components/session/recover";
import { newAttempt } from "../../../components/session/session";
import type { Relay } from "../../../components/transport/relay";
import { step, WatchedBuild } from "./watchedBuild";

const loading = "[internal] load metadata for r.example/base:1";

describe("a build that would never end", () => {
  let build: WatchedBuild;
  const watch = (world: Partial<World>, names?: string[]) => void (build = new WatchedBuild(world, names));
  afterEach(() => build.end());

  it("because the provider does not say that it has ended: it is told, the provider is ended, and the reason is given", async () => {
    watch({});
    await build.until(({ ended }) => ended > 0);
    assert.match(
      build.said[0],
      /^the build has ended on node amd64, and docker-build has not said so for .* s; waiting at most/,
    );
    assert.equal(build.ended, 1);
    const failed = { nodes: [], lost: [], isProviderConnected: false, isExplained: false, relay: {} as Relay };
    await assert.rejects(
      recoverBuild(build.attempt, "error reading from server: EOF", failed, () => undefined),
      /it hangs, and its process was ended\. .* one line of more than 64 KiB .*Fix: .*fold -w 4000/,
    );
  });

  it("with what the nodes say of its failure", async () => {
    watch({ readBuild: () => Promise.resolve({ isCompleted: true, error: "exit code: 3" }) });
    await build.until(({ attempt }) => attempt.givenUp !== undefined);
    assert.match(build.attempt.givenUp ?? "", /the build has ended on node amd64 \(exit code: 3\), and docker-build/);
  });

  it("and whose provider is not found: Ctrl-C is asked for", async () => {
    watch({ endProvider: () => Promise.resolve(false) });
    await build.until(({ said }) => / its process is not found/.test(said.at(-1) ?? ""));
    assert.equal(build.attempt.givenUp, undefined);
    assert.match(build.said.at(-1) ?? "", /its process is not found\. Fix: end this with Ctrl-C/);
  });

  for (const [subject, steps] of [
    ["base image r.example/base:1", [loading]],
    ["base image r.example/dockerfile:1", ["resolve image config for docker-image://r.example/dockerfile:1"]],
    ["cache r.example/cache:1", ["importing cache manifest from r.example/cache:1", loading]],
  ] as const) {
    it(`because the registry of ${subject} is silent: it is told, and its connections are cut`, async () => {
      watch({
        readBuild: () => Promise.resolve({ isCompleted: false }),
        readOpenSteps: () => Promise.resolve(steps.map((name) => step(name))),
      });
      await build.until(({ cut }) => cut.length > 0);
      assert.ok(build.said[0].startsWith(`the registry of ${subject} has not answered node amd64 for`), build.said[0]);
      assert.deepEqual([build.cut, build.ended], [["amd64"], 0]);
      assert.match(build.attempt.givenUp ?? "", /takes connections and stays silent\. Fix: /);
    });
  }

  const pushing: Partial<World> = {
    readBuild: () => Promise.resolve({ isCompleted: false }),
    readOpenSteps: () => Promise.resolve([step("exporting to image", ["pushing layers 0"])]),
  };

  it("because the registry that it pushes to is silent, also to this machine: it is told three times", async () => {
    watch(pushing);
    build.attempt.isRegistrySilent = () => Promise.resolve(true);
    await build.until(({ cut }) => cut.length > 0);
    assert.equal(
      build.said.filter((each) => /nothing has moved for .* in the push from node amd64/.test(each)).length,
      2,
    );
    assert.deepEqual([build.cut, build.ended], [["amd64"], 0]);
    assert.match(
      build.attempt.givenUp ?? "",
      /does not answer this machine either\. Fix: look at the registry, then `pulumi up` again/,
    );
  });

  it("is none while the registry that it pushes to answers now and then", async () => {
    watch(pushing);
    let asked = 0;
    build.attempt.isRegistrySilent = () => Promise.resolve((asked += 1) % 3 !== 0);
    await build.until(() => asked >= 4);
    assert.ok(asked >= 4, `${asked}`);
    assert.deepEqual([build.cut, build.ended, build.attempt.givenUp], [[], 0, undefined]);
  });

  const running = () => Promise.resolve({ isCompleted: false });
  const cases: [title: string, world: Partial<World>, names?: string[]][] = [
    ["that has not begun", { refs: () => [] }],
    [
      "of which another node still builds",
      { readBuild: (socket) => Promise.resolve({ isCompleted: socket === "amd64" }) },
      ["amd64", "arm64"],
    ],
    ["that a node does not know yet", { readBuild: () => Promise.resolve(undefined) }],
    [
      "in whose steps nothing is printed",
      { readBuild: running, readOpenSteps: () => Promise.resolve([step("[2/2] RUN make")]) },
    ],
    [
      "that pushes",
      {
        readBuild: running,
        readOpenSteps: () => Promise.resolve([step("exporting to image", ["pushing layers 0"])]),
      },
    ],
    [
      "that asks and runs a step",
      {
        readBuild: running,
        readOpenSteps: () => Promise.resolve([step(loading), step("[2/2] RUN make")]),
      },
    ],
    ["whose node does not answer", { readBuild: () => Promise.reject(new Error("no answer")) }],
    ["that begins again and again", { refs: () => [String(Date.now())] }],
  ];
  for (const [title, world, names] of cases) {
    it(`is none ${title}`, async () => {
      watch(world, names);
      await sleep(200);
      assert.deepEqual([build.ended, build.cut, build.attempt.givenUp, build.said], [0, [], undefined, []]);
    });
  }

  it("is none while this program mends it, or does what comes after it", async () => {
    watch({});
    build.attempt.isBuilding = false;
    await sleep(200);
    assert.deepEqual([build.ended, build.attempt.givenUp, build.said], [0, undefined, []]);
    build.endings.restart(build.attempt);
    await build.until(({ ended }) => ended > 0);
    assert.equal(build.ended, 1);
  });

  it("is none while an image of the same builder has not begun", async () => {
    watch({});
    const second = newAttempt(["linux/amd64"]);
    build.endings.begin(second, { builderName: "b", names: ["amd64"], progress: () => undefined });
    await sleep(200);
    build.endings.end(second);
    assert.deepEqual([build.ended, build.attempt.givenUp], [0, undefined]);
  });
});
