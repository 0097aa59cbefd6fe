import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import {
  AttachVolumeCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateFleetCommand,
  CreateLaunchTemplateCommand,
  CreateSecurityGroupCommand,
  CreateVolumeCommand,
  DescribeInstancesCommand,
  DescribeSubnetsCommand,
  EC2Client,
  type Instance,
} from "@aws-sdk/client-ec2";

import { type Cloud, startCloud } from "../cloud/cloud";
import { leftBy } from "../cloud/machinesRun";
import * as hosts from "../hosts";
import { nightly } from "../tier";

// Answers each line with itself.
const echo = `#!/bin/sh
cat > /usr/local/sbin/echo.py << 'END'
import socketserver
class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line)
socketserver.ThreadingTCPServer(("", 1234), Handler).serve_forever()
END
systemd-run python3 /usr/local/sbin/echo.py
`;

// Prints an answer and its status. The AMI has no curl.
const askMetadata = `
import sys, urllib.error
from urllib.request import Request, urlopen
base = "http://169.254.169.254/latest/"
ttl = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
token = urlopen(Request(base + "api/token", method="PUT", headers=ttl), timeout=5).read().decode()
try:
    answer = urlopen(Request(base + "meta-data/" + sys.argv[1], headers={"X-aws-ec2-metadata-token": token}), timeout=5)
except urllib.error.HTTPError as error:
    answer = error
print(answer.read().decode(), answer.status, end="")
`;

/**
 * Sends a line ten times a second over one connection until it is cut, and writes the number of each answer to `file`.
 * A busy machine may lose the first line of a connection: another one is opened then.
 */
const talk = (address: string, file: string): string[] => [
  "bash",
  "-c",
  `until exec 3<>/dev/tcp/${address}/1234 && echo 0 >&3 && read -r -t 5 <&3; do sleep 1; done
   for number in {1..600}; do
     echo $number >&3
     read -r -t 15 <&3 || { echo "cut after $number"; exit; }
     echo $number > ${file}
     sleep 0.1
   done`,
];

// ephemeral and healing show nodes on such machines launched, cut off, and taken away with a notice.
nightly.describe("machines of the tests' cloud: what AWS takes away or cuts off", function () {
  this.timeout(900_000);
  let run: hosts.TestRun;
  let cloud: Cloud;
  let ec2: EC2Client;
  let subnet: string;
  let template: string;
  let volume: string;
  let spot: string;

  before(async function () {
    hosts.skipWithout(this, ["cloud"]);
    run = hosts.openRun();
    const authority = await hosts.createAuthority();
    cloud = await startCloud(run, await hosts.createNetwork(run), authority);
    ec2 = new EC2Client(cloud.client);
    const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
    subnet = Subnets.find(({ AvailabilityZone }) => AvailabilityZone === "us-east-1a")?.SubnetId as string;
    const made = await ec2.send(new CreateSecurityGroupCommand({ GroupName: "nodes", Description: "nodes" }));
    const GroupId = made.GroupId as string;
    const caller = { IpProtocol: "tcp", FromPort: 1234, ToPort: 1234, IpRanges: [{ CidrIp: "203.0.113.10/32" }] };
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [caller] }));
    const { LaunchTemplate } = await ec2.send(
      new CreateLaunchTemplateCommand({
        LaunchTemplateName: "nodes",
        LaunchTemplateData: {
          ImageId: imageOf("x86_64"),
          UserData: Buffer.from(echo).toString("base64"),
          InstanceInitiatedShutdownBehavior: "terminate",
          MetadataOptions: { HttpTokens: "required" },
          NetworkInterfaces: [{ DeviceIndex: 0, AssociatePublicIpAddress: true, Groups: [GroupId] }],
        },
      }),
    );
    template = LaunchTemplate?.LaunchTemplateId as string;
    const disk = new CreateVolumeCommand({ AvailabilityZone: "us-east-1a", Size: 1 });
    volume = (await ec2.send(disk)).VolumeId as string;
  });

  after(async () => {
    if (!run) return;
    await run.close();
    deepEqual(await leftBy(run), []);
  });

  const imageOf = (architecture: string) => cloud.images.find((image) => image.architecture === architecture)?.id;

  async function launch(market: "spot" | "on-demand"): Promise<string> {
    const { Instances, Errors } = await ec2.send(
      new CreateFleetCommand({
        Type: "instant",
        LaunchTemplateConfigs: [
          {
            LaunchTemplateSpecification: { LaunchTemplateId: template, Version: "$Latest" },
            Overrides: [{ InstanceType: "c7i.large", SubnetId: subnet, Priority: 0 }],
          },
        ],
        TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: market },
        SpotOptions: market === "spot" ? { AllocationStrategy: "capacity-optimized-prioritized" } : undefined,
        OnDemandOptions: market === "spot" ? undefined : { AllocationStrategy: "prioritized" },
      }),
    );
    const id = Instances?.[0]?.InstanceIds?.[0];
    ok(id, JSON.stringify(Errors));
    return id;
  }

  async function reach(id: string, state: string): Promise<Instance> {
    const read = async (): Promise<Instance> => {
      const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
      const instance = Reservations?.[0]?.Instances?.[0] as Instance;
      equal(instance.State?.Name, state);
      return instance;
    };
    return hosts.waitUntil(`${id} ${state}`, read, { timeoutMilliseconds: 60_000 });
  }

  const shell = (id: string, script: string): Promise<string> => cloud.run(id, ["bash", "-euc", script]);

  const metadata = (id: string, path: string): Promise<string> => cloud.run(id, ["python3", "-c", askMetadata, path]);

  /** Of the instance's own volume, once it is there. */
  const withVolume = (script: string): string =>
    `for wait in {1..300}; do
       device=$(ls /dev/disk/by-id/nvme-*_${volume.replace("-", "")} 2> /dev/null) && break
       sleep 0.1
     done
     ${script}`;

  async function attach(id: string): Promise<void> {
    const command = new AttachVolumeCommand({ VolumeId: volume, InstanceId: id, Device: "/dev/sdf" });
    await hosts.waitUntil("the volume", () => ec2.send(command), { timeoutMilliseconds: 30_000 });
  }

  it("boots what a fleet launches, as a spot instance", async () => {
    spot = await launch("spot");
    const { PublicIpAddress } = await reach(spot, "running");
    match(PublicIpAddress ?? "", /^54\.214\./);
    await hosts.waitUntil("its metadata", async () => equal(await metadata(spot, "instance-life-cycle"), "spot 200"), {
      timeoutMilliseconds: 60_000,
    });
    match(await metadata(spot, "spot/instance-action"), / 404$/);
    await attach(spot);
    await shell(spot, withVolume('mkfs.ext4 -q "$device"; mount "$device" /mnt; echo kept > /mnt/state; sync'));
  });

  it("cuts an instance off, with the connections that stand, and brings it back", async () => {
    const { PublicIpAddress = "" } = await reach(spot, "running");
    const call = [
      "bash",
      "-c",
      `exec 3<>/dev/tcp/${PublicIpAddress}/1234; echo here >&3; read -r -t 5 <&3; echo $REPLY`,
    ];
    const reached = (): Promise<string> => hosts.execute(cloud.enter(call), { timeoutMilliseconds: 3_000 });
    await hosts.waitUntil("the echo", reached, { timeoutMilliseconds: 60_000 });

    const answers = join(run.folder, "answers");
    const talking = hosts.execute(cloud.enter(talk(PublicIpAddress, answers)), { timeoutMilliseconds: 90_000 });
    await hosts.waitUntil("a connection", () => readFile(answers), { timeoutMilliseconds: 60_000 });
    await cloud.partition(spot, true);
    match(await talking, /^cut after \d/);
    await rejects(reached());
    await rejects(metadata(spot, "instance-id"));
    equal((await reach(spot, "running")).StateReason?.Code ?? "", "");
    await cloud.partition(spot, false);
    equal((await reached()).trim(), "here");
    equal(await metadata(spot, "instance-id"), `${spot} 200`);
  });

  it("gives notice to a spot instance, and takes it away, without what it was given to keep", async () => {
    const seconds = 10;
    const end = Date.now() + seconds * 1_000;
    await cloud.spotNotice(spot, seconds);
    const notice = await metadata(spot, "spot/instance-action");
    match(notice, / 200$/);
    const { action, time } = JSON.parse(notice.replace(/ 200$/, "")) as { action: string; time: string };
    equal(action, "terminate");
    ok(Math.abs(Date.parse(time) - end) < 5_000, time);
    equal(await metadata(spot, "spot/termination-time"), `${time} 200`);
    const { StateReason } = await reach(spot, "terminated");
    ok(Date.now() >= end - 1_000);
    equal(StateReason?.Code, "Server.SpotInstanceTermination");

    const next = await launch("on-demand");
    await reach(next, "running");
    await attach(next);
    equal((await shell(next, withVolume('mount "$device" /mnt; cat /mnt/state'))).trim(), "kept");
    equal(await metadata(next, "instance-life-cycle"), "on-demand 200");
    await cloud.terminate(next);
    equal((await reach(next, "terminated")).StateReason?.Code, "Server.InternalError");
    deepEqual(
      (await cloud.inventory()).volumes.map(({ id, status }) => [id, status]),
      [[volume, "available"]],
    );
  });
});
