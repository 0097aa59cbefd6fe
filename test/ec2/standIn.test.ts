import * as assert from "node:assert/strict";

import {
  AssociateSubnetCidrBlockCommand,
  AssociateVpcCidrBlockCommand,
  AttachVolumeCommand,
  CreateSecurityGroupCommand,
  CreateVolumeCommand,
  DescribeVolumesCommand,
  DescribeVpcsCommand,
  StopInstancesCommand,
} from "@aws-sdk/client-ec2";
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  RemoveRoleFromInstanceProfileCommand,
} from "@aws-sdk/client-iam";

import { type Account, openAccount } from "../cloud/account";
import { type Aws, connect } from "../cloud/plugins/aws/client";
import { instance } from "../cloud/plugins/aws/resources/instance";
import { securityGroupIngressRule } from "../cloud/plugins/aws/resources/securityGroupRule";
import { check } from "../cloud/plugins/protocol/check";
import { create, Incomplete, planOf, read, update } from "../cloud/plugins/protocol/operations";
import type { Properties } from "../cloud/plugins/protocol/values";
import { skipWithout, waitUntil } from "../hosts";

const urn = "urn:pulumi:dev::tests::aws:ec2/instance:Instance::node";

describe("the stand-in of the aws provider: what it calls for an instance", function () {
  this.timeout(60_000);
  let account: Account;
  let aws: Aws;
  let subnetId: string;

  before(async function () {
    skipWithout(this, ["namespaces"]);
    this.timeout(600_000);
    const delays = { pending: 0.1, stopping: 0.1, volumeCreating: 0.1, volumeAttaching: 0.1, iamPropagation: 0.1 };
    account = await openAccount({ delays });
    const { endpoint, credentials } = account.cloud.client;
    aws = await connect({
      region: "us-east-1",
      accessKey: credentials.accessKeyId,
      secretKey: credentials.secretAccessKey,
      endpoints: [
        Object.fromEntries(["cloudwatch", "ec2", "ecr", "iam", "ssm", "sts"].map((service) => [service, endpoint])),
      ],
      defaultTags: { tags: { team: "builds" } },
    });
    subnetId = await account.subnetIn("us-east-1a");
  });

  after(() => account?.run.close());
  beforeEach(() => account.cloud.forgetCalls());
  afterEach(() => account.cloud.faults());

  const inputsOf = (more: Properties): Properties => ({
    ami: account.cloud.images.find(({ architecture }) => architecture === "arm64")?.id,
    instanceType: "c8g.large",
    subnetId,
    associatePublicIpAddress: true,
    ...more,
  });

  async function changed(id: string, state: Properties, inputs: Properties): Promise<Properties> {
    return update(instance, aws, { urn, id, state, inputs });
  }

  /** What was called, without look-ups. */
  async function called(): Promise<string[]> {
    const calls = await account.cloud.calls();
    return calls.map(({ operation }) => operation).filter((operation) => !operation.startsWith("Describe"));
  }

  const differences = (state: Properties, inputs: Properties): string[] => [
    ...planOf(instance, aws, { inputs, state }).differences.keys(),
  ];

  async function rootTags(state: Properties): Promise<Record<string, string>> {
    const { volumeId } = state.rootBlockDevice as { volumeId: string };
    const { Volumes: [volume] = [] } = await account.ec2.send(new DescribeVolumesCommand({ VolumeIds: [volumeId] }));
    return Object.fromEntries((volume.Tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
  }

  it("gives volumes the default tags with the launch, and `volumeTags` with them", async () => {
    const plain = await create(instance, aws, { urn, inputs: inputsOf({}) });
    assert.deepEqual(await rootTags(plain.outputs), { team: "builds" });
    const inputs = inputsOf({ volumeTags: { note: "one", team: "builds" } });
    const { outputs } = await create(instance, aws, { urn, inputs });
    assert.deepEqual(await rootTags(outputs), { note: "one", team: "builds" });
    assert.equal((await called()).filter((operation) => operation === "CreateTags").length, 0);
    // What equals a default tag is left out of what is read: it is a change for ever.
    assert.deepEqual(outputs.volumeTags, { note: "one" });
    assert.deepEqual(differences(outputs, inputs), ["volumeTags"]);
  });

  it("tags the root volume once the instance runs, and swallows a refusal then", async () => {
    await account.cloud.faults({ operation: "CreateTags", code: "UnauthorizedOperation", message: "no" });
    const inputs = inputsOf({ rootBlockDevice: { volumeType: "gp3", tags: { note: "one" } } });
    const { id, outputs } = await create(instance, aws, { urn, inputs });
    assert.deepEqual(await called(), ["RunInstances", "CreateTags"]);
    assert.deepEqual(await rootTags(outputs), { team: "builds" });
    assert.deepEqual(differences(outputs, inputs), ["rootBlockDevice.tags"]);
    await assert.rejects(
      changed(id, outputs, inputs),
      /updating tags for volume \(vol-\w+\): .*UnauthorizedOperation/s,
    );
    await account.cloud.faults();
    const now = await changed(id, outputs, inputs);
    assert.deepEqual(await rootTags(now), { team: "builds", note: "one" });
    assert.deepEqual(differences(now, inputs), []);
  });

  it("takes tags of the root volume or of all volumes", () => {
    const inputs = inputsOf({ volumeTags: { note: "one" }, rootBlockDevice: { tags: { note: "one" } } });
    const { failures } = check(instance, "node", inputs, {});
    assert.deepEqual(failures, { rootBlockDevice: '"root_block_device.0.tags": conflicts with volume_tags' });
  });

  it("changes groups and IPv6 addresses at the interface of an instance that runs", async () => {
    await giveIpv6();
    const groups = await Promise.all(["one", "other"].map(newGroup));
    const { id, outputs } = await create(instance, aws, {
      urn,
      inputs: inputsOf({ vpcSecurityGroupIds: [groups[0]] }),
    });
    assert.equal(outputs.ipv6AddressCount, 0);
    await account.cloud.forgetCalls();
    const two = await changed(id, outputs, inputsOf({ vpcSecurityGroupIds: [groups[1]], ipv6AddressCount: 2 }));
    assert.deepEqual([two.vpcSecurityGroupIds, two.ipv6AddressCount], [[groups[1]], 2]);
    assert.equal(
      planOf(instance, aws, { inputs: inputsOf({}), state: two }).differences.size,
      0,
      "left out is no change",
    );
    const one = await changed(id, two, inputsOf({ ipv6AddressCount: 1 }));
    assert.equal((one.ipv6Addresses as string[]).length, 1);
    const expected = ["AssignIpv6Addresses", "ModifyNetworkInterfaceAttribute", "UnassignIpv6Addresses"];
    assert.deepEqual(await called(), expected);
    const [{ resources }] = (await account.cloud.calls()).filter(({ operation }) => operation === expected[1]);
    assert.deepEqual(resources.map(({ arn }) => arn.split(":")[5].split("/")[0]).sort(), [
      "network-interface",
      "security-group",
    ]);
  });

  it("starts an instance whose type was changed, also one that was stopped", async () => {
    const { id, outputs } = await create(instance, aws, {
      urn,
      inputs: inputsOf({ instanceInitiatedShutdownBehavior: "stop" }),
    });
    assert.deepEqual(await called(), ["RunInstances", "ModifyInstanceAttribute"]);
    await account.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
    await account.reach(id, "stopped");
    const now = await changed(id, outputs, inputsOf({ instanceType: "c8g.xlarge" }));
    assert.deepEqual([now.instanceType, now.instanceState], ["c8g.xlarge", "running"]);
  });

  it("reads volumes that others have attached", async () => {
    const { id, outputs } = await create(instance, aws, { urn, inputs: inputsOf({}) });
    assert.deepEqual(outputs.ebsBlockDevices, []);
    const volumeId = await newVolume();
    await account.ec2.send(new AttachVolumeCommand({ InstanceId: id, VolumeId: volumeId, Device: "/dev/sdf" }));
    const found = await read(instance, aws, { id, state: outputs, inputs: inputsOf({}) });
    const devices = found?.outputs.ebsBlockDevices as { volumeId: string; deviceName: string }[];
    assert.deepEqual(
      devices.map(({ volumeId: each, deviceName }) => [each, deviceName]),
      [[volumeId, "/dev/sdf"]],
    );
    assert.deepEqual(differences(found!.outputs, inputsOf({})), []);
  });

  it("is told that a role is not in a profile any more, as one that comes again for a lost answer is", async () => {
    const names = { RoleName: "lost", InstanceProfileName: "lost" };
    const statement = { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" };
    const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
    await aws.iam.send(new CreateRoleCommand({ ...names, AssumeRolePolicyDocument }));
    await aws.iam.send(new CreateInstanceProfileCommand(names));
    await aws.iam.send(new AddRoleToInstanceProfileCommand(names));
    const remove = () => aws.iam.send(new RemoveRoleFromInstanceProfileCommand(names));
    await remove();
    await assert.rejects(remove(), /StatusCode: 404.*NoSuchEntity/);
  });

  it("forgets a rule that it can't tag, and is refused the next one like it", async () => {
    const inputs = { securityGroupId: await newGroup("tagged"), ipProtocol: "tcp", cidrIpv4: "10.0.0.0/8" };
    const rule = { urn, inputs: { ...inputs, fromPort: 8372, toPort: 8372 } };
    await account.cloud.faults({ operation: "CreateTags", code: "UnauthorizedOperation", message: "no" });
    await assert.rejects(create(securityGroupIngressRule, aws, rule), (error) => {
      assert.ok(!(error instanceof Incomplete), "it is in the state");
      assert.match(String(error), /setting VPC Security Group Rule \(sgr-\w+\) tags: .*UnauthorizedOperation/s);
      return true;
    });
    await account.cloud.faults();
    await assert.rejects(
      create(securityGroupIngressRule, aws, rule),
      /creating VPC Security Group Rule: .*api error InvalidPermission\.Duplicate/s,
    );
    // Of one that is gone it says nothing.
    await securityGroupIngressRule.delete("sgr-0123456789abcdef0", inputs, aws);
  });

  async function newGroup(GroupName: string): Promise<string> {
    const { GroupId = "" } = await account.ec2.send(
      new CreateSecurityGroupCommand({ GroupName, Description: "tests" }),
    );
    return GroupId;
  }

  async function newVolume(): Promise<string> {
    const request = { AvailabilityZone: "us-east-1a", Size: 1, VolumeType: "gp3" as const };
    const { VolumeId = "" } = await account.ec2.send(new CreateVolumeCommand(request));
    await waitUntil(
      `${VolumeId} available`,
      async () => {
        const { Volumes: [volume] = [] } = await account.ec2.send(
          new DescribeVolumesCommand({ VolumeIds: [VolumeId] }),
        );
        assert.equal(volume.State, "available");
      },
      { timeoutMilliseconds: 10_000 },
    );
    return VolumeId;
  }

  async function giveIpv6(): Promise<void> {
    const { Vpcs: [vpc] = [] } = await account.ec2.send(new DescribeVpcsCommand({}));
    const request = { VpcId: vpc.VpcId, AmazonProvidedIpv6CidrBlock: true };
    const { Ipv6CidrBlockAssociation } = await account.ec2.send(new AssociateVpcCidrBlockCommand(request));
    const Ipv6CidrBlock = Ipv6CidrBlockAssociation?.Ipv6CidrBlock?.replace("00::/56", "00::/64");
    await account.ec2.send(new AssociateSubnetCidrBlockCommand({ SubnetId: subnetId, Ipv6CidrBlock }));
  }
});
