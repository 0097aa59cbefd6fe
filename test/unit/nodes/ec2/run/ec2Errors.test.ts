import * as assert from "node:assert/strict";

import type { Instance } from "@aws-sdk/client-ec2";

import { describeAwsError, isTransient } from "../../../../../components/nodes/ec2/run/awsErrors";
import { quotaOf } from "../../../../../components/nodes/ec2/quotas";
import { describeLaunchFailure, describeStartFailure } from "../../../../../components/nodes/ec2/startErrors";
import { BuildError } from "../../../../../components/support/errors";

function sdkError(name: string, message: string, fields: object = {}): Error {
  return Object.assign(new Error(message), { name, ...fields });
}

const start = {
  action: "ec2:StartInstances",
  resource: "arn:aws:ec2:us-east-1:123456789012:instance/i-0a",
  identity: "arn:aws:iam::123456789012:user/ci",
};
const instance: Instance = {
  InstanceId: "i-0a",
  InstanceType: "c8g.xlarge",
  Placement: { AvailabilityZone: "us-east-1b" },
};

describe("errors of AWS", () => {
  it("name the action that is not allowed, on what and to whom, and no encoded message", () => {
    const message =
      "You are not authorized to perform this operation. Encoded authorization failure message: 4Kx9abcdef";
    const told = describeAwsError(sdkError("UnauthorizedOperation", message), start).message;
    assert.match(told, /ec2:StartInstances on arn:\S+i-0a by arn:\S+user\/ci is not allowed \(UnauthorizedOperation\)/);
    assert.match(told, /Fix: allow `ec2:StartInstances`/);
    assert.doesNotMatch(told, /4Kx9/);
    assert.doesNotMatch(describeAwsError(sdkError("Odd", message), start).message, /4Kx9/);
  });

  for (const [name, words] of [
    ["CredentialsProviderError", /no usable AWS credentials: why\..*aws:profile/],
    ["ExpiredTokenException", /credentials have expired \(ExpiredTokenException\)\. Fix: sign in again/],
    ["InvalidClientTokenId", /does not know these credentials/],
    ["RequestExpired", /clock of this machine is wrong/],
    ["TimeoutError", /got no answer: TimeoutError: why/],
    ["SomethingElse", /failed: SomethingElse: why\.$/],
  ] as const) {
    it(`explain ${name}`, () => assert.match(describeAwsError(sdkError(name, "why."), start).message, words));
  }

  it("pass by, or don't", () => {
    assert.ok(isTransient(sdkError("RequestLimitExceeded", "")));
    assert.ok(isTransient(sdkError("Error", "", { code: "ECONNREFUSED" })));
    assert.ok(isTransient(sdkError("Odd", "", { $metadata: { httpStatusCode: 503 } })));
    assert.ok(!isTransient(sdkError("AccessDenied", "", { $metadata: { httpStatusCode: 403 } })));
    assert.ok(!isTransient(new BuildError("told")));
  });

  it("of a start name zone and type where there is no capacity", () => {
    const told = describeStartFailure("InsufficientInstanceCapacity", "None.", "arm64", instance)?.message ?? "";
    assert.match(told, /node arm64 \(i-0a\).*no free c8g\.xlarge in us-east-1b.*Fix: try again later/);
  });

  it("of a start name the quota and where to ask for more", () => {
    const told = describeStartFailure("VcpuLimitExceeded", "limit of 0", "arm64", instance)?.message ?? "";
    assert.match(told, /Standard \(A, C, D, H, I, M, R, T, Z\) instances" \(L-1216C47A\) in us-east-1 /);
    assert.match(told, /https:\/\/us-east-1\.console\.aws\.amazon\.com\/servicequotas\/\S+L-1216C47A/);
  });
});

/** What the aws provider says of a launch that AWS refuses: https://github.com/LinkedInLearning/learning-terraform-3087701/issues/345 */
const refusedLaunch = (error: string): string =>
  `creating EC2 Instance: operation error EC2: RunInstances, https response error StatusCode: 400, RequestID: 7984322b, api error ${error}`;

describe("a launch that AWS refuses at the first update", () => {
  const launch = { node: "amd64", platform: "linux/amd64", type: "m7a.large", zone: "us-east-1b" } as const;
  const freePlan =
    "is not eligible for Free Tier. For a list of Free Tier instance types, run 'describe-instance-types' with the filter 'free-tier-eligible=true'.";

  for (const [error, expected] of [
    [
      "VcpuLimitExceeded: You have requested more vCPU capacity than your current vCPU limit of 1 allows.",
      /^node amd64 could not be launched: the quota ".*" \(L-1216C47A\) in us-east-1 has too few vCPUs left for a m7a\.large .*Fix: ask for more at/,
    ],
    [
      `InvalidParameterCombination: The specified instance type ${freePlan}`,
      /^node amd64 could not be launched: the account is on AWS's free plan, which does not allow a m7a\.large .*Fix: upgrade .* or set `instanceType: "m7i-flex\.large"` for node amd64/,
    ],
    [
      `InvalidParameterCombination: The specified image ${freePlan}`,
      /free plan, which does not allow the node's image .*Fix: upgrade .* `ami` that the plan allows/,
    ],
    ["InsufficientInstanceCapacity: None.", /AWS has no free m7a\.large in us-east-1b now/],
  ] as const) {
    it(`is explained with its fix: ${error.slice(0, 60)}`, () => {
      assert.match(describeLaunchFailure(refusedLaunch(error), launch) ?? "", expected);
    });
  }

  it("is left as it is where nothing more can be said", () => {
    assert.equal(describeLaunchFailure(refusedLaunch("InvalidParameterCombination: No."), launch), undefined);
    assert.equal(describeLaunchFailure("the provider crashed", launch), undefined);
  });
});

describe("quotas", () => {
  for (const [type, code] of [
    ["c8g.xlarge", "L-1216C47A"],
    ["i4i.large", "L-1216C47A"],
    ["im4gn.large", "L-1216C47A"],
    ["inf2.xlarge", "L-1945791B"],
    ["g5g.xlarge", "L-DB2E81BA"],
    ["gr6.4xlarge", "L-DB2E81BA"],
    ["vt1.3xlarge", "L-DB2E81BA"],
    ["p5.48xlarge", "L-417A185B"],
    ["x2gd.medium", "L-7295265B"],
    ["trn1.2xlarge", "L-2C3B7624"],
    ["t4g.small", "L-1216C47A"],
    ["dl1.24xlarge", "L-6E869C2A"],
    ["d3.xlarge", "L-1216C47A"],
    ["hpc7g.4xlarge", "L-F7808C92"],
    ["h1.2xlarge", "L-1216C47A"],
    ["u-6tb1.56xlarge", "L-43DA4232"],
    ["u7i-12tb.224xlarge", "L-43DA4232"],
    ["f2.6xlarge", "L-74FC7D96"],
  ]) {
    it(`of ${type} is ${code}`, () => assert.equal(quotaOf(type).code, code));
  }
});
