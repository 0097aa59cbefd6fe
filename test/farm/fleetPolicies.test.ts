import * as assert from "node:assert/strict";

import {
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  CreateNetworkInterfaceCommand,
  CreateSecurityGroupCommand,
  type ResourceType,
  RunInstancesCommand,
  type TagSpecification,
} from "@aws-sdk/client-ec2";
import { AddRoleToInstanceProfileCommand, CreateInstanceProfileCommand, CreateRoleCommand } from "@aws-sdk/client-iam";

import { tagNames } from "../../components/nodes/ec2/connection";
import { nodeRoleName } from "../../components/nodes/ec2/roleName";
import { assumeRolePolicy } from "../../components/nodes/ec2/declare/role";
import { callerPolicy, callerRoles } from "../../components/nodes/ec2/policies/policyTable";
import { type Account, openAccount } from "../cloud/account";
import { permissionsOf } from "../cloud/permissions";
import { allowedOn, refusals } from "../cloud/refusals";
import { skipWithout, waitUntil } from "../hosts";
import { Fleets, idOf, spot } from "./fleets";

const own = "farm-1a2b3c4d";
const others = callerRoles.map((role) => callerPolicy(role, { builder: "production-0badcafe" }));
const [manage, build] = (["manage-ephemeral", "build-ephemeral"] as const).map((role) =>
  callerPolicy(role, { builder: own }),
);

const tags = (...kinds: ResourceType[]): TagSpecification[] =>
  kinds.map((ResourceType) => ({
    ResourceType,
    Tags: [
      { Key: tagNames.builder, Value: own },
      { Key: tagNames.lifecycle, Value: "ephemeral" },
    ],
  }));

describe("what IAM is asked for templates and fleets of a builder", function () {
  this.timeout(60_000);
  let account: Account;
  let fleets: Fleets;
  let untagged: string;

  before(async function () {
    skipWithout(this, ["namespaces"]);
    this.timeout(600_000);
    account = await openAccount({ delays: { iamPropagation: 0.2 } });
    const { ec2, iam } = account;
    const group = { GroupName: "nodes", Description: "nodes", TagSpecifications: tags("security-group") };
    fleets = await Fleets.of(account, (await ec2.send(new CreateSecurityGroupCommand(group))).GroupId as string);
    const [RoleName, InstanceProfileName] = [nodeRoleName(own, "arm64"), nodeRoleName(own, "arm64")];
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: assumeRolePolicy }));
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName }));
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName }));
    untagged = await template("production");
  });
  after(() => account?.run.close());
  beforeEach(() => account.cloud.forgetCalls());

  async function template(LaunchTemplateName: string, TagSpecifications?: TagSpecification[]): Promise<string> {
    const IamInstanceProfile = { Name: nodeRoleName(own, "arm64") };
    const data = { ...fleets.data(), IamInstanceProfile, TagSpecifications: tags("instance", "volume") };
    const input = { LaunchTemplateName, LaunchTemplateData: data, TagSpecifications };
    const { LaunchTemplate } = await account.ec2.send(new CreateLaunchTemplateCommand(input));
    return LaunchTemplate?.LaunchTemplateId as string;
  }

  const launch = async (more: object = {}): Promise<void> => {
    const create = async () => idOf(await fleets.create([fleets.pool("us-east-1a", 0)], more));
    await waitUntil("the profile", create, { timeoutMilliseconds: 10_000 });
  };

  it("who manages a builder makes its template, and changes no other's", async () => {
    fleets.templateId = await template("farm", tags("launch-template"));
    const made = await account.cloud.calls();
    assert.deepEqual(refusals(made, [manage]), []);
    assert.deepEqual(allowedOn(own, made, [...others, build]), []);
    await account.cloud.forgetCalls();
    for (const LaunchTemplateId of [fleets.templateId, untagged]) {
      const LaunchTemplateData = { UserData: Buffer.from("#!/bin/sh\n").toString("base64") };
      await account.ec2.send(new CreateLaunchTemplateVersionCommand({ LaunchTemplateId, LaunchTemplateData }));
    }
    const refused = refusals(await account.cloud.calls(), [manage]);
    assert.equal(refused.length, 1);
    assert.match(refused[0], new RegExp(`^ec2:CreateLaunchTemplateVersion on .*:launch-template/${untagged} `));
  });

  for (const [how, more] of [
    ["on demand", {}],
    ["as a spot instance", spot],
  ] as const) {
    it(`who builds launches from it ${how}, and nobody of another builder does`, async () => {
      await launch(more);
      const calls = await account.cloud.calls();
      assert.deepEqual(refusals(calls, [build]), []);
      assert.deepEqual(allowedOn(own, calls, others), []);
      const asked = calls.flatMap(permissionsOf).map(({ action, resource }) => `${action} ${resource.split(":")[5]}`);
      assert.equal(asked.includes("ec2:RunInstances spot-instances-request/*"), how !== "on demand");
    });
  }

  it("who builds launches with no network interface that is there: its group would be no resource of the call", async () => {
    const SubnetId = fleets.subnets.get("us-east-1a");
    const { NetworkInterface } = await account.ec2.send(new CreateNetworkInterfaceCommand({ SubnetId }));
    const NetworkInterfaceId = NetworkInterface?.NetworkInterfaceId;
    await account.cloud.forgetCalls();
    await account.ec2.send(
      new RunInstancesCommand({
        LaunchTemplate: { LaunchTemplateId: fleets.templateId },
        ImageId: fleets.data().ImageId,
        InstanceType: "c8g.xlarge",
        NetworkInterfaces: [{ DeviceIndex: 0, NetworkInterfaceId }],
        TagSpecifications: tags("instance", "volume"),
        MinCount: 1,
        MaxCount: 1,
      }),
    );
    const calls = await account.cloud.calls();
    const kinds = calls.flatMap(({ resources }) => resources.map(({ arn }) => arn.split(":")[5]));
    assert.ok(!kinds.some((kind) => /^(security-group|network-interface\/\*)/.test(kind)), kinds.join());
    const refused = refusals(calls, [build]).map((text) => text.split(" {")[0]);
    const arn = `arn:aws:ec2:us-east-1:123456789012:network-interface/${NetworkInterfaceId}`;
    assert.deepEqual(refused, [`ec2:RunInstances on ${arn}`]);
  });

  it("who builds launches from no other template", async () => {
    fleets.templateId = untagged;
    await launch();
    const refused = refusals(await account.cloud.calls(), [build]);
    assert.deepEqual([...new Set(refused.map((text) => text.split(" {")[0]))].sort(), [
      `ec2:CreateFleet on arn:aws:ec2:us-east-1:123456789012:launch-template/${untagged}`,
      `ec2:RunInstances on arn:aws:ec2:us-east-1:123456789012:launch-template/${untagged}`,
    ]);
  });
});
