import { deepEqual, doesNotMatch, equal, match, notEqual, ok } from "node:assert/strict";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import {
  AttachVolumeCommand,
  CreateFleetCommand,
  CreateLaunchTemplateVersionCommand,
  DescribeLaunchTemplatesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";

import { type Account, openAccount } from "../cloud/account";
import { skipWithout, waitUntil } from "../hosts";
import { Stack } from "../main/stack";
import type { Settings } from "./templateProgram";

interface Outputs {
  templateId: string;
  latestVersion: number;
  defaultVersion: number;
  volumeId: string;
}

describe("the stand-in of the aws provider: launch templates, and a destroy while instances run", function () {
  this.timeout(180_000);
  let account: Account;
  let stack: Stack;
  let initial: Settings;

  before(async function () {
    this.timeout(600_000); // The first run on a machine makes the emulator.
    skipWithout(this, ["namespaces"]);
    const delays = { pending: 0.2, stopping: 0.2, volumeCreating: 0.2, volumeAttaching: 0.2, iamPropagation: 0.2 };
    account = await openAccount({ delays });
    stack = await Stack.create(
      { builder: {}, images: {} },
      {
        program: path.resolve(__dirname, "templateProgram"),
        environment: await account.environment(),
      },
    );
    const ami = account.cloud.images.find(({ architecture }) => architecture === "arm64")?.id ?? "";
    initial = { ami, userData: "#!/bin/sh\n", encrypted: "true" };
    declare(initial);
  });

  after(() => account?.run.close());

  const declare = (settings: Settings): void => stack.write("settings.json", JSON.stringify(settings));

  async function up(...options: string[]): Promise<string> {
    const { code, output } = await stack.up(...options);
    equal(code, 0, output);
    return output;
  }

  it("refuses what it does not know", async () => {
    for (const [wrong, expected] of [
      [{ keyName: "mine" }, /stand-in: input keyName is not implemented/],
      [{ encrypted: "yes" }, /expected a nullable boolean, "true" or "false", got "yes"/],
    ] as const) {
      declare({ ...initial, ...wrong });
      const { code, output } = await stack.preview();
      notEqual(code, 0);
      match(output, expected);
    }
    declare(initial);
  });

  it("makes a template, and changes nothing more, whether it looks or not", async () => {
    await up();
    const { templateId, latestVersion, defaultVersion } = await stack.outputs<Outputs>();
    match(templateId, /^lt-/);
    deepEqual([latestVersion, defaultVersion], [1, 1]);
    await up("--expect-no-changes");
    await up("--refresh", "--expect-no-changes");
  });

  it("makes a version of a change, and heals one that somebody else made", async () => {
    const { templateId } = await stack.outputs<Outputs>();
    declare({ ...initial, userData: "#!/bin/sh\nfalse\n" });
    doesNotMatch(await up(), /replaced/);
    const changed = await stack.outputs<Outputs>();
    deepEqual([changed.templateId, changed.latestVersion, changed.defaultVersion], [templateId, 2, 2]);
    const LaunchTemplateData = { UserData: Buffer.from("#!/bin/sh\nrm -rf /\n").toString("base64") };
    const version = new CreateLaunchTemplateVersionCommand({ LaunchTemplateId: templateId, LaunchTemplateData });
    await account.ec2.send(version);
    await up("--refresh");
    const read = new DescribeLaunchTemplatesCommand({ LaunchTemplateIds: [templateId] });
    const [template] = (await account.ec2.send(read)).LaunchTemplates ?? [];
    deepEqual([template.LatestVersionNumber, template.DefaultVersionNumber], [4, 4]);
  });

  it("destroys all but what a running instance uses, and the rest when that has ended", async () => {
    const { ec2, cloud } = account;
    const { templateId, volumeId } = await stack.outputs<Outputs>();
    const launch = new CreateFleetCommand({
      Type: "instant",
      LaunchTemplateConfigs: [
        {
          LaunchTemplateSpecification: { LaunchTemplateId: templateId, Version: "$Default" },
          Overrides: [{ InstanceType: "c8g.xlarge", SubnetId: await account.subnetIn("us-east-1a"), Priority: 0 }],
        },
      ],
      TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: "on-demand" },
      OnDemandOptions: { AllocationStrategy: "prioritized" },
    });
    const { Instances, Errors } = await ec2.send(launch);
    const id = Instances?.[0]?.InstanceIds?.[0] as string;
    ok(id, JSON.stringify(Errors));
    await account.reach(id, "running");
    await ec2.send(new AttachVolumeCommand({ VolumeId: volumeId, InstanceId: id, Device: "/dev/sdf" }));

    let hasEnded = false;
    const destroyed = stack.run("destroy", "--yes", "--skip-preview").finally(() => (hasEnded = true));
    const left = async (): Promise<void> => {
      const { roles, instanceProfiles, launchTemplates, volumes, securityGroups } = await cloud.inventory();
      deepEqual([roles, instanceProfiles, launchTemplates], [[], [], []]);
      ok(volumes.some((volume) => volume.id === volumeId));
      equal(securityGroups.length, 1);
    };
    await waitUntil("all but volume and group to be gone", left, { timeoutMilliseconds: 60_000 });
    await sleep(3_000);
    equal(hasEnded, false);
    equal((await account.describe(id)).State?.Name, "running");
    const refused = (await cloud.calls()).flatMap(({ operation, error }) => (error ? `${operation}: ${error}` : []));
    for (const expected of ["DeleteVolume: VolumeInUse", "DeleteSecurityGroup: DependencyViolation"]) {
      ok(refused.includes(expected), `${expected} is not among ${[...new Set(refused)].join(", ")}`);
    }
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    const { code, output } = await destroyed;
    equal(code, 0, output);
    deepEqual(Object.values<unknown[]>({ ...(await cloud.inventory()) }).flat(), []);
  });
});
