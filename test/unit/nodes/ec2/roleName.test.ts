import * as assert from "node:assert/strict";

import { nodeRoleName } from "../../../../components/nodes/ec2/roleName";

const own = "builders-1a2b3c4d";

describe("the name of a node's role", () => {
  it("is the builder's and the node's, and told from other builders'", () => {
    assert.equal(nodeRoleName(own, "amd64"), "builders-1a2b3c4d@amd64");
    assert.equal(nodeRoleName("b".repeat(58), "amd64").length, 64);
  });

  it("fails if IAM would refuse it", () =>
    assert.throws(() => nodeRoleName("b".repeat(59), "amd64"), {
      message: /^node amd64: its role in IAM would be named b+@amd64, which has 65 characters: 64 are allowed\. Fix: /,
    }));
});
