import * as assert from "node:assert/strict";

import * as pulumi from "@pulumi/pulumi";

import { Builder, type BuilderArgs } from "../../../../../components";
import { checkedInstanceType } from "../../../../../components/nodes/ec2/declare/instanceType";
import { firstZone } from "../../../../../components/nodes/ec2/declare/network";
import { normaliseEc2 } from "../../../../../components/nodes/ec2/normalise";
import { expectRejections } from "../../../support/rejections";

type Inputs = Record<string, unknown>;

const recorded: { type: string; name: string; inputs: Inputs }[] = [];
let locations = ["us-west-2a"];

/** As DescribeInstanceTypes has them. */
const types: Record<string, Inputs> = {
  "m8g.large": { supportedArchitectures: ["arm64"], defaultVcpus: 2, memorySize: 8192, ebsNvmeSupport: "required" },
  "m7a.large": { supportedArchitectures: ["x86_64"], defaultVcpus: 2, memorySize: 8192, ebsNvmeSupport: "required" },
  "t2.medium": { supportedArchitectures: ["i386", "x86_64"], ebsNvmeSupport: "unsupported" },
};

const answers: Record<string, (inputs: Inputs) => Inputs> = {
  "aws:index/getCallerIdentity:getCallerIdentity": () => ({ accountId: "1", arn: "arn:aws:iam::1:user/dev" }),
  "aws:index/getRegion:getRegion": () => ({ region: "us-west-2" }),
  "aws:ec2/getVpc:getVpc": () => ({ id: "vpc-1", cidrBlock: "172.31.0.0/16" }),
  "aws:ec2/getSubnet:getSubnet": ({ id }) => ({ id, vpcId: "vpc-1", availabilityZone: "us-west-2a" }),
  "aws:ec2/getSubnets:getSubnets": () => ({ ids: ["subnet-a"] }),
  "aws:ec2/getAmi:getAmi": () => ({ rootDeviceName: "/dev/xvda" }),
  "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": () => ({ locations, region: "us-west-2" }),
  "aws:ssm/getParameter:getParameter": () => ({ value: "ami-1" }),
  "aws:ec2/getInstanceType:getInstanceType": ({ instanceType }) => {
    const type = types[String(instanceType)];
    if (!type) {
      // As the aws provider says it, internal/service/ec2/ec2_instance_type_data_source.go, and gRPC passes it on.
      const details =
        `reading EC2 Instance Type (${String(instanceType)}): operation error EC2: DescribeInstanceTypes, https response ` +
        "error StatusCode: 400, RequestID: 1, api error InvalidInstanceType: The following supplied instance types do not exist";
      throw Object.assign(new Error(details), { details });
    }
    return type;
  },
};

const computed: Record<string, Inputs> = {
  "tls:index/privateKey:PrivateKey": { privateKeyPem: "key" },
  "tls:index/selfSignedCert:SelfSignedCert": { certPem: "certificate" },
  "tls:index/certRequest:CertRequest": { certRequestPem: "request" },
  "tls:index/locallySignedCert:LocallySignedCert": { certPem: "certificate" },
  "aws:ec2/launchTemplate:LaunchTemplate": { latestVersion: 1 },
};

const valueOf = <T>(output: pulumi.Output<T>): Promise<T> => (output as unknown as { promise(): Promise<T> }).promise();

const made = (type: string): Inputs[] =>
  recorded.filter((each) => each.type.endsWith(`:${type}`)).map(({ inputs }) => inputs);

let count = 0;
/** All of a builder that this file looks at. */
async function declare(args?: BuilderArgs, type = "Volume"): Promise<void> {
  const builder = new Builder(`builder${(count += 1)}`, args);
  await valueOf(builder.nodes);
  while (made(type).length < builder.declaredNodes.length) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const refusal = (args: unknown): Promise<string> =>
  declare(args as BuilderArgs).then(
    () => "nothing was refused",
    (error: Error) => error.message,
  );

const arm64 = (node: Inputs) => ({ nodes: [{ kind: "ec2", platform: "linux/arm64", ...node }] });

describe("EC2 nodes in a new account", () => {
  expectRejections();
  let parent: pulumi.Resource;

  before(async () => {
    await pulumi.runtime.setMocks(
      {
        newResource: ({ type, name, inputs }) => {
          recorded.push({ type, name, inputs: inputs as Inputs });
          return { id: `${name}-id`, state: { ...(inputs as Inputs), ...computed[type] } };
        },
        call: ({ token, inputs }) => answers[token](inputs as Inputs),
      },
      "project",
      "stack",
    );
    parent = new pulumi.ComponentResource("test:index:Parent", "parent");
  });

  beforeEach(() => {
    recorded.splice(0);
    locations = ["us-west-2a"];
  });

  it("fit AWS's default quota of 5 vCPUs, and their volumes cost about $6 a month", async () => {
    await declare(undefined, "VolumeAttachment");
    const instances = made("Instance");
    const vcpus = instances.map(({ instanceType }) => types[String(instanceType)].defaultVcpus as number);
    assert.ok(vcpus.length === 2 && vcpus[0] + vcpus[1] <= 5, JSON.stringify(vcpus));
    // https://aws.amazon.com/ebs/pricing/, us-east-1: a GB, and each MB/s and IOPS above what is included.
    const dollars = (gibibytes: number, throughput: number, iops: number) =>
      gibibytes * 0.08 + (throughput - 125) * 0.04 + (iops - 3_000) * 0.005;
    const caches = made("Volume").map((each) => dollars(Number(each.size), Number(each.throughput), Number(each.iops)));
    const roots = instances.map(({ rootBlockDevice }) =>
      dollars((rootBlockDevice as Inputs).volumeSize as number, 125, 3_000),
    );
    const monthly = [...caches, ...roots].reduce((sum, each) => sum + each, 0);
    assert.equal(monthly.toFixed(2), "6.08");
  });

  const refused: [title: string, args: unknown, expected: RegExp][] = [
    [
      "a throughput that its IOPS do not allow",
      arm64({ cacheVolumeThroughputMebibytes: 1000, cacheVolumeIops: 3000 }),
      /`nodes \(arm64\)\.cacheVolumeThroughputMebibytes` is 1000: gp3 allows a quarter of `cacheVolumeIops` \(3000\), here 750; lower it, or set `cacheVolumeIops` to 4000/,
    ],
    [
      "more IOPS than its size allows",
      arm64({ cacheVolumeIops: 16000 }),
      /`nodes \(arm64\)\.cacheVolumeIops` is 16000: gp3 allows 500 for each GiB, here 15000; lower it, or set `cacheVolumeSizeGibibytes` to at least 32/,
    ],
    [
      "a throughput that needs more IOPS than its size allows",
      arm64({ cacheVolumeSizeGibibytes: 10, cacheVolumeThroughputMebibytes: 2000 }),
      /`nodes \(arm64\)\.cacheVolumeIops` is 8000: .* here 5000; lower `cacheVolumeThroughputMebibytes`, which needs so many, or set `cacheVolumeSizeGibibytes` to at least 16/,
    ],
  ];
  for (const [title, args, expected] of refused) {
    it(`fails for ${title}, before the first volume`, async () => {
      assert.match(await refusal(args), expected);
      assert.deepEqual([...made("Volume"), ...made("Instance")], []);
    });
  }

  it("gives a fast cache the IOPS that it needs", async () => {
    await declare(arm64({ cacheVolumeThroughputMebibytes: 1000 }) as BuilderArgs);
    assert.deepEqual([made("Volume")[0].throughput, made("Volume")[0].iops], [1000, 4000]);
    recorded.splice(0);
    // The first 3000 come with a volume of any size.
    await declare(arm64({ cacheVolumeSizeGibibytes: 1 }) as BuilderArgs);
    assert.equal(made("Volume")[0].iops, 3000);
  });

  it("asks for no more in a launch template than AWS and its provider allow there", async () => {
    const args = arm64({ cacheVolumeThroughputMebibytes: 2000, cacheVolumeIops: 8000 });
    await declare({ ...args, lifecycle: "ephemeral" } as BuilderArgs, "LaunchTemplate");
    const [{ ebs }] = made("LaunchTemplate")[0].blockDeviceMappings as { ebs: Record<string, number> }[];
    assert.deepEqual([ebs.throughput, ebs.iops], [1000, 4000]);
  });

  it("takes the first Availability Zone, and no Local or Wavelength Zone", async () => {
    locations = ["us-west-2b", "us-west-2-lax-1a", "us-west-2-wl1-las-wlz-1", "us-west-2a"];
    assert.equal(await valueOf(firstZone("m8g.large", parent)), "us-west-2a");
    locations = ["us-west-2-lax-1a"];
    await assert.rejects(
      valueOf(firstZone("m8g.large", parent)),
      /^Error: `instanceType` is m8g\.large: no zone of us-west-2 offers it/,
    );
  });

  const unfit: [title: string, type: string, expected: RegExp][] = [
    [
      "without NVMe",
      "t2.medium",
      /^Error: node amd64: `instanceType` is t2\.medium, which has no NVMe.*for instance m7a\.large$/,
    ],
    [
      "of another architecture",
      "m8g.large",
      /^Error: node amd64: `instanceType` is m8g\.large, whose architecture is arm64: /,
    ],
    [
      "that the region does not have",
      "m99a.large",
      /^Error: `instanceType` is m99a\.large: no zone of us-west-2 offers it; choose another `instanceType`, or another region/,
    ],
  ];
  for (const [title, type, expected] of unfit) {
    it(`refuses a type ${title}`, async () => {
      const nodes = [{ kind: "ec2" as const, platform: "linux/amd64" as const, name: "amd64" }];
      const life = { isEphemeral: false, idleTimeoutMinutes: 10, maxLifetimeMinutes: null };
      const [node] = normaliseEc2("Builder", nodes, {}, life).nodes;
      await assert.rejects(valueOf(checkedInstanceType(node, type, parent)), expected);
    });
  }
});
