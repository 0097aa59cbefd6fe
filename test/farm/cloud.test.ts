import { deepEqual, equal, match } from "node:assert/strict";

import {
  AttachVolumeCommand,
  CreateLaunchTemplateVersionCommand,
  CreateSecurityGroupCommand,
  CreateVolumeCommand,
  DeleteLaunchTemplateCommand,
  DeleteSecurityGroupCommand,
  DeleteVolumeCommand,
  DescribeLaunchTemplatesCommand,
  DescribeVolumesCommand,
  ModifyLaunchTemplateCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";

import { type Account, openAccount, refusal } from "../cloud/account";
import { skipWithout, waitUntil } from "../hosts";
import { errorsOf, Fleets, idOf, spot } from "./fleets";
import { checkLaunchCalls } from "./launchCalls";

describe("the API of the tests' cloud: launch templates, fleets, instances that AWS takes away", function () {
  this.timeout(60_000);
  let account: Account;
  let fleets: Fleets;

  before(async function () {
    skipWithout(this, ["namespaces"]);
    this.timeout(600_000);
    account = await openAccount({
      delays: { pending: 0.5, stopping: 0.4, volumeCreating: 0.2, volumeAttaching: 0.4, iamPropagation: 1 },
    });
    const group = new CreateSecurityGroupCommand({ GroupName: "nodes", Description: "nodes" });
    fleets = await Fleets.of(account, (await account.ec2.send(group)).GroupId as string);
  });
  after(() => account?.run.close());
  afterEach(() => account?.cloud.faults());

  const pool: Fleets["pool"] = (...args) => fleets.pool(...args);
  const fleet: Fleets["create"] = (...args) => fleets.create(...args);

  const terminate: Fleets["terminate"] = (id) => fleets.terminate(id);

  it("keeps versions of launch templates", async () => {
    const { ec2 } = account;
    const big = { ...fleets.data(), UserData: Buffer.alloc(16_385).toString("base64") };
    match(await refusal(fleets.createTemplate(big)), /User data is limited to 16384 bytes/);
    fleets.templateId = (await fleets.createTemplate()).LaunchTemplate?.LaunchTemplateId as string;
    match(await refusal(fleets.createTemplate()), /^InvalidLaunchTemplateName\.AlreadyExistsException/);
    const image = { ImageId: "ami-00000000000000000" };
    await ec2.send(
      new CreateLaunchTemplateVersionCommand({ LaunchTemplateId: fleets.templateId, LaunchTemplateData: image }),
    );
    await ec2.send(new ModifyLaunchTemplateCommand({ LaunchTemplateId: fleets.templateId, DefaultVersion: "2" }));
    const read = new DescribeLaunchTemplatesCommand({ LaunchTemplateIds: [fleets.templateId] });
    const [template] = (await ec2.send(read)).LaunchTemplates ?? [];
    deepEqual(
      [template.DefaultVersionNumber, template.LatestVersionNumber, template.Tags],
      [2, 2, [{ Key: "own", Value: "yes" }]],
    );
    const absent = new DescribeLaunchTemplatesCommand({ LaunchTemplateIds: ["lt-00000000000000000"] });
    match(await refusal(ec2.send(absent)), /^InvalidLaunchTemplateId\.NotFound/);
  });

  it("says what a launch was refused for among a fleet's errors", async () => {
    const profile = await fleet([pool("us-east-1a", 1), pool("us-east-1b", 0)]);
    deepEqual(errorsOf(profile), Array(2).fill("InvalidParameterValue on-demand c8g.xlarge"));
    match(profile.Errors?.[0]?.ErrorMessage ?? "", /Invalid IAM Instance Profile name/);
    deepEqual(
      profile.Errors?.map(({ LaunchTemplateAndOverrides: tried }) => tried?.Overrides?.SubnetId),
      [fleets.subnets.get("us-east-1b"), fleets.subnets.get("us-east-1a")],
    );

    await fleets.createProfile();
    const early = await fleet([pool("us-east-1a", 0)]);
    deepEqual([errorsOf(early), early.Instances], [["InvalidParameterValue on-demand c8g.xlarge"], []]);
    await waitUntil("the profile", async () => terminate(idOf(await fleet([pool("us-east-1a", 0)]))), {
      timeoutMilliseconds: 10_000,
    });

    const zone = await fleet([pool("us-east-1e", 0), pool("us-east-1a", 1, "c7i.large"), pool("us-east-1b", 2)]);
    deepEqual(errorsOf(zone), [
      "InvalidFleetConfiguration on-demand c8g.xlarge",
      "InvalidParameterValue on-demand c7i.large",
    ]);
    match(zone.Errors?.[0]?.ErrorMessage ?? "", /^Your requested instance type \(c8g\.xlarge\) is not supported/);
    match(zone.Errors?.[1]?.ErrorMessage ?? "", /does not match the architecture 'arm64'/);
    equal((await account.describe(idOf(zone))).Placement?.AvailabilityZone, "us-east-1b");
    await terminate(idOf(zone));
  });

  it("refuses fleets that AWS refuses, and those that it does not know", async () => {
    const there = [pool("us-east-1a", 0)];
    const template = (specification: object) => ({
      LaunchTemplateConfigs: [{ LaunchTemplateSpecification: specification, Overrides: there }],
    });
    const refused: [() => Promise<unknown>, RegExp][] = [
      [() => fleet([...there, pool("us-east-1a", 1)]), /^InvalidFleetConfig: .*duplicate instance pools/],
      [
        () => fleet(there, template({ LaunchTemplateId: "lt-00000000000000000" })),
        /^InvalidLaunchTemplateId\.NotFound/,
      ],
      [
        () => fleet(there, template({ LaunchTemplateId: fleets.templateId, Version: "9" })),
        /^InvalidLaunchTemplateId\.VersionNotF/,
      ],
      [() => fleet(there, { Type: "maintain" }), /^UnknownParameter: .*of the type maintain/],
      [
        () => fleet(there, { OnDemandOptions: { AllocationStrategy: "lowest-price" } }),
        /^UnknownParameter: .*lowest-price/,
      ],
    ];
    for (const [asked, expected] of refused) match(await refusal(asked()), expected);
    deepEqual((await account.cloud.inventory()).instances, []);
  });

  it("launches from a template, on demand or as a spot instance, once for a token", async () => {
    const { ec2, cloud } = account;
    await cloud.forgetCalls();
    const ask = () =>
      fleet([pool("us-east-1b", 0)], {
        ...spot,
        ClientToken: "once",
        TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "Name", Value: "own" }] }],
      });
    const made = await ask();
    const id = idOf(made);
    equal(idOf(await ask()), id);
    match(await refusal(fleet([pool("us-east-1b", 0)], { ClientToken: "once" })), /^IdempotentParameterMismatch/);
    const [launched] = made.Instances ?? [];
    deepEqual([launched.Lifecycle, launched.InstanceType], ["spot", "c8g.xlarge"]);
    equal(launched.LaunchTemplateAndOverrides?.LaunchTemplateSpecification?.Version, "1");

    deepEqual(await fleets.instance(id), {
      lifecycle: "spot",
      groups: [fleets.groupId],
      tokens: "required",
      userData: fleets.data().UserData,
      onShutdown: "terminate",
    });
    const instance = await account.describe(id);
    match(instance.PublicIpAddress ?? "", /^54\.214\./);
    match(instance.IamInstanceProfile?.Arn ?? "", /instance-profile\/node$/);
    const tags = Object.fromEntries((instance.Tags ?? []).map(({ Key = "", Value }) => [Key, Value]));
    equal(tags["aws:ec2launchtemplate:id"], fleets.templateId);
    deepEqual([tags.node, tags.Name, tags["aws:ec2:fleet-id"]], ["arm64", "own", made.FleetId]);
    const [volume] = (await ec2.send(new DescribeVolumesCommand({}))).Volumes ?? [];
    deepEqual([volume.Size, volume.Encrypted, volume.Tags], [12, true, [{ Key: "root", Value: "yes" }]]);
    match(
      await refusal(ec2.send(new StopInstancesCommand({ InstanceIds: [id] }))),
      /^UnsupportedOperation: You can't stop the Spot Instance/,
    );

    checkLaunchCalls(await cloud.calls());
    await cloud.run(id, ["poweroff"]);
    equal((await account.reach(id, "terminated")).StateReason?.Code, "Client.InstanceInitiatedShutdown");
    deepEqual([(await cloud.inventory()).volumes, (await cloud.inventory()).networkInterfaces], [[], []]);
  });

  it("lacks capacity where it was told to", async () => {
    const { cloud, ec2 } = account;
    const code = "InsufficientInstanceCapacity";
    await cloud.faults(
      { capacity: code, zone: "us-east-1a" },
      { capacity: "VcpuLimitExceeded", instanceType: "c7g.large", count: 1 },
      { capacity: "MaxSpotInstanceCountExceeded", capacityType: "spot" },
    );
    const pools = [pool("us-east-1a", 0), pool("us-east-1b", 1, "c7g.large"), pool("us-east-1b", 2)];
    const first = await fleet(pools);
    deepEqual(errorsOf(first), [`${code} on-demand c8g.xlarge`, "VcpuLimitExceeded on-demand c7g.large"]);
    const second = await fleet(pools);
    equal((await account.describe(idOf(second))).InstanceType, "c7g.large");
    const none = await fleet(pools.slice(1), spot);
    // Capacity comes before the caller's order.
    const limit = "MaxSpotInstanceCountExceeded spot";
    deepEqual(errorsOf(none), [`${limit} c8g.xlarge`, `${limit} c7g.large`]);
    deepEqual(none.Instances, []);
    match(await refusal(account.launch()), /^InsufficientInstanceCapacity: .*c8g\.xlarge.*us-east-1a/);
    await cloud.faults();
    const kept = await account.launch();
    await account.reach(kept, "running");
    await ec2.send(new StopInstancesCommand({ InstanceIds: [kept] }));
    await account.reach(kept, "stopped");
    await cloud.faults({ capacity: code, count: 1 });
    match(await refusal(ec2.send(new StartInstancesCommand({ InstanceIds: [kept] }))), new RegExp(`^${code}`));
    for (const id of [idOf(first), idOf(second), kept]) await terminate(id);
  });

  it("takes instances away, with and without a notice", async () => {
    const { cloud } = account;
    const made = await Promise.all([undefined, spot, spot].map((input) => fleet([pool("us-east-1a", 0)], input)));
    const ids = made.map(idOf);
    for (const id of ids) await account.reach(id, "running");
    const [onDemand, taken, noticed] = ids;
    await cloud.terminate(onDemand);
    await cloud.terminate(taken);
    await cloud.spotNotice(noticed, 1.5);
    await account.reach(onDemand, "terminated");
    match(await refusal(cloud.spotNotice(onDemand, 1)), /is no spot instance/);
    equal((await account.describe(noticed)).State?.Name, "running");
    equal((await account.describe(onDemand)).StateReason?.Code, "Server.InternalError");
    for (const id of [taken, noticed]) {
      equal((await account.reach(id, "terminated")).StateReason?.Code, "Server.SpotInstanceTermination");
    }
  });

  it("keeps a volume with an instance until that has ended", async () => {
    const { ec2 } = account;
    const made = await ec2.send(new CreateVolumeCommand({ AvailabilityZone: "us-east-1a", Size: 1 }));
    const VolumeId = made.VolumeId as string;
    const attach = (InstanceId: string) =>
      ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device: "/dev/sdf" }));
    const [one, two, far] = await Promise.all(
      ["us-east-1a", "us-east-1a", "us-east-1b"].map(async (zone) => idOf(await fleet([pool(zone, 0)]))),
    );
    await fleets.waitForVolume(VolumeId);
    match(await refusal(attach(await fleet([pool("us-east-1a", 0)]).then(idOf))), /^IncorrectState: .*not 'running'/);
    for (const id of [one, two, far]) await account.reach(id, "running");
    match(await refusal(attach(far)), /^InvalidVolume\.ZoneMismatch/);
    await attach(one);
    match(await refusal(attach(two)), /^VolumeInUse/);
    const remove = () => ec2.send(new DeleteVolumeCommand({ VolumeId }));
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [one] }));
    match(await refusal(attach(two)), /^VolumeInUse/);
    match(await refusal(remove()), /^VolumeInUse/);
    await account.reach(one, "terminated");
    await attach(two);
    for (const { id } of (await account.cloud.inventory()).instances) await terminate(id);
    await remove();
  });

  it("deletes a template whose instances run, and not their security group", async () => {
    const { ec2 } = account;
    const id = idOf(await fleet([pool("us-east-1a", 0)]));
    const remove = () => ec2.send(new DeleteSecurityGroupCommand({ GroupId: fleets.groupId }));
    const template = { LaunchTemplateId: fleets.templateId };
    await ec2.send(new DeleteLaunchTemplateCommand(template));
    match(await refusal(ec2.send(new DeleteLaunchTemplateCommand(template))), /^InvalidLaunchTemplateId\.NotFound/);
    await account.reach(id, "running");
    match(await refusal(remove()), /^DependencyViolation/);
    await terminate(id);
    await remove();
    const { roles, instanceProfiles, ...others } = await account.cloud.inventory();
    deepEqual([roles, instanceProfiles], [["node"], ["node"]]);
    deepEqual(Object.values<unknown[]>(others).flat(), []);
  });
});
