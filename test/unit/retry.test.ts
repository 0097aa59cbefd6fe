import * as assert from "node:assert/strict";

import { judge } from "../../components/build/retry";

describe("retry", () => {
  for (const [error, hungUp, verdict] of [
    ["rpc error: code = Unavailable desc = error reading from server: EOF", false, "node-lost"],
    ["failed to receive status: rpc error: code = Unavailable desc = closing transport", true, "node-lost"],
    ["waiting for connection: context deadline exceeded", false, "node-lost"],
    ["something that names no cause", true, "node-lost"],
    ["something that names no cause", false, "final"],
    ['process "/bin/sh -c make" did not complete successfully: exit code: 2', true, "final"],
    ["failed to solve: rpc error: code = Canceled desc = context canceled", true, "cancelled"],
    ["context canceled", false, "cancelled"],
    ["dockerfile parse error on line 3: unknown instruction: RUNN", false, "final"],
    ["unexpected status from POST request: 401 Unauthorized", false, "final"],
  ] as const) {
    it(`takes ${JSON.stringify(error)} for ${verdict}${hungUp ? " when a node hung up" : ""}`, () =>
      assert.equal(judge(error, hungUp), verdict));
  }
});
