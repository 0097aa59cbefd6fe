import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";

import {
  AttachVolumeCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateVolumeCommand,
  DeleteSecurityGroupCommand,
  DeleteVolumeCommand,
  DescribeInstanceStatusCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  GetConsoleOutputCommand,
  ModifyInstanceAttributeCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
  type Volume,
} from "@aws-sdk/client-ec2";
import { type Account, openAccount, refusal } from "../cloud/account";
import { skipWithout, waitUntil } from "../hosts";

describe("the API of the tests' cloud: instances, volumes, security groups", function () {
  this.timeout(60_000);
  let account: Account;
  before(async function () {
    skipWithout(this, ["namespaces"]);
    // The first run makes the Python environment.
    this.timeout(600_000);
    // Each lasts for longer than a call does on a busy machine.
    const delays = { pending: 1, stopping: 1.5, volumeCreating: 1.5, volumeAttaching: 1.5 };
    account = await openAccount({ delays, minuteSeconds: 4 });
  });
  after(() => account?.run.close());

  const start = (id: string): Promise<unknown> => account.ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
  const stop = (id: string): Promise<unknown> => account.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
  const terminate = async (id: string): Promise<void> => {
    await account.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    await account.reach(id, "terminated");
  };
  const output = async (id: string, latest: boolean): Promise<string> => {
    const { Output } = await account.ec2.send(new GetConsoleOutputCommand({ InstanceId: id, Latest: latest }));
    return Buffer.from(Output ?? "", "base64").toString();
  };

  it("takes an instance through its states, with another public address at each start", async () => {
    const id = await account.launch();
    const pending = await account.describe(id);
    deepEqual([pending.State?.Name, pending.PublicIpAddress], ["pending", undefined]);
    match(await refusal(stop(id)), /^IncorrectInstanceState: .*can be stopped/);
    const running = await account.reach(id, "running");
    match(running.PublicIpAddress ?? "", /^54\.214\./);
    equal(await output(id, true), `booted ${id}\n`);
    equal(await output(id, false), "");
    const change = new ModifyInstanceAttributeCommand({ InstanceId: id, InstanceType: { Value: "c8g.large" } });
    match(await refusal(account.ec2.send(change)), /^IncorrectInstanceState/);

    await stop(id);
    equal((await account.describe(id)).State?.Name, "stopping");
    match(await refusal(start(id)), /^IncorrectInstanceState/);
    const stopped = await account.reach(id, "stopped");
    deepEqual(
      [stopped.PublicIpAddress, stopped.PrivateIpAddress, stopped.StateReason],
      [
        undefined,
        running.PrivateIpAddress,
        { Code: "Client.UserInitiatedShutdown", Message: "Client.UserInitiatedShutdown: User initiated shutdown" },
      ],
    );

    await start(id);
    const again = await account.reach(id, "running");
    notEqual(again.PublicIpAddress, running.PublicIpAddress);
    ok(again.LaunchTime && running.LaunchTime && again.LaunchTime >= running.LaunchTime);
    equal(await output(id, true), `booted ${id}\n`);

    await terminate(id);
    match(await refusal(start(id)), /^IncorrectInstanceState/);
    deepEqual((await account.cloud.inventory()).volumes, []);
  });

  it("follows a guest that powers itself off, and one that loses its power", async () => {
    const [stays, ends, dies] = await Promise.all([
      account.launch(),
      account.launch({ InstanceInitiatedShutdownBehavior: "terminate" }),
      account.launch(),
    ]);
    await Promise.all([stays, ends, dies].map((id) => account.reach(id, "running")));
    await account.cloud.run(stays, ["poweroff"]);
    await account.cloud.run(ends, ["poweroff"]);
    await account.cloud.kill(dies);
    equal((await account.reach(stays, "stopped")).StateReason?.Code, "Client.InstanceInitiatedShutdown");
    equal((await account.reach(ends, "terminated")).StateReason?.Code, "Client.InstanceInitiatedShutdown");
    equal((await account.reach(dies, "stopped")).StateReason?.Code, "Server.InternalError");
    await Promise.all([stays, dies].map(terminate));
  });

  it("tells of an instance that is cut off, and of one that never came, that EC2 does not reach it", async () => {
    const id = await account.launch();
    await account.reach(id, "running");
    await account.cloud.faults({ machine: "never-boots" });
    const never = await account.launch();
    await account.reach(never, "running");
    await account.cloud.faults();
    const checks = async (): Promise<(string | undefined)[]> => {
      const asked = new DescribeInstanceStatusCommand({ InstanceIds: [id, never] });
      const { InstanceStatuses = [] } = await account.ec2.send(asked);
      const of = (one: string) => InstanceStatuses.find(({ InstanceId }) => InstanceId === one);
      return [id, never].map((one) => of(one)?.InstanceStatus?.Status);
    };
    const become = (...wanted: string[]) =>
      waitUntil(`checks ${wanted.join()}`, async () => deepEqual(await checks(), wanted), {
        timeoutMilliseconds: 20_000,
      });
    deepEqual(await checks(), ["initializing", "initializing"]);
    await become("ok", "impaired");
    await account.cloud.partition(id, true);
    deepEqual(await checks(), ["ok", "impaired"]);
    await become("impaired", "impaired");
    await account.cloud.partition(id, false);
    deepEqual(await checks(), ["ok", "impaired"]);
    await Promise.all([id, never].map(terminate));
  });

  it("refuses launches that AWS refuses", async () => {
    const x86 = account.cloud.images.find((image) => image.architecture === "x86_64")?.id;
    const launches: [Parameters<Account["launch"]>[0], RegExp][] = [
      [{ ImageId: "ami-00000000000000000" }, /^InvalidAMIID\.NotFound/],
      [{ InstanceType: "c99g.xlarge" as "c8g.xlarge" }, /^InvalidInstanceType/],
      [{ SubnetId: "subnet-00000000000000000" }, /^InvalidSubnetID\.NotFound/],
      [
        { ImageId: x86 },
        /^InvalidParameterValue: The architecture 'arm64' .* does not match the architecture 'x86_64'/,
      ],
      [{ SubnetId: await account.subnetIn("us-east-1e") }, /^Unsupported: .*not supported in your requested Availab/],
      [{ UserData: Buffer.alloc(16_385).toString("base64") }, /^InvalidParameterValue: User data is limited to 16384/],
      [{ IamInstanceProfile: { Name: "nobody" } }, /^InvalidParameterValue: .*Invalid IAM Instance Profile name/],
      [{ SecurityGroupIds: ["sg-00000000000000000"] }, /^InvalidGroup\.NotFound/],
    ];
    for (const [input, expected] of launches) match(await refusal(account.launch(input)), expected);
    deepEqual((await account.cloud.inventory()).instances, []);
  });

  it("launches once for one ClientToken", async () => {
    const first = await account.launch({ ClientToken: "once" });
    equal(await account.launch({ ClientToken: "once" }), first);
    match(
      await refusal(account.launch({ ClientToken: "once", InstanceType: "c8g.large" })),
      /^IdempotentParameterMismatch/,
    );
    equal((await account.cloud.inventory()).instances.length, 1);
    await terminate(first);
  });

  it("attaches volumes late, to one instance of their zone, and leaves them when it ends", async () => {
    const { ec2 } = account;
    const make = async (zone: string): Promise<string> => {
      const made = await ec2.send(new CreateVolumeCommand({ AvailabilityZone: zone, Size: 2, Encrypted: true }));
      return made.VolumeId as string;
    };
    const [volume, elsewhere] = [await make("us-east-1a"), await make("us-east-1b")];
    const read = async (): Promise<Volume> =>
      (await ec2.send(new DescribeVolumesCommand({ VolumeIds: [volume] }))).Volumes?.[0] as Volume;
    const reach = (state: string): Promise<void> =>
      waitUntil(
        `${volume} ${state}`,
        async () => equal((await read()).Attachments?.[0]?.State ?? (await read()).State, state),
        { timeoutMilliseconds: 5_000 },
      );
    const attach = (id: string, to: string): Promise<unknown> =>
      ec2.send(new AttachVolumeCommand({ VolumeId: id, InstanceId: to, Device: "/dev/sdf" }));
    equal((await read()).State, "creating");
    const [one, two] = [await account.launch(), await account.launch()];
    match(await refusal(attach(volume, one)), /^IncorrectState/);
    await Promise.all([account.reach(one, "running"), account.reach(two, "running"), reach("available")]);

    match(await refusal(attach(elsewhere, one)), /^InvalidVolume\.ZoneMismatch/);
    await attach(volume, one);
    deepEqual([(await read()).State, (await read()).Attachments?.[0]?.State], ["in-use", "attaching"]);
    match(await refusal(attach(volume, two)), /^VolumeInUse/);
    await reach("attached");
    match(await refusal(ec2.send(new DeleteVolumeCommand({ VolumeId: volume }))), /^VolumeInUse/);
    await ec2.send(new DetachVolumeCommand({ VolumeId: volume }));
    await reach("available");
    await attach(volume, two);
    await reach("attached");
    await Promise.all([terminate(one), terminate(two)]);
    deepEqual((await account.cloud.inventory()).volumes.map(({ id, status }) => [id, status]).sort(), [
      ...[volume, elsewhere].sort().map((id) => [id, "available"]),
    ]);
    for (const id of [volume, elsewhere]) await ec2.send(new DeleteVolumeCommand({ VolumeId: id }));
  });

  it("brings rules to machines, refuses one twice, and keeps a group in use", async () => {
    const { ec2, cloud } = account;
    const made = await ec2.send(new CreateSecurityGroupCommand({ GroupName: "nodes", Description: "nodes" }));
    const group = made.GroupId as string;
    const id = await account.launch({ SecurityGroupIds: [group] });
    const rule = { IpProtocol: "tcp", FromPort: 1234, ToPort: 1234, IpRanges: [{ CidrIp: "203.0.113.10/32" }] };
    const allow = new AuthorizeSecurityGroupIngressCommand({ GroupId: group, IpPermissions: [rule] });
    const added = await ec2.send(allow);
    match(added.SecurityGroupRules?.[0]?.SecurityGroupRuleId ?? "", /^sgr-/);
    deepEqual(await cloud.ingress(id), [{ protocol: "tcp", fromPort: 1234, toPort: 1234, cidr: "203.0.113.10/32" }]);
    match(await refusal(ec2.send(allow)), /^InvalidPermission\.Duplicate/);
    const remove = (): Promise<unknown> => ec2.send(new DeleteSecurityGroupCommand({ GroupId: group }));
    match(await refusal(remove()), /^DependencyViolation/);
    await account.reach(id, "running");
    await terminate(id);
    await remove();
    const left = Object.entries<unknown[]>({ ...(await cloud.inventory()) }).filter(
      ([, entries]) => entries.length > 0,
    );
    deepEqual(left, []);
  });
});
