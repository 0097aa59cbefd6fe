import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { Builder, type BuilderConnection, MultiPlatformImage, type NodeArgs } from "../../../components";
import { parseConnection } from "../../../components/builder/builderConnection";
import { resolved } from "../../../components/pulumi/resolved";
import { nodeSetOf } from "../../../components/nodes/nodeSets";
import { expectRejections } from "../support/rejections";
import { type Recorded, recordingMocks } from "../recordingMocks";

const key = "-----BEGIN PRIVATE KEY-----";
const tls = { ca: "CA", cert: "CERT", key, serverName: "node" };
const remote = (platform: "linux/arm64" | "linux/amd64", host: string): NodeArgs => ({
  kind: "remote",
  platform,
  endpoint: `tcp://${host}:1234`,
  tls: { ...tls, key: pulumi.secret(key) },
});
const plain: BuilderConnection = {
  version: 1,
  builderName: "farm-1a2b3c4d",
  wakeTimeoutSeconds: 90,
  nodes: [{ kind: "remote", name: "arm64", platform: "linux/arm64", endpoint: "tcp://10.0.0.7:1234", tls }],
};

describe("a connection, read", () => {
  const refusal = (value: unknown, isSecret = true): string => {
    try {
      parseConnection("Builder shared", value, isSecret);
    } catch (error) {
      return (error as Error).message;
    }
    return assert.fail("nothing was refused");
  };

  it("is taken as it is", () => assert.deepEqual(parseConnection("Builder shared", plain, true), plain));

  for (const [title, value, message] of [
    [
      "it is not there",
      undefined,
      /^Builder shared: `connection` is not there: .* was destroyed\. Fix: `pulumi up` of/,
    ],
    ["it is text", JSON.stringify(plain), /`connection` is a text\. Fix: .*requireOutput\("connection"\)/],
    ["it is of another version", { ...plain, version: 2 }, /`connection` is of version 2, and this release reads 1/],
    ["it has no version", { url: "tcp://10.0.0.7" }, /`connection` is without a version/],
    ["it has no nodes", { ...plain, nodes: [] }, /`connection` has no `nodes`/],
    [
      "a node is of another kind",
      { ...plain, nodes: [{ ...plain.nodes[0], kind: "local" }] },
      /one that is none of ours/,
    ],
    ["a node's endpoint is none", { ...plain, nodes: [{ ...plain.nodes[0], endpoint: "x" }] }, /none of ours/],
    ["a node's name leads elsewhere", { ...plain, nodes: [{ ...plain.nodes[0], name: "../../x" }] }, /none of ours/],
    [
      "a node's endpoint holds a command",
      { ...plain, nodes: [{ ...plain.nodes[0], endpoint: "ssh://me@arm/x;id;" }] },
      /none of ours/,
    ],
    [
      "a node's image is an option of `docker run`",
      {
        ...plain,
        nodes: [{ ...plain.nodes[0], endpoint: "ssh://me@arm", driver: "docker-container", image: "--volume=/:/host" }],
      },
      /none of ours/,
    ],
    ["the builder's name leads elsewhere", { ...plain, builderName: "../.." }, /a `builderName` that no builder has/],
    [
      "`ec2` is of another builder",
      { ...plain, ec2: { builderName: "other-1a2b3c4d", nodes: [] } },
      /a `builderName` that no builder has, or another one in `ec2`/,
    ],
    [
      "a node's name in `ec2` leads elsewhere",
      { ...plain, ec2: { builderName: plain.builderName, nodes: [], ephemeralNodes: [{ name: "../x" }] } },
      /a node in `ec2` whose name no node has/,
    ],
    [
      "a node of EC2 has no instance",
      { ...plain, nodes: [{ kind: "ec2", name: "arm64", platform: "linux/arm64" }] },
      /`connection` has no instance for node arm64 in `ec2`/,
    ],
  ] as const) {
    it(`fails if ${title}, without a word of the key`, () => {
      assert.match(refusal(value), message);
      assert.doesNotMatch(refusal(value), /PRIVATE KEY/);
    });
  }

  it("fails if it is not secret", () =>
    assert.match(refusal(plain, false), /is not secret, .*Fix: .*pulumi\.secret\(\)/));
});

describe("a builder that is shared", () => {
  expectRejections();
  const recorded: Recorded[] = [];
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-unit-"));
  const image = { context: scratch, dockerfile: { inline: "FROM scratch" }, push: false };

  before(async () => {
    await pulumi.runtime.setMocks(recordingMocks(recorded), "project", "stack");
  });

  beforeEach(() => recorded.splice(0));
  after(() => fs.rmSync(scratch, { recursive: true }));

  it("says all that another stack needs, as a secret, and keeps none of it", async () => {
    const builder = new Builder("farm", { nodes: [remote("linux/arm64", "a")], wakeTimeoutSeconds: 90 });
    const { connection } = builder;
    assert.equal(await pulumi.isSecret(connection), true);
    const builderName = await resolved(builder.builderName);
    const node = { kind: "remote", name: "arm64", platform: "linux/arm64", endpoint: "tcp://a:1234", tls };
    assert.deepEqual(JSON.parse(JSON.stringify(await resolved(connection))), {
      version: 1,
      builderName,
      wakeTimeoutSeconds: 90,
      nodes: [node],
    });
    assert.equal(await pulumi.isSecret(builder.nodes), false);
    assert.doesNotMatch(JSON.stringify(recorded), /PRIVATE KEY/);
  });

  it("fails to be shared if a node is `local`", () => {
    const builder = new Builder("mine", { nodes: [{ kind: "local", platform: "linux/amd64" }] });
    assert.throws(
      () => builder.connection,
      (error) =>
        pulumi.ResourceError.isInstance(error) &&
        /Builder mine: `connection` can't be had: node amd64 is "local"/.test((error as Error).message),
    );
  });

  it("has no resources in a stack that uses it, a name of that stack's own, and the other's nodes", async () => {
    const given: pulumi.Output<unknown> = pulumi.secret(plain);
    const builder = Builder.fromConnection("shared", given as pulumi.Output<BuilderConnection>);
    assert.deepEqual(await resolved(builder.nodes), [
      { name: "arm64", kind: "remote", platform: "linux/arm64", native: true },
    ]);
    assert.match(await resolved(builder.builderName), /^shared-[0-9a-f]{8}$/);
    assert.deepEqual(
      recorded.map(({ type, inputs }) => [type, inputs]),
      [["multi-platform-image:index:Builder", {}]],
    );
    assert.deepEqual(await resolved(builder.connection), plain);
    assert.equal(await pulumi.isSecret(builder.connection), true);
    assert.equal(await pulumi.isSecret(builder.nodes), false);
  });

  it("takes an image for a platform that it may have: its nodes are known when it is built", async () => {
    const builder = Builder.fromConnection("shared", pulumi.secret(plain));
    const built = new MultiPlatformImage("any", { ...image, builder });
    await resolved(built.image.urn);
    const child = recorded.find(({ type }) => type === "docker-build:index:Image");
    assert.deepEqual(child?.inputs.builder, { name: await resolved(builder.builderName) });
  });

  it("fails if the connection is not there, naming the fix", async () => {
    const builder = Builder.fromConnection(
      "gone",
      pulumi.secret(undefined) as unknown as pulumi.Output<BuilderConnection>,
    );
    await assert.rejects(
      resolved(builder.nodes),
      (error) => pulumi.ResourceError.isInstance(error) && /`connection` is not there/.test((error as Error).message),
    );
  });

  for (const source of ["own", "shared"] as const) {
    it(`builds each image in the node set of its URN, without a wait for its component (${source})`, async () => {
      const nodes = [remote("linux/arm64", "a"), remote("linux/amd64", "b"), remote("linux/arm64", "c")];
      const own = new Builder("lanes", { nodes });
      const builder = source === "own" ? own : Builder.fromConnection("lanes-shared", own.connection);
      const builderName = await resolved(builder.builderName);
      const images = Array.from({ length: 8 }, (_, at) => new MultiPlatformImage(`i${at}`, { ...image, builder }));
      const seen = new Set<string>();
      for (const [at, each] of images.entries()) {
        await resolved(each.image.urn);
        const nodeSet = nodeSetOf(await resolved(each.urn), 2);
        const child = recorded.find(({ type, name }) => type === "docker-build:index:Image" && name === `i${at}`);
        const name = nodeSet === 0 ? builderName : `${builderName}-2`;
        assert.deepEqual(child?.inputs.builder, { name });
        seen.add(name);
      }
      assert.equal(seen.size, 2);
    });
  }
});
