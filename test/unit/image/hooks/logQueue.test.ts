import * as assert from "node:assert/strict";

import { BaseImageAnswers } from "../../../../components/baseImages/ask";
import { checkBaseImages } from "../../../../components/baseImages/check";

// ESLint keeps the sources from waiting for a line (`no-restricted-syntax`). Each line of Pulumi's log waits for the one before it, and for the URN of its resource. A hook that waits for a line waits
// for resources that wait for it: https://github.com/pulumi/pulumi/blob/v3.248.0/sdk/nodejs/log/index.ts
describe("the queue of Pulumi's log that does not move", function () {
  this.timeout(20_000);

  it("does not hold up the check of base images", async () => {
    const warnings: string[] = [];
    const stuck = ((message: string) => {
      warnings.push(message);
      return new Promise(() => undefined);
    }) as (message: string) => void;
    const build = {
      owner: "MultiPlatformImage api",
      platforms: ["linux/amd64" as const],
      buildPlatform: () => "linux/amd64" as const,
      isOnThisMachine: true,
      // Nothing listens on port 1: a registry that can't be asked.
      dockerfile: { inline: "FROM localhost:1/stuck:1\n" },
    };
    await checkBaseImages(build, new BaseImageAnswers(), () => undefined, stuck);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /the build goes on without a check of base image localhost:1\/stuck:1/);
  });
});
