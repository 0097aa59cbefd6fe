import * as assert from "node:assert/strict";

import { judge } from "../../components/build/retry";

describe("retry", () => {
  for (const [error, hungUp, verdict] of [
    ["rpc error: code = Unavailable desc = error reading from server: EOF", false, "node-lost"],
    ["failed to receive status: rpc error: code = Unavailable desc = closing transport", true, "node-lost"],
    ["waiting for connection: context deadline exceeded", false, "node-lost"],
    ["something that names no cause", true, "node-lost"],
    ["something that names no cause", false, "final"],
    ['process "/bin/sh -c make" did not complete successfully: exit code: 2', true, "step-failed"],
    [
      'process "/bin/sh -c echo no space left on device" did not complete successfully: exit code: 1',
      false,
      "step-failed",
    ],
    [
      "failed to solve: ResourceExhausted: failed to copy: write /var/lib/x: no space left on device",
      true,
      "disk-full",
    ],
    ["unexpected status from PUT request to https://r/v2/a/blobs/b: 429 Too Many Requests", false, "registry-busy"],
    ["toomanyrequests: You have reached your pull rate limit", false, "registry-busy"],
    ["write: no space left on device: context canceled", true, "cancelled"],
    ["failed to solve: rpc error: code = Canceled desc = context canceled", true, "cancelled"],
    ["context canceled", false, "cancelled"],
    ["dockerfile parse error on line 3: unknown instruction: RUNN", false, "final"],
    ["unexpected status from POST request: 401 Unauthorized", false, "final"],
  ] as const) {
    it(`takes ${JSON.stringify(error)} for ${verdict}${hungUp ? " when a node hung up" : ""}`, () =>
      assert.equal(judge(error, hungUp), verdict));
  }
});
