import * as assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import type { OpenStep } from "../../../components/buildkit/builds";
import type { World } from "../../../components/session/world";
import { newAttempt } from "../../../components/session/session";
import { step, WatchedBuild } from "./watchedBuild";

/** buildx does not say which build of a node is whose: all that go on at the same time are looked at. */
describe("a build beside another of the same builder", () => {
  let build: WatchedBuild;
  afterEach(() => build.end());

  const both = (steps: Record<string, OpenStep[]>, world: Partial<World> = {}): void => {
    build = new WatchedBuild({
      refs: () => Object.keys(steps),
      readBuild: () => Promise.resolve({ isCompleted: false }),
      readOpenSteps: (_, ref) => Promise.resolve(steps[ref]),
      ...world,
    });
  };
  const pushing = step("exporting to image", ["pushing layers 0"]);
  const asking = (image: string) => step(`[internal] load metadata for ${image}`);

  it("is not given up while it pushes slowly and the other waits for a silent registry", async () => {
    both({ a: [pushing], b: [asking("r.example/base:1")] });
    build.attempt.isRegistrySilent = () => Promise.resolve(false);
    await build.until(({ said }) => /the registry of base image/.test(said.join()));
    assert.deepEqual([build.cut, build.attempt.givenUp], [[], undefined]);
    assert.match(build.said.join("\n"), /the registry of base image r\.example\/base:1 has not answered/);
  });

  it("is given up where each of them waits for a silent server", async () => {
    both({ a: [pushing], b: [asking("r.example/base:1")] });
    build.attempt.isRegistrySilent = () => Promise.resolve(true);
    await build.until(({ attempt }) => attempt.givenUp !== undefined);
    assert.deepEqual(build.cut, ["amd64"]);
    assert.match(build.attempt.givenUp ?? "", /does not answer|takes connections and stays silent/);
  });

  it("is not given up because of another's Git server, while its own answers", async () => {
    const fetching = (host: string) => step(`[internal] load git source https://${host}/x.git#${"0".repeat(40)}`);
    const isGitServerSilent = (source: string) => Promise.resolve(source.includes("silent"));
    both({ a: [fetching("silent.example")], b: [fetching("well.example")] }, { isGitServerSilent });
    await sleep(600);
    assert.deepEqual([build.cut, build.attempt.givenUp], [[], undefined]);
  });

  it("is not given up in the download of a file that both add: BuildKit gets it once for both", async () => {
    const add = step("[1/1] ADD http://h/x /");
    both({ a: [add], b: [add] }, { countDownloads: () => Promise.resolve(1) });
    await build.until(({ said }) => said.length > 0);
    assert.deepEqual([build.cut, build.attempt.givenUp], [[], undefined]);
    assert.match(build.said[0], /has been at its download/);
  });

  it("has not ended with the other, whose record is there already while its own is not", async () => {
    build = new WatchedBuild({ refs: () => ["other"] });
    const other = newAttempt(["linux/amd64"]);
    build.endings.begin(other, { builderName: "b", names: ["amd64"], progress: () => undefined });
    build.endings.end(other);
    await sleep(200);
    assert.deepEqual([build.ended, build.attempt.givenUp], [0, undefined]);
  });
});
