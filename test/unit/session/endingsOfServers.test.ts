import * as assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import type { World } from "../../../components/session/world";
import { step, WatchedBuild } from "./watchedBuild";

describe("a build that would never end, because of a server that BuildKit says nothing of", () => {
  let build: WatchedBuild;
  const watch = (world: Partial<World>, names?: string[]) => void (build = new WatchedBuild(world, names));
  afterEach(() => build.end());

  const adding = (downloads: number): Partial<World> => ({
    readBuild: () => Promise.resolve({ isCompleted: false }),
    readOpenSteps: () => Promise.resolve([step("[1/1] ADD http://h/x /")]),
    countDownloads: () => Promise.resolve(downloads),
  });

  it("because the server of an ADD does not begin to answer its node: it is told, and its connections are cut", async () => {
    watch(adding(0));
    await build.until(({ attempt }) => attempt.givenUp !== undefined);
    assert.match(
      build.said[0],
      /^a server of `ADD http:\/\/h\/x \/` has not begun to answer node amd64 for .* s; waiting at most/,
    );
    assert.deepEqual([build.cut, build.ended], [["amd64"], 0]);
    assert.match(
      build.attempt.givenUp ?? "",
      /takes connections and stays silent\. Fix: another server, or `pulumi up` again/,
    );
  });

  it("because the server of an ADD has fallen silent in its download, also to this machine", async () => {
    watch({ ...adding(1), isServerSilent: () => Promise.resolve(true) });
    await build.until(({ attempt }) => attempt.givenUp !== undefined);
    assert.match(build.said[0], /has been at its download for .* s on node amd64; its server is asked from here/);
    assert.deepEqual([build.cut, build.ended], [["amd64"], 0]);
    assert.match(
      build.attempt.givenUp ?? "",
      /its server does not answer this machine either\. Fix: look at that server/,
    );
  });

  it("is none while a file of an ADD is downloaded whose server answers this machine, or can't be reached from it", async () => {
    watch(adding(1));
    await sleep(800);
    assert.deepEqual([build.cut, build.ended, build.attempt.givenUp], [[], 0, undefined]);
  });

  it("because the server that its cache is written to is silent, also to this machine, and the push goes on beside it", async () => {
    const pushed = step("exporting to image", ["pushing layers 0"]);
    const written = step("exporting cache to registry", ["writing layer sha256:1 0"]);
    watch({
      readBuild: () => Promise.resolve({ isCompleted: false }),
      readOpenSteps: () => Promise.resolve([pushed, written]),
      isServerSilent: (url) => Promise.resolve(url === "http://localhost:5000/v2/"),
    });
    Object.assign(build.attempt, {
      cacheServers: ["http://localhost:5000/v2/"],
      isRegistrySilent: () => Promise.resolve(false),
    });
    await build.until(({ attempt }) => attempt.givenUp !== undefined);
    assert.equal(
      build.said.filter((each) => /nothing has moved for .* writes to the cache, and its server/.test(each)).length,
      2,
    );
    assert.deepEqual([build.cut, build.ended], [["amd64"], 0]);
    assert.match(
      build.attempt.givenUp ?? "",
      /its server \(http:\/\/localhost:5000\/v2\/\) does not answer this machine either\. Fix: /,
    );
  });

  const fetching = (source: string, isSilent: () => boolean): Partial<World> => ({
    readBuild: () => Promise.resolve({ isCompleted: false }),
    readOpenSteps: () => Promise.resolve([step(`[internal] load git source ${source}`)]),
    isGitServerSilent: () => Promise.resolve(isSilent()),
  });
  const commit = "0123456789012345678901234567890123456789";

  for (const [title, source, asked] of [
    ["that this machine has found", `https://ci:secret@git.example/x.git#${commit}:sub`, 3],
    ["that it has never reached", "https://ci:secret@git.example/x.git#main", 6],
  ] as const) {
    it(`because a Git server ${title} is silent, also to this machine: it is reported, and given up after ${asked} silent answers`, async () => {
      let times = 0;
      watch(fetching(source, () => (times += 1) > 0));
      await build.until(({ attempt }) => attempt.givenUp !== undefined);
      assert.match(
        build.said[0],
        /^node amd64 has been fetching https:\/\/git\.example\/x\.git#\S+ for .* s; its server is asked/,
      );
      assert.equal(
        build.said.filter((each) => / the Git server does not answer this machine either /.test(each)).length,
        asked - 1,
      );
      assert.equal(times, asked);
      assert.deepEqual([build.cut, build.ended], [["amd64"], 0]);
      assert.match(
        build.attempt.givenUp ?? "",
        /does not answer this machine either\. Fix: look at that server, .*; then `pulumi up` again/,
      );
      assert.doesNotMatch([...build.said, build.attempt.givenUp].join(), /secret/);
    });
  }

  const repository = `git://h/x#${commit}`;

  it("because a Git server is silent before buildx has noted the build, while another image is done", async () => {
    // As buildx notes them: the other's alone.
    watch({
      refs: (...[, , , context]) => (context === undefined ? ["other"] : []),
      isGitServerSilent: () => Promise.resolve(true),
    });
    build.attempt.gitSource = repository;
    await build.until(({ attempt }) => attempt.givenUp !== undefined);
    assert.match(build.said[0], /^node amd64 has been fetching git:\/\/h\/x#\S+ for .* s; its server is asked/);
    assert.deepEqual([build.cut, build.ended], [["amd64"], 0]);
    assert.match(build.attempt.givenUp ?? "", /the Git server does not answer this machine either\. Fix: /);
  });

  it("is none before buildx has noted it, however long a fetch takes, while the Git server answers and another image is done", async () => {
    watch({ refs: (...[, , , context]) => (context === undefined ? ["other"] : []) });
    build.attempt.gitSource = repository;
    await sleep(400);
    assert.deepEqual([build.cut, build.ended, build.attempt.givenUp], [[], 0, undefined]);
  });

  it("is none while the Git server answers now and then, however long it takes", async () => {
    let times = 0;
    watch(fetching(`git://h/x#${commit}`, () => (times += 1) % 3 !== 0));
    await build.until(() => times >= 4);
    assert.ok(times >= 4, `${times}`);
    assert.deepEqual([build.cut, build.ended, build.attempt.givenUp], [[], 0, undefined]);
  });
});
