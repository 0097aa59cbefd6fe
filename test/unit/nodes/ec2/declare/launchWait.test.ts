import * as assert from "node:assert/strict";
import { mock } from "node:test";

import { LaunchWait } from "../../../../../components/nodes/ec2/declare/launchHooks";

describe("the wait for a launch that Pulumi makes", () => {
  const told: [string, boolean | undefined][] = [];

  beforeEach(() => {
    told.splice(0);
    mock.timers.enable({ apis: ["setInterval", "Date"] });
  });
  afterEach(() => mock.timers.reset());

  const begin = () =>
    new LaunchWait("EC2 to launch node arm64", (text, isPassing) => void told.push([text, isPassing]));

  it("is told when it begins, every 10 s as a line that passes, and when it is over", () => {
    const wait = begin();
    mock.timers.tick(10_000);
    mock.timers.tick(10_000);
    wait.end("node arm64 is launched as instance i-1");
    mock.timers.tick(60_000);
    const lines = told.map(([text, isPassing]) => `${isPassing ? "passing: " : ""}${text.split(":")[0]}`);
    assert.deepEqual(lines, [
      "waiting for EC2 to launch node arm64",
      "passing: waiting for EC2 to launch node arm64, 10 s",
      "passing: waiting for EC2 to launch node arm64, 20 s",
      "node arm64 is launched as instance i-1, after 20 s",
    ]);
    for (const [text] of told.slice(0, 3)) assert.match(text, /: it usually takes 10 to 20 s/);
  });

  it("ends without a word where the launch failed, which has its own", () => {
    begin().end();
    mock.timers.tick(60_000);
    assert.equal(told.length, 1);
  });
});
