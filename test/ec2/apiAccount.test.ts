import { deepEqual, match, ok } from "node:assert/strict";

import {
  CreateVolumeCommand,
  type CreateVolumeCommandInput,
  DescribeInstanceTypeOfferingsCommand,
  DeleteVolumeCommand,
  ModifyVolumeCommand,
  StartInstancesCommand,
  StopInstancesCommand,
} from "@aws-sdk/client-ec2";

import { type Account, openAccount, refusal } from "../cloud/account";
import { skipWithout } from "../hosts";

describe("the API of the tests' cloud: what an account may run, and what a gp3 volume may have", function () {
  this.timeout(60_000);
  let account: Account;

  before(async function () {
    skipWithout(this, ["namespaces"]);
    this.timeout(600_000);
    account = await openAccount({ delays: { pending: 0.2, stopping: 0.2, volumeCreating: 0.1 } });
  });
  after(() => account?.run.close());
  afterEach(() => account?.cloud.change({ plan: "paid", standardVcpus: null }));

  it("counts vCPUs of what runs against the quota, at a launch and at a start", async () => {
    const { cloud, ec2 } = account;
    await cloud.change({ standardVcpus: 5 });
    const first = await account.launch();
    match(await refusal(account.launch({ InstanceType: "c8g.large" })), /^VcpuLimitExceeded: .*vCPU limit of 5 allows/);
    await account.reach(first, "running");
    await ec2.send(new StopInstancesCommand({ InstanceIds: [first] }));
    await account.reach(first, "stopped");
    const second = await account.launch({ InstanceType: "c8g.large" });
    await account.reach(second, "running");
    match(await refusal(ec2.send(new StartInstancesCommand({ InstanceIds: [first] }))), /^VcpuLimitExceeded/);
    // Of another quota.
    await account.launch({ InstanceType: "x2gd.medium" });
  });

  it("on the free plan runs what is eligible", async () => {
    await account.cloud.change({ plan: "free" });
    match(
      await refusal(account.launch()),
      /^InvalidParameterCombination: The specified instance type is not eligible for Free Tier\. .*'free-tier-eligible=true'/,
    );
    ok(await account.launch({ InstanceType: "t4g.small" }));
  });

  it("refuses gp3 volumes with a ratio that AWS refuses", async () => {
    const { ec2 } = account;
    const create = (input: Partial<CreateVolumeCommandInput>) =>
      ec2.send(new CreateVolumeCommand({ AvailabilityZone: "us-east-1a", VolumeType: "gp3", Size: 30, ...input }));
    const ratio =
      /^InvalidParameterValue: Throughput \(MiBps\) to iops ratio of 0\.333333 is too high; maximum is 0\.250000/;
    match(await refusal(create({ Iops: 3000, Throughput: 1000 })), ratio);
    match(await refusal(create({ Throughput: 1000 })), ratio);
    match(
      await refusal(create({ Iops: 16000 })),
      /^InvalidParameterValue: Iops to volume size ratio of 533\.333333 is too/,
    );
    const { VolumeId = "" } = await create({ Iops: 4000, Throughput: 1000 });
    const modify = (change: object) => refusal(ec2.send(new ModifyVolumeCommand({ VolumeId, ...change })));
    match(await modify({ Iops: 3000 }), ratio);
    match(await modify({ Size: 20 }), /^InvalidParameterValue: New size cannot be smaller than existing size 30/);
    const small = await create({ Size: 1, Iops: 3000 });
    for (const id of [VolumeId, small.VolumeId]) await ec2.send(new DeleteVolumeCommand({ VolumeId: id }));
    const root = { DeviceName: "/dev/xvda", Ebs: { VolumeType: "gp3" as const, Throughput: 1000 } };
    match(await refusal(account.launch({ BlockDeviceMappings: [root] })), ratio);
  });

  it("lists a Local Zone among the zones that offer a type, before the others", async () => {
    const Filters = [{ Name: "instance-type", Values: ["m8g.large"] }];
    const ask = new DescribeInstanceTypeOfferingsCommand({ LocationType: "availability-zone", Filters });
    const { InstanceTypeOfferings = [] } = await account.ec2.send(ask);
    deepEqual(
      InstanceTypeOfferings.map(({ Location }) => Location)
        .sort()
        .slice(0, 2),
      ["us-east-1-atl-2a", "us-east-1a"],
    );
  });
});
