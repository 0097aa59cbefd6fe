import * as assert from "node:assert/strict";

import * as pulumi from "@pulumi/pulumi";

import { Builder, type BuilderArgs } from "../../../../../components";
import { networkOf } from "../../../../../components/nodes/ec2/cidrs";

function refusal(args: unknown): string {
  try {
    new Builder("refused", args as BuilderArgs);
  } catch (error) {
    assert.ok(pulumi.ResourceError.isInstance(error), `${String(error)} is printed with a stack trace`);
    return (error as Error).message;
  }
  return assert.fail("nothing was refused");
}

describe("EC2 nodes' arguments", () => {
  before(async () => {
    await pulumi.runtime.setMocks(
      { newResource: () => ({ id: "none", state: {} }), call: () => ({}) },
      "project",
      "stack",
    );
  });

  const refused: [title: string, args: unknown, expected: RegExp][] = [
    [
      "a platform that EC2 has no machines for",
      { nodes: [{ kind: "ec2", platform: "linux/s390x" }] },
      /`nodes \(s390x\)\.platform` is "linux\/s390x": EC2 has machines for linux\/arm64 and linux\/amd64/,
    ],
    [
      "ingress from the whole internet",
      { ec2: { ingress: { from: "cidrs", cidrs: ["0.0.0.0/0"] } } },
      /`ec2\.ingress\.cidrs` is "0\.0\.0\.0\/0": it lets in the whole internet/,
    ],
    [
      "a CIDR that is none",
      { ec2: { ingress: { from: "cidrs", cidrs: ["10.0.0.0/33"] } } },
      /`ec2\.ingress\.cidrs` is "10\.0\.0\.0\/33": a network such as/,
    ],
    [
      "the address of a host in a CIDR, which the aws provider refuses",
      { ec2: { ingress: { from: "cidrs", cidrs: ["203.0.113.7/24"] } } },
      /`ec2\.ingress\.cidrs` is "203\.0\.113\.7\/24": AWS's name of that network is 203\.0\.113\.0\/24/,
    ],
    [
      "an IPv6 CIDR in capitals, which would be another one after each refresh",
      { ec2: { ingress: { from: "cidrs", cidrs: ["2001:DB8::/32"] } } },
      /`ec2\.ingress\.cidrs` is "2001:DB8::\/32": AWS's name of that network is 2001:db8::\/32/,
    ],
    [
      "more mirrors than a parameter holds",
      { ec2: { registryMirrors: { "docker.io": Array.from({ length: 250 }, (_, at) => `mirror-${at}.example.com`) } } },
      /`ec2\.registryMirrors` has 250 mirrors and .* 0 registries: with them the settings of node arm64 have \d+ bytes, and .* holds 8192/,
    ],
    ["an empty list of CIDRs", { ec2: { ingress: { from: "cidrs", cidrs: [] } } }, /name at least one/],
    [
      "an address of the caller that is none",
      { ec2: { ingress: { from: "caller", address: "me" } } },
      /`ec2\.ingress\.address` is "me": one IPv4 or IPv6 address/,
    ],
    ["an unknown ingress", { ec2: { ingress: { from: "all" } } }, /`ec2\.ingress\.from` is "all": "caller", "cidrs"/],
    ["an idle timeout of 0", { idleTimeoutMinutes: 0 }, /`idleTimeoutMinutes` is 0: a whole number of at least 1/],
    ["a negative lifetime", { maxLifetimeMinutes: -1 }, /`maxLifetimeMinutes` is -1/],
    [
      "a throughput beyond gp3's",
      { nodes: [{ kind: "ec2", platform: "linux/arm64", cacheVolumeThroughputMebibytes: 5000 }] },
      /`nodes \(arm64\)\.cacheVolumeThroughputMebibytes` is 5000: a whole number from 125 to 2000/,
    ],
    [
      "a release without an archive for a node",
      { ec2: { buildkit: { version: "0.33.2", archives: {} } } },
      /`ec2\.buildkit\.archives\["linux\/arm64"\]` is missing: a node serves linux\/arm64/,
    ],
    [
      "a checksum that is none",
      { ec2: { buildkit: { version: "1", archives: { "linux/arm64": { url: "https://x", sha256: "abc" } } } } },
      /sha256` is "abc": the SHA-256 of the archive/,
    ],
  ];
  for (const [title, args, expected] of refused) {
    it(`fails for ${title}`, () => assert.match(refusal(args), expected));
  }
});

describe("the network of a CIDR", () => {
  for (const [cidr, network] of [
    ["203.0.113.0/24", "203.0.113.0/24"],
    ["203.0.113.255/25", "203.0.113.128/25"],
    ["203.0.113.7/32", "203.0.113.7/32"],
    ["255.255.255.255/1", "128.0.0.0/1"],
    ["2001:db8::/32", "2001:db8::/32"],
    ["2001:db8:0:0:0:0:0:1/128", "2001:db8::1/128"],
    ["2001:DB8:FFFF:FFFF::1/47", "2001:db8:fffe::/47"],
    ["::1/0", "::/0"],
    ["10.0.0.0", undefined],
    ["10.0.0.0/08", undefined],
    ["10.0.0.0/8/8", undefined],
    ["fe80::1%eth0/64", undefined],
    ["::/129", undefined],
  ] as const) {
    it(`${cidr}: ${network ?? "none"}`, () => assert.equal(networkOf(cidr), network));
  }
});
