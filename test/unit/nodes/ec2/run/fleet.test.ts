import * as assert from "node:assert/strict";

import type { CreateFleetCommandInput, CreateFleetCommandOutput, CreateFleetError } from "@aws-sdk/client-ec2";

import type { Ec2EphemeralNode } from "../../../../../components/nodes/ec2/connection";
import type { Progress } from "../../../../../components/support/progress";
import type { AwsClients } from "../../../../../components/nodes/ec2/run/awsClients";
import { classifyFleetErrors } from "../../../../../components/nodes/ec2/run/ephemeral/fleet";
import { Launcher } from "../../../../../components/nodes/ec2/run/ephemeral/launch";

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

const classify = (...errors: CreateFleetError[]) => classifyFleetErrors(node, "us-east-1", errors);

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
      const failure = classify({ ErrorCode: code, ErrorMessage: message });
      assert.equal(failure.kind, kind);
      assert.match(failure.kind === "final" ? failure.error.message : failure.why, told);
    });
  }

  it("is as grave as the gravest of its errors, and holds nothing that AWS encoded", () => {
    const failure = classify(
      { ErrorCode: "InsufficientInstanceCapacity" },
      { ErrorCode: "UnauthorizedOperation", ErrorMessage: "No. Encoded authorization failure message: abc" },
    );
    assert.deepEqual(
      failure.kind === "final" && failure.error.message,
      "node arm64 could not be launched: UnauthorizedOperation: No.",
    );
  });
});

describe("the zones of an ephemeral node", () => {
  const inZones: Ec2EphemeralNode = {
    ...node,
    subnets: ["b", "a", "c"].map((zone) => ({ id: `subnet-${zone}`, zone: `us-east-1${zone}` })),
  };
  const quiet: Progress = () => undefined;

  /** Launches where only these subnets have capacity of this kind, and says which were asked for, each time. */
  async function launch(capacity: string[]): Promise<{ asked: string[]; zone: string }> {
    const asked: string[] = [];
    const tokens = new Set<string | undefined>();
    const createFleet = (request: CreateFleetCommandInput): Promise<Partial<CreateFleetCommandOutput>> => {
      tokens.add(request.ClientToken);
      const [{ Overrides = [] }] = request.LaunchTemplateConfigs ?? [];
      const kind = request.TargetCapacitySpecification?.DefaultTargetCapacityType;
      const subnets = [...new Set(Overrides.map(({ SubnetId = "" }) => SubnetId))];
      asked.push(`${kind} ${subnets.join(" ")}`);
      const found = subnets.find((id) => capacity.includes(`${kind} ${id}`));
      const Errors = [{ ErrorCode: "InsufficientInstanceCapacity" }];
      return Promise.resolve(
        found
          ? { Instances: [{ InstanceIds: ["i-1"], LaunchTemplateAndOverrides: { Overrides: { SubnetId: found } } }] }
          : { Errors },
      );
    };
    const clients = { ec2: { createFleet }, arn: () => "", identity: "" } as unknown as AwsClients;
    const made = await new Launcher(inZones, "us-east-1", () => Promise.resolve(clients)).launch("spot", quiet);
    assert.equal(tokens.size, asked.length, "another request takes another token");
    return { asked, zone: "zone" in made ? made.zone : "" };
  }

  it("are asked for one after the other: the cache's alone, then the others, then the same on demand", async () => {
    const everywhere = inZones.subnets.map(({ id }) => `spot ${id}`);
    assert.deepEqual(await launch(everywhere), { asked: ["spot subnet-a"], zone: "us-east-1a" });
    assert.deepEqual(await launch(["spot subnet-c"]), {
      asked: ["spot subnet-a", "spot subnet-b subnet-c"],
      zone: "us-east-1c",
    });
    assert.deepEqual(await launch(["on-demand subnet-b"]), {
      asked: ["spot subnet-a", "spot subnet-b subnet-c", "on-demand subnet-a", "on-demand subnet-b subnet-c"],
      zone: "us-east-1b",
    });
  });

  it("that got no answer is repeated as it was, with its token", async () => {
    const asked: [string, string][] = [];
    const createFleet = ({ ClientToken, TargetCapacitySpecification }: CreateFleetCommandInput) => {
      const type = TargetCapacitySpecification?.DefaultTargetCapacityType ?? "";
      asked.push([type, ClientToken ?? ""]);
      if (asked.some(([other, token]) => token === ClientToken && other !== type)) {
        return Promise.reject(Object.assign(new Error("parameters"), { name: "IdempotentParameterMismatch" }));
      }
      if (type === "spot") {
        return Promise.resolve({ Errors: [{ ErrorCode: "InsufficientInstanceCapacity" }] });
      }
      const isFirst = asked.filter(([each]) => each === "on-demand").length === 1;
      return isFirst
        ? Promise.reject(Object.assign(new Error("socket hang up"), { name: "TimeoutError" }))
        : Promise.resolve({ Instances: [{ InstanceIds: ["i-1"] }] });
    };
    const clients = { ec2: { createFleet }, arn: () => "", identity: "" } as unknown as AwsClients;
    const launcher = new Launcher(inZones, "us-east-1", () => Promise.resolve(clients));
    assert.match(JSON.stringify(await launcher.launch("spot", quiet)), /AWS to launch it/);
    const made = await launcher.launch("spot", quiet);
    assert.deepEqual("instanceId" in made && [made.instanceId, made.capacityType], ["i-1", "on-demand"]);
    const [first, second] = asked.filter(([type]) => type === "on-demand");
    assert.deepEqual(first, second);
  });
});
