import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { Builder, MultiPlatformImage, type MultiPlatformImageArgs, type NodeArgs } from "../../../components";
import { type Recorded, recordingMocks } from "../recordingMocks";

const recorded: Recorded[] = [];
const nodes: NodeArgs[] = [
  { kind: "remote", platform: "linux/arm64", endpoint: "tcp://10.0.0.7:1234" },
  { kind: "local", platform: "linux/amd64" },
];

function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}

/** The message of the error that declaring an image throws. */
function refusal(args: Partial<Record<keyof MultiPlatformImageArgs, unknown>>): string {
  try {
    const complete = { context: ".", dockerfile: { inline: "FROM scratch" }, push: false, builder: { nodes }, ...args };
    new MultiPlatformImage("refused", complete as unknown as MultiPlatformImageArgs);
  } catch (error) {
    assert.ok(pulumi.ResourceError.isInstance(error), `${String(error)} is printed with a stack trace`);
    return (error as Error).message;
  }
  return assert.fail("nothing was refused");
}

describe("components", () => {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-unit-"));

  before(async () => {
    await pulumi.runtime.setMocks(recordingMocks(recorded), "project", "stack");
  });

  beforeEach(() => recorded.splice(0));
  after(() => fs.rmSync(scratch, { recursive: true }));

  it("declares one docker-build image, with docker-build's arguments and the defaults of the contract", async () => {
    const image = new MultiPlatformImage("api", {
      context: scratch,
      dockerfile: { inline: "FROM scratch" },
      tags: ["localhost:1/api:1"],
      buildArgs: { VERSION: "1" },
      push: false,
      builder: { nodes },
    });
    assert.equal(await valueOf(image.indexDigest), "sha256:abc");
    const [child, ...others] = recorded.filter(({ type }) => type === "docker-build:index:Image");
    assert.deepEqual(others, []);
    assert.deepEqual(child.inputs, {
      buildArgs: { VERSION: "1" },
      builder: { name: await valueOf(image.builder!.builderName) },
      buildOnPreview: false,
      context: { location: scratch },
      dockerfile: { inline: "FROM scratch" },
      network: "default",
      platforms: ["linux/amd64", "linux/arm64"],
      push: false,
      tags: ["localhost:1/api:1"],
    });
  });

  it("keeps no argument of a component in the state", async () => {
    const key = pulumi.secret("KEY");
    const tls = { ca: "CA", cert: "CERT", key };
    const builder = new Builder("keys", { nodes: [{ ...nodes[0], tls } as NodeArgs] });
    await valueOf(builder.urn);
    assert.deepEqual(recorded.find(({ name }) => name === "keys")?.inputs, {});
  });

  it("names the builder by place, never by nodes", async () => {
    const name = await valueOf(new Builder("My Builders", { nodes }).builderName);
    const other = new Builder("My Builders", { nodes: [{ kind: "local", platform: "linux/arm64" }] });
    assert.deepEqual([name, await valueOf(other.builderName)], ["my-builders-b5712fbd", name]);
  });

  it("shows the nodes, the foreign one marked", async () => {
    const foreign = os.arch() === "x64" ? "linux/arm64" : "linux/amd64";
    const builder = new Builder("shown", { nodes: [{ kind: "local", platform: foreign, name: "other" }] });
    assert.deepEqual(await valueOf(builder.nodes), [
      { name: "other", kind: "local", platform: foreign, native: false },
    ]);
  });

  it("builds with a builder that buildx knows already, without hooks of ours", async () => {
    const image = new MultiPlatformImage("named", {
      context: scratch,
      dockerfile: { inline: "FROM scratch" },
      push: false,
      builder: { name: "theirs" },
    });
    await valueOf(image.image.urn);
    const child = recorded.find(({ type }) => type === "docker-build:index:Image");
    assert.deepEqual(child?.inputs.builder, { name: "theirs" });
    assert.equal(image.builder, undefined);
  });

  for (const [title, args, message] of [
    ["there is no platform", { platforms: [] }, /`platforms` is \[\]: name at least one/],
    ["a platform is there twice", { platforms: ["linux/arm64", "linux/arm64/v8"] }, /linux\/arm64\/v8 is there twice/],
    ["a platform is malformed", { platforms: ["arm64"] }, /"arm64" is none of linux\/386, linux\/amd64/],
    ["a push has no tag", { push: true }, /`tags` is \[\]: a push needs at least one/],
    ["a tag has upper-case letters", { tags: ["ghcr.io/Acme/api:1"] }, /`tags\[0\]` is .*write ghcr\.io\/acme\/api:1/],
    ["the context is missing", { context: "./missing" }, /`context` is "\.\/missing": there is no folder \//],
    [
      "the Dockerfile is missing",
      { context: scratch, dockerfile: undefined },
      /`dockerfile` is missing: there is no file/,
    ],
    [
      "the named Dockerfile is missing",
      { dockerfile: { location: "./Absent" } },
      /`dockerfile\.location` is "\.\/Absent": there is no file \//,
    ],
    ["two platforms are loaded", { load: true }, /`load` is true: a Docker engine takes one platform/],
    ["there are no nodes", { builder: { nodes: [] } }, /`nodes` is \[\]: give at least one/],
    [
      "two nodes have one endpoint",
      {
        builder: {
          nodes: [nodes[0], { kind: "remote", platform: "linux/amd64", endpoint: "tcp://10.0.0.7:1234" }],
        },
      },
      /`nodes\[1\]\.endpoint` is "tcp:\/\/10\.0\.0\.7:1234": node arm64 has the same one/,
    ],
    [
      "two nodes serve one platform",
      { builder: { nodes: [...nodes, { kind: "local", platform: "linux/arm64", name: "more" }] } },
      /`nodes\[2\]\.platform` is "linux\/arm64": node arm64 serves it too/,
    ],
    [
      "an endpoint is no URL",
      { builder: { nodes: [{ kind: "remote", platform: "linux/arm64", endpoint: "10.0.0.7" }] } },
      /`nodes\[0\]\.endpoint` is "10\.0\.0\.7": it is no URL/,
    ],
    [
      "a platform has no node",
      { builder: { nodes: [nodes[0]] } },
      /`platforms` asks for linux\/amd64, and no node .* linux\/arm64 \(arm64\)/,
    ],
    [
      "a timeout is no whole number",
      { builder: { nodes, idleTimeoutMinutes: 0 } },
      /`idleTimeoutMinutes` is 0: a whole number of at least 1/,
    ],
  ] as const) {
    it(`fails if ${title}`, () => assert.match(refusal(args), message));
  }
});
