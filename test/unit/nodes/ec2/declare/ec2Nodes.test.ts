import * as assert from "node:assert/strict";

import { MultiPlatformImage } from "../../../../../components";
import type { Ec2Connection } from "../../../../../components/nodes/ec2/connection";
import { nodeServerName } from "../../../../../components/nodes/daemonAddress";
import {
  asked,
  declare,
  forgetPrograms,
  type Inputs,
  made,
  plain,
  recordPrograms,
  recorded,
  valueOf,
} from "./declaredPrograms";

describe("EC2 nodes, declared", () => {
  before(recordPrograms);
  beforeEach(forgetPrograms);

  it("declares two instances by default, each with its own certificate, role, cache and parameters", async () => {
    const builder = await declare("builders");
    const names = recorded.map(({ type, name }) => `${type.split(":")[2]} ${name}`).sort();
    const ofNode = (node: string) => [
      `CertRequest builders-${node}`,
      `Instance builders-${node}`,
      `InstanceProfile builders-${node}`,
      `LocallySignedCert builders-${node}`,
      `MetricAlarm builders-${node}-backstop`,
      `Parameter builders-${node}-settings`,
      `Parameter builders-${node}-tls`,
      `PrivateKey builders-${node}`,
      `Role builders-${node}`,
      `RolePolicy builders-${node}`,
      `Volume builders-${node}-cache`,
      `VolumeAttachment builders-${node}-cache`,
    ];
    assert.deepEqual(
      names,
      [
        "Builder builders",
        "CertRequest builders-client",
        "LocallySignedCert builders-client",
        "Parameter builders-connection",
        "Parameter builders-lease",
        "PrivateKey builders-ca-0",
        "PrivateKey builders-ca-1",
        "PrivateKey builders-ca-2",
        "PrivateKey builders-client",
        "SecurityGroup builders",
        "SecurityGroupEgressRule builders-out-ipv4",
        "SecurityGroupEgressRule builders-out-ipv6",
        "SelfSignedCert builders-ca-0",
        "SelfSignedCert builders-ca-1",
        "SelfSignedCert builders-ca-2",
        "Stash builders-certificates",
        ...ofNode("amd64"),
        ...ofNode("arm64"),
      ].sort(),
    );
    assert.deepEqual(await valueOf(builder.nodes), [
      { name: "arm64", kind: "ec2", platform: "linux/arm64", native: true, instanceId: "builders-arm64-id" },
      { name: "amd64", kind: "ec2", platform: "linux/amd64", native: true, instanceId: "builders-amd64-id" },
    ]);
  });

  it("gives an instance what a build node needs, and nothing more", async () => {
    const builder = await declare("builders");
    const builderName = await valueOf(builder.builderName);
    const { userData, ...instance } = made("aws:ec2/instance:Instance")["builders-arm64"];
    const tags = {
      Name: "builders-arm64",
      "multi-platform-image:builder": builderName,
      "multi-platform-image:node": "arm64",
      "multi-platform-image:platform": "linux/arm64",
    };
    assert.deepEqual(instance, {
      ami: "ami of /aws/service/debian/release/13/latest/arm64",
      associatePublicIpAddress: true,
      iamInstanceProfile: `${builderName}@arm64`,
      instanceInitiatedShutdownBehavior: "stop",
      instanceType: "m8g.large",
      metadataOptions: { httpEndpoint: "enabled", httpPutResponseHopLimit: 1, httpTokens: "required" },
      rootBlockDevice: { deleteOnTermination: true, encrypted: true, volumeSize: 8, volumeType: "gp3" },
      subnetId: "subnet-a",
      tags,
      volumeTags: tags,
      vpcSecurityGroupIds: ["builders-id"],
    });
    assert.ok(!JSON.stringify(userData).includes("key of"), "user data holds a key");
    const cache = { availabilityZone: "eu-west-1a", encrypted: true, iops: 3000, size: 30, throughput: 125 };
    assert.deepEqual(made("aws:ebs/volume:Volume")["builders-arm64-cache"], { ...cache, tags, type: "gp3" });
  });

  it("names the roles by the builder, as callers' policies know them", async () => {
    const builder = await declare("Builders");
    const name = `${await valueOf(builder.builderName)}@amd64`;
    assert.match(name, /^builders-[0-9a-f]{8}@amd64$/);
    assert.equal(made("aws:iam/role:Role")["Builders-amd64"].name, name);
    assert.equal(made("aws:iam/instanceProfile:InstanceProfile")["Builders-amd64"].name, name);
  });

  it("lets a node read its own three parameters alone", async () => {
    const builder = await declare("builders");
    const builderName = await valueOf(builder.builderName);
    const { policy } = made("aws:iam/rolePolicy:RolePolicy")["builders-amd64"];
    const arn = (name: string) =>
      `arn:aws:ssm:eu-west-1:123456789012:parameter/multi-platform-image/${builderName}/${name}`;
    assert.deepEqual(JSON.parse(policy as string), {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Action: "ssm:GetParameters",
          Resource: [arn("nodes/amd64/settings"), arn("nodes/amd64/tls"), arn("lease")],
        },
      ],
    });
  });

  it("lets parameters grow beyond 4 KB, but for the lease, which has a bound", async () => {
    await declare("builders");
    for (const [name, { tier }] of Object.entries(made("aws:ssm/parameter:Parameter"))) {
      assert.equal(tier, name === "builders-lease" ? undefined : "Intelligent-Tiering", name);
    }
  });

  it("opens no port to anyone by default; to networks or to the VPC on request", async () => {
    await declare("closed");
    assert.deepEqual(made("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"), {});
    assert.equal(made("aws:ec2/securityGroup:SecurityGroup").closed.ingress, undefined);
    recorded.splice(0);
    await declare("office", { ec2: { ingress: { from: "cidrs", cidrs: ["203.0.113.0/24", "2001:db8::/48"] } } });
    const rules = made("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule");
    assert.equal(rules["office-in-203.0.113.0/24"].cidrIpv4, "203.0.113.0/24");
    assert.equal(rules["office-in-2001:db8::/48"].cidrIpv6, "2001:db8::/48");
    assert.equal(rules["office-in-203.0.113.0/24"].toPort, 1234);
    recorded.splice(0);
    await declare("inside", { ec2: { ingress: { from: "vpc" } } });
    const inside = made("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule");
    assert.equal(inside["inside-in-vpc"].cidrIpv4, "172.31.0.0/16");
    assert.equal(made("aws:ec2/instance:Instance")["inside-arm64"].associatePublicIpAddress, false);
  });

  it("recipe 23: keeps timeouts, BuildKit and its settings in Parameter Store", async () => {
    await declare("timed", { idleTimeoutMinutes: 5, maxLifetimeMinutes: 60 });
    await declare("always", { lifecycle: "persistent" });
    const settings = (name: string) =>
      JSON.parse(plain(made("aws:ssm/parameter:Parameter")[name].value)) as Record<string, unknown>;
    const timed = settings("timed-arm64-settings");
    assert.equal(timed.idleTimeoutMinutes, 5);
    assert.equal(timed.maxLifetimeMinutes, 60);
    assert.equal(timed.volumeId, "timed-arm64-cache-id");
    assert.deepEqual((timed.buildkit as Inputs).version, "0.33.1");
    assert.ok(plain(made("aws:ssm/parameter:Parameter")["timed-arm64-settings"].value).length < 4096);
    const always = settings("always-arm64-settings");
    assert.deepEqual([always.idleTimeoutMinutes, always.maxLifetimeMinutes], [null, null]);
  });

  it("asks for the emulators of further platforms, and for none otherwise", async () => {
    const additionalPlatforms = ["linux/arm/v7", "linux/arm/v6", "linux/386", "linux/s390x"] as const;
    await declare("further", { nodes: [{ kind: "ec2", platform: "linux/amd64", additionalPlatforms }] });
    await declare("plain");
    const buildkit = (name: string) => {
      const { value } = made("aws:ssm/parameter:Parameter")[name];
      return (JSON.parse(plain(value)) as { buildkit: { emulators?: string[] } }).buildkit;
    };
    assert.deepEqual(buildkit("further-amd64-settings").emulators, ["arm", "s390x"]);
    assert.ok(!("emulators" in buildkit("plain-amd64-settings")));
  });

  it("tells the CLI how to reach the nodes, as a secret", async () => {
    const builder = await declare("told");
    const { type, value } = made("aws:ssm/parameter:Parameter")["told-connection"];
    assert.equal(type, "SecureString");
    const connection = JSON.parse(plain(value)) as Ec2Connection;
    assert.deepEqual(connection, {
      accountId: "123456789012",
      addressing: "public",
      builderName: await valueOf(builder.builderName),
      ephemeralNodes: [],
      ingress: { from: "caller" },
      nodes: [
        { instanceId: "told-arm64-id", name: "arm64", platform: "linux/arm64" },
        { instanceId: "told-amd64-id", name: "amd64", platform: "linux/amd64" },
      ],
      region: "eu-west-1",
      securityGroupId: "told-id",
      vpcCidr: "172.31.0.0/16",
      tls: {
        ca: "certificate of told-ca-0certificate of told-ca-1certificate of told-ca-2",
        cert: "certificate of told-client",
        key: "key of told-client",
        serverName: nodeServerName,
      },
      wakeTimeoutSeconds: 180,
    });
  });

  it("takes a subnet's zone and VPC where one is given", async () => {
    await declare("placed", { nodes: [{ kind: "ec2", platform: "linux/arm64", subnetId: "subnet-9", ami: "ami-1" }] });
    assert.equal(made("aws:ebs/volume:Volume")["placed-arm64-cache"].availabilityZone, "eu-west-1c");
    const instance = made("aws:ec2/instance:Instance")["placed-arm64"];
    assert.deepEqual([instance.subnetId, instance.ami], ["subnet-9", "ami-1"]);
    assert.ok(!asked.some(({ inputs }) => inputs.default === true), "the default VPC was asked for");
  });

  it("shares one default builder among all images that name none", async () => {
    const args = { context: ".", dockerfile: { inline: "FROM scratch" }, push: false };
    const first = new MultiPlatformImage("first", args);
    const second = new MultiPlatformImage("second", args);
    assert.ok(first.builder);
    assert.equal(first.builder, second.builder);
    const urn = await valueOf(first.builder.urn);
    assert.equal(urn, "urn:pulumi:stack::project::multi-platform-image:index:Builder::default-builder");
  });
});
