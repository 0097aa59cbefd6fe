import { strict as assert } from "node:assert";
import { createPrivateKey, X509Certificate } from "node:crypto";
import * as path from "node:path";

import {
  AuthorizeSecurityGroupIngressCommand,
  DescribeSecurityGroupsCommand,
  DescribeVolumesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import {
  CreateRoleCommand,
  ListInstanceProfilesCommand,
  ListRolesCommand,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { DescribeParametersCommand, GetParameterCommand, PutParameterCommand } from "@aws-sdk/client-ssm";

import { type Account, openAccount } from "../cloud/account";
import { testPulumiHome } from "../cloud/plugins/install";
import type { Settings } from "../cloud/plugins/program";
import { skipWithout } from "../hosts";
import { Stack } from "../main/stack";
import { nightly } from "../tier";

interface Outputs {
  account: string;
  availabilityZone: string;
  caPem: string;
  certPem: string;
  groupId: string;
  instanceId: string;
  privateKeyPem: string;
  terraform: { result: Record<string, unknown> };
}

// policyChanges, policy and the files of builders' lives make, change, replace and remove the same resources by them.
nightly.describe("the stand-ins of the aws and tls providers", function () {
  this.timeout(180_000);
  let account: Account;
  let stack: Stack;
  let initial: Settings;
  let replaced: Settings;

  before(async function () {
    this.timeout(600_000); // The first run on a machine makes the emulator.
    skipWithout(this, ["namespaces"]);
    const delays = { pending: 0.2, stopping: 0.2, volumeCreating: 0.2, volumeAttaching: 0.2, iamPropagation: 0.5 };
    account = await openAccount({ delays });
    const { endpoint, credentials } = account.cloud.client;
    stack = await Stack.create(
      { builder: {}, images: {} },
      {
        program: path.resolve(__dirname, "../cloud/plugins/program"),
        environment: {
          ...account.cloud.environment(),
          AWS_ENDPOINT_URL: endpoint,
          AWS_ACCESS_KEY_ID: credentials.accessKeyId,
          PULUMI_HOME: await testPulumiHome(),
        },
      },
    );
    initial = {
      ami: account.cloud.images.find(({ architecture }) => architecture === "arm64")?.id ?? "",
      instanceType: "c8g.medium",
      userData: "#!/bin/sh\n",
      volumeSize: 10,
      note: "one",
      earlyRenewalHours: 1,
    };
    declare(initial);
  });

  after(() => account?.run.close());

  const declare = (settings: Settings): void => stack.write("settings.json", JSON.stringify(settings));

  async function succeed(...command: string[]): Promise<string> {
    const { code, output } = await stack.run(...command);
    assert.equal(code, 0, output);
    return output;
  }

  const up = (...options: string[]): Promise<string> => succeed("up", "--yes", "--skip-preview", ...options);

  it("previews with unknowns, and refuses what it does not know", async () => {
    declare({ ...initial, monitoring: true });
    const refused = await stack.preview();
    assert.notEqual(refused.code, 0);
    assert.match(refused.output, /stand-in: input monitoring is not implemented/);
    declare(initial);
    assert.match(await succeed("preview"), /\+ 16 to create/);
  });

  it("makes everything, keeps secrets out of the state, and then changes nothing", async () => {
    await up();
    const outputs = await stack.outputs<Outputs>();
    assert.equal(outputs.account, "123456789012");
    const key = createPrivateKey(outputs.privateKeyPem);
    const certificate = new X509Certificate(outputs.certPem);
    assert.equal(key.asymmetricKeyDetails?.namedCurve, "prime256v1");
    assert.ok(certificate.checkPrivateKey(key));
    assert.ok(certificate.checkIssued(new X509Certificate(outputs.caPem)));
    assert.ok(certificate.verify(new X509Certificate(outputs.caPem).publicKey));
    assert.equal(certificate.subjectAltName, "DNS:node.internal");
    assert.ok(!stack.stateText().includes("PRIVATE KEY"));
    assert.match(await up(), /16 unchanged|17 unchanged/);
  });

  it("keeps the rules and the value that others change", async () => {
    const { groupId, instanceId } = await stack.outputs<Outputs>();
    const rule = { IpProtocol: "tcp", FromPort: 1234, ToPort: 1234, IpRanges: [{ CidrIp: "203.0.113.7/32" }] };
    await account.ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: groupId, IpPermissions: [rule] }));
    await account.ssm.send(new PutParameterCommand({ Name: "/tests/lease", Value: '{"me":1}', Overwrite: true }));
    await account.ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
    await succeed("refresh", "--yes");
    assert.match(await up("--refresh"), /unchanged/);
    assert.equal((await stack.outputs<Outputs>()).instanceId, instanceId);
    const { Parameter } = await account.ssm.send(new GetParameterCommand({ Name: "/tests/lease" }));
    assert.equal(Parameter?.Value, '{"me":1}');
  });

  it("changes in place what can be changed in place", async () => {
    const before = await stack.outputs<Outputs>();
    declare({ ...initial, instanceType: "c8g.large", volumeSize: 20, note: "two" });
    const output = await up("--diff");
    assert.match(output, /~ 3 updated/);
    assert.doesNotMatch(output, /replaced/);
    assert.equal((await account.describe(before.instanceId)).InstanceType, "c8g.large");
    const { Parameter } = await account.ssm.send(new GetParameterCommand({ Name: "/tests/lease" }));
    assert.equal(Parameter?.Value, '{"me":1}');
  });

  it("replaces what has to be replaced, and a certificate that is about to end", async () => {
    const before = await stack.outputs<Outputs>();
    // No volume shrinks.
    replaced = { ...initial, volumeSize: 20, userData: "#!/bin/sh\nfalse\n", userDataReplaceOnChange: true };
    declare({ ...replaced, earlyRenewalHours: 12 });
    await up();
    const now = await stack.outputs<Outputs>();
    assert.notEqual(now.instanceId, before.instanceId);
    assert.notEqual(now.certPem, before.certPem);
    assert.equal(now.caPem, before.caPem);
  });

  it("finds an instance gone that was terminated, and makes it again", async () => {
    declare(replaced);
    await up();
    const before = await stack.outputs<Outputs>();
    await account.ec2.send(new TerminateInstancesCommand({ InstanceIds: [before.instanceId] }));
    await up("--refresh");
    assert.notEqual((await stack.outputs<Outputs>()).instanceId, before.instanceId);
  });

  it("assumes the role of an explicit provider, and hands out its arguments in Terraform's names", async () => {
    const { endpoint, credentials } = account.cloud.client;
    const trust = { Effect: "Allow", Principal: { Service: "ecs.amazonaws.com" }, Action: "sts:AssumeRole" };
    const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
    await account.iam.send(new CreateRoleCommand({ RoleName: "builds", AssumeRolePolicyDocument }));
    const everything = { Effect: "Allow", Action: "*", Resource: "*" };
    const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [everything] });
    await account.iam.send(new PutRolePolicyCommand({ RoleName: "builds", PolicyName: "all", PolicyDocument }));
    const arn = "arn:aws:iam::123456789012:role/builds";
    const { accessKeyId: accessKey, secretAccessKey: secretKey } = credentials;
    declare({ ...replaced, role: { arn, endpoint, accessKey, secretKey } });
    await up();
    const { terraform, groupId } = await stack.outputs<Outputs>();
    const { assume_role: assumed, region, endpoints, profile } = terraform.result;
    assert.equal(region, "us-east-1");
    assert.equal(profile, null);
    assert.deepEqual(
      (assumed as Record<string, unknown>[]).map((each) => [each.role_arn, each.external_id, each.policy]),
      [[arn, "outside", null]],
    );
    assert.equal((endpoints as Record<string, unknown>[])[0]?.ec2, endpoint);
    const { SecurityGroups } = await account.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [groupId] }));
    assert.ok(SecurityGroups?.[0]?.Tags?.some(({ Key, Value }) => Key === "team" && Value === "builds"));
    assert.ok(!stack.stateText().includes(secretKey));
    assert.match(await up(), /unchanged/);
  });

  it("leaves nothing", async () => {
    await succeed("destroy", "--yes");
    const { Roles = [] } = await account.iam.send(new ListRolesCommand({}));
    assert.deepEqual(
      Roles.map(({ RoleName }) => RoleName).filter((name) => name?.startsWith("node")),
      [],
    );
    assert.deepEqual((await account.iam.send(new ListInstanceProfilesCommand({}))).InstanceProfiles, []);
    assert.ok((await account.cloud.instances()).every(({ state }) => state === "terminated"));
    const { Parameters = [] } = await account.ssm.send(new DescribeParametersCommand({}));
    assert.ok(Parameters.every(({ Name }) => !Name?.startsWith("/tests")));
    const { SecurityGroups = [] } = await account.ec2.send(new DescribeSecurityGroupsCommand({}));
    assert.ok(SecurityGroups.every(({ GroupName }) => GroupName === "default"));
    const { Volumes = [] } = await account.ec2.send(new DescribeVolumesCommand({}));
    assert.ok(Volumes.every(({ Tags }) => !Tags));
  });
});
