import * as assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import type { OpenStep } from "../../../components/buildkit/builds";
import { Endings } from "../../../components/session/endings";
import type { World } from "../../../components/session/world";
import { type Attempt, newAttempt } from "../../../components/session/session";

const limits = {
  lookMilliseconds: 10,
  reportedLooks: 2,
  endedLooks: 5,
  askedLooks: 8,
  addedLooks: 8,
  pushedLooks: 3,
  fetchedLooks: 3,
};
const engineAddress = "127.0.0.1:4000";

export const step = (name: string, parts: string[] = []): OpenStep => ({ digest: name, name, parts, isSource: true });

/** A build that is looked at every 10 ms, as nodes and this machine are at that moment. */
export class WatchedBuild {
  readonly said: string[] = [];
  readonly cut: string[] = [];
  /** How often the provider was ended. */
  ended = 0;
  readonly attempt: Attempt = newAttempt(["linux/amd64"]);
  readonly endings: Endings;

  constructor(world: Partial<World>, names = ["amd64"]) {
    const relay = {
      socket: (name: string) => name,
      connections: () => [],
      cut: (name: string) => void this.cut.push(name),
    };
    this.endings = new Endings(relay, engineAddress, limits, {
      refs: () => ["a"],
      readBuild: () => Promise.resolve({ isCompleted: true }),
      readOpenSteps: () => Promise.resolve([]),
      countDownloads: () => Promise.resolve(0),
      isGitServerSilent: () => Promise.resolve(false),
      isServerSilent: () => Promise.resolve(false),
      endProvider: (address) => {
        assert.equal(address, engineAddress);
        this.ended += 1;
        return Promise.resolve(true);
      },
      ...world,
    });
    this.endings.begin(this.attempt, { builderName: "b", names, progress: (message) => void this.said.push(message) });
  }

  /** Waits until it has come to that, for as long as a busy machine needs; whether it has, the test says. */
  async until(isSo: (build: this) => boolean): Promise<void> {
    for (let waited = 0; !isSo(this) && waited < 10_000; waited += 10) {
      await sleep(10);
    }
  }

  end(): void {
    this.endings.end(this.attempt);
  }
}
