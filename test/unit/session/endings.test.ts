import * as assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import { Endings } from "../../../components/session/endings";
import type { World } from "../../../components/session/endingsWorld";
import { recoverBuild } from "../../../components/session/recover";
import type { Relay } from "../../../components/transport/relay";
import { type Attempt, newAttempt } from "../../../components/session/session";

const limits = {
  lookMilliseconds: 10,
  reportedLooks: 2,
  endedLooks: 5,
  askedLooks: 8,
  pushedLooks: 3,
  fetchedLooks: 3,
};
const loading = "[internal] load metadata for r.example/base:1";

describe("a build that would never end", () => {
  let said: string[];
  let ended: number;
  let cut: string[];
  let endings: Endings;
  let attempt: Attempt;

  /** As nodes and this machine are at that moment. */
  function watch(world: Partial<World>, names = ["amd64"]): void {
    said = [];
    cut = [];
    ended = 0;
    const relay = {
      socket: (name: string) => name,
      connections: () => [],
      cut: (name: string) => void cut.push(name),
    };
    endings = new Endings(relay, limits, {
      refs: () => ["a"],
      readBuild: () => Promise.resolve({ isCompleted: true }),
      readOpenSteps: () => Promise.resolve([]),
      isGitServerSilent: () => Promise.resolve(false),
      endProvider: () => {
        ended += 1;
        return Promise.resolve(true);
      },
      ...world,
    });
    attempt = newAttempt(["linux/amd64"]);
    endings.begin(attempt, { builderName: "b", names, progress: (message) => void said.push(message) });
  }

  afterEach(() => endings.end(attempt));

  it("because the provider does not say that it has ended: it is told, the provider is ended, and the reason is given", async () => {
    watch({});
    await sleep(400);
    assert.match(
      said[0],
      /^the build has ended on node amd64, and docker-build has not said so for .* s; waiting at most/,
    );
    assert.equal(ended, 1);
    const failed = { nodes: [], lost: [], isProviderConnected: false, isExplained: false, relay: {} as Relay };
    await assert.rejects(
      recoverBuild(attempt, "error reading from server: EOF", failed, () => undefined),
      /it hangs, and its process was ended\. .* one line of more than 64 KiB .*Fix: .*fold -w 4000/,
    );
  });

  it("with what the nodes say of its failure", async () => {
    watch({ readBuild: () => Promise.resolve({ isCompleted: true, error: "exit code: 3" }) });
    await sleep(200);
    assert.match(attempt.givenUp ?? "", /the build has ended on node amd64 \(exit code: 3\), and docker-build/);
  });

  it("and whose provider is not found: Ctrl-C is asked for", async () => {
    watch({ endProvider: () => Promise.resolve(false) });
    const isSaid = () => / its process is not found/.test(said.at(-1) ?? "");
    for (let waited = 0; !isSaid() && waited < 5_000; waited += 50) {
      await sleep(50);
    }
    assert.equal(attempt.givenUp, undefined);
    assert.match(said.at(-1) ?? "", /its process is not found\. Fix: end this with Ctrl-C/);
  });

  for (const [subject, steps] of [
    ["base image r.example/base:1", [loading]],
    ["base image r.example/dockerfile:1", ["resolve image config for docker-image://r.example/dockerfile:1"]],
    ["cache r.example/cache:1", ["importing cache manifest from r.example/cache:1", loading]],
  ] as const) {
    it(`because the registry of ${subject} is silent: it is told, and its connections are cut`, async () => {
      watch({
        readBuild: () => Promise.resolve({ isCompleted: false }),
        readOpenSteps: () => Promise.resolve(steps.map((name) => ({ name, parts: [] }))),
      });
      await sleep(400);
      assert.ok(said[0].startsWith(`the registry of ${subject} has not answered node amd64 for`), said[0]);
      assert.deepEqual([cut, ended], [["amd64"], 0]);
      assert.match(attempt.givenUp ?? "", /takes connections and stays silent\. Fix: /);
    });
  }

  const pushing: Partial<World> = {
    readBuild: () => Promise.resolve({ isCompleted: false }),
    readOpenSteps: () => Promise.resolve([{ name: "exporting to image", parts: ["pushing layers 0"] }]),
  };

  it("because the registry that it pushes to is silent, also to this machine: it is told three times", async () => {
    watch(pushing);
    attempt.isRegistrySilent = () => Promise.resolve(true);
    await sleep(400);
    assert.equal(said.filter((each) => /nothing has moved for .* in the push from node amd64/.test(each)).length, 2);
    assert.deepEqual([cut, ended], [["amd64"], 0]);
    assert.match(
      attempt.givenUp ?? "",
      /does not answer this machine either\. Fix: look at the registry, then `pulumi up` again/,
    );
  });

  it("is none while the registry that it pushes to answers now and then", async () => {
    watch(pushing);
    let asked = 0;
    attempt.isRegistrySilent = () => Promise.resolve((asked += 1) % 3 !== 0);
    await sleep(800);
    assert.ok(asked >= 4, `${asked}`);
    assert.deepEqual([cut, ended, attempt.givenUp], [[], 0, undefined]);
  });

  const fetching = (source: string, isSilent: () => boolean): Partial<World> => ({
    readBuild: () => Promise.resolve({ isCompleted: false }),
    readOpenSteps: () => Promise.resolve([{ name: `[internal] load git source ${source}`, parts: [] }]),
    isGitServerSilent: () => Promise.resolve(isSilent()),
  });
  const commit = "0123456789012345678901234567890123456789";

  for (const [title, source, asked] of [
    ["that this machine has found", `https://ci:secret@git.example/x.git#${commit}:sub`, 3],
    ["that it has never reached", "https://ci:secret@git.example/x.git#main", 6],
  ] as const) {
    it(`because a Git server ${title} is silent, also to this machine: it is told, and given up at the ${asked}th time`, async () => {
      let times = 0;
      watch(fetching(source, () => (times += 1) > 0));
      await sleep(800);
      assert.match(
        said[0],
        /^node amd64 has been fetching https:\/\/git\.example\/x\.git#\S+ for .* s; its server is asked/,
      );
      assert.equal(
        said.filter((each) => / the Git server does not answer this machine either /.test(each)).length,
        asked - 1,
      );
      assert.equal(times, asked);
      assert.deepEqual([cut, ended], [["amd64"], 0]);
      assert.match(
        attempt.givenUp ?? "",
        /does not answer this machine either\. Fix: look at that server, .*; then `pulumi up` again/,
      );
      assert.doesNotMatch([...said, attempt.givenUp].join(), /secret/);
    });
  }

  const repository = `git://h/x#${commit}`;

  it("because a Git server is silent before buildx has noted the build, while another image is done", async () => {
    // As buildx notes them: the other's alone.
    watch({
      refs: (...[, , , context]) => (context === undefined ? ["other"] : []),
      isGitServerSilent: () => Promise.resolve(true),
    });
    attempt.gitSource = repository;
    await sleep(400);
    assert.match(said[0], /^node amd64 has been fetching git:\/\/h\/x#\S+ for .* s; its server is asked/);
    assert.deepEqual([cut, ended], [["amd64"], 0]);
    assert.match(attempt.givenUp ?? "", /the Git server does not answer this machine either\. Fix: /);
  });

  it("is none before buildx has noted it, however long a fetch takes, while the Git server answers and another image is done", async () => {
    watch({ refs: (...[, , , context]) => (context === undefined ? ["other"] : []) });
    attempt.gitSource = repository;
    await sleep(400);
    assert.deepEqual([cut, ended, attempt.givenUp], [[], 0, undefined]);
  });

  it("is none while the Git server answers now and then, however long it takes", async () => {
    let times = 0;
    watch(fetching(`git://h/x#${commit}`, () => (times += 1) % 3 !== 0));
    await sleep(800);
    assert.ok(times >= 4, `${times}`);
    assert.deepEqual([cut, ended, attempt.givenUp], [[], 0, undefined]);
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
      { readBuild: running, readOpenSteps: () => Promise.resolve([{ name: "[2/2] RUN make", parts: [] }]) },
    ],
    [
      "that pushes",
      {
        readBuild: running,
        readOpenSteps: () => Promise.resolve([{ name: "exporting to image", parts: ["pushing layers 0"] }]),
      },
    ],
    [
      "that asks and runs a step",
      {
        readBuild: running,
        readOpenSteps: () =>
          Promise.resolve([
            { name: loading, parts: [] },
            { name: "[2/2] RUN make", parts: [] },
          ]),
      },
    ],
    ["whose node does not answer", { readBuild: () => Promise.reject(new Error("no answer")) }],
    ["that begins again and again", { refs: () => [String(Date.now())] }],
  ];
  for (const [title, world, names] of cases) {
    it(`is none ${title}`, async () => {
      watch(world, names);
      await sleep(200);
      assert.deepEqual([ended, cut, attempt.givenUp, said], [0, [], undefined, []]);
    });
  }

  it("is none while this program mends it, or does what comes after it", async () => {
    watch({});
    attempt.isBuilding = false;
    await sleep(200);
    assert.deepEqual([ended, attempt.givenUp, said], [0, undefined, []]);
    endings.restart(attempt);
    await sleep(200);
    assert.equal(ended, 1);
  });

  it("is none while an image of the same builder has not begun", async () => {
    watch({});
    const second = newAttempt(["linux/amd64"]);
    endings.begin(second, { builderName: "b", names: ["amd64"], progress: () => undefined });
    await sleep(200);
    endings.end(second);
    assert.deepEqual([ended, attempt.givenUp], [0, undefined]);
  });
});
