import * as assert from "node:assert/strict";

import type { CreateFleetError } from "@aws-sdk/client-ec2";

import type { Ec2EphemeralNode } from "../../components/ec2/connection";
import { judgeFleet } from "../../components/ec2/ephemeral/fleet";

const node: Ec2EphemeralNode = {
  name: "arm64",
  platform: "linux/arm64",
  launchTemplateId: "lt-0123",
  launchTemplateVersion: "1",
  instanceTypes: ["c8g.xlarge", "c7g.xlarge"],
  subnets: [{ id: "subnet-a", zone: "us-east-1a" }],
  capacityType: "spot",
  cacheVolume: { id: "vol-0123", zone: "us-east-1a" },
};

const judge = (...errors: CreateFleetError[]) => judgeFleet(node, "us-east-1", errors);

describe("a fleet that launched nothing", () => {
  for (const [code, message, kind, told] of [
    ["InsufficientInstanceCapacity", "", "no-capacity", /InsufficientInstanceCapacity/],
    ["SpotMaxPriceTooLow", "", "no-capacity", /SpotMaxPriceTooLow/],
    ["InvalidLaunchTemplateId.NotFound", "", "late", /what was just made/],
    ["InvalidParameterValue", "Invalid IAM Instance Profile name", "late", /what was just made/],
    ["MaxSpotInstanceCountExceeded", "", "final", /`capacityType: "on-demand"`/],
    ["VcpuLimitExceeded", "", "final", /name smaller `instanceTypes`/],
    [
      "InvalidParameterCombination",
      "The specified instance type is not eligible for Free Tier.",
      "final",
      /^node arm64 could not be launched: .* free plan, which does not allow a c8g\.xlarge .* or set `instanceTypes: \["t4g\.small"\]` for node arm64/,
    ],
    ["UnauthorizedOperation", "You are not authorized.", "final", /UnauthorizedOperation: You are not authorized/],
    [
      "AuthFailure.ServiceLinkedRoleCreationNotPermitted",
      "The provided credentials do not have permission to create the service-linked role for EC2 Spot Instances.",
      "final",
      /node arm64 .* Fix: run `aws iam create-service-linked-role --aws-service-name spot\.amazonaws\.com`/,
    ],
  ] as const) {
    it(`for ${code}${message && `, ${message}`} is ${kind}`, () => {
      const failure = judge({ ErrorCode: code, ErrorMessage: message });
      assert.equal(failure.kind, kind);
      assert.match(failure.kind === "final" ? failure.error.message : failure.why, told);
    });
  }

  it("is as grave as the gravest of its errors, and holds nothing that AWS encoded", () => {
    const failure = judge(
      { ErrorCode: "InsufficientInstanceCapacity" },
      { ErrorCode: "UnauthorizedOperation", ErrorMessage: "No. Encoded authorization failure message: abc" },
    );
    assert.deepEqual(
      failure.kind === "final" && failure.error.message,
      "node arm64 could not be launched: UnauthorizedOperation: No.",
    );
  });
});
