import * as assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";

import { Repository } from "@pulumi/aws/ecr/repository";
import * as pulumi from "@pulumi/pulumi";

import { Builder, type BuilderArgs, MultiPlatformImage, type MultiPlatformImageArgs } from "../../../components";
import { defaultBuilderResources } from "../../../components/builder/defaultBuilder";
import { mockedDigest } from "../../../components/pulumi/mocks";

const sha256 = /^sha256:[0-9a-f]{64}$/;
const own = `sha256:${"a".repeat(64)}`;
const tags = ["ghcr.io/acme/api:1.0"];
const both = ["linux/amd64", "linux/arm64"] as const;

interface Shape {
  args: () => MultiPlatformImageArgs;
  ref: RegExp;
}

describe("a program with Pulumi's documented mocks", () => {
  const context = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-mocked-"));
  const connect = Object.getOwnPropertyDescriptor(net.Socket.prototype, "connect")!;
  let made: string[] = [];
  let connections: unknown[][] = [];
  // All unit tests share a process, in which clients of others may connect again at any time.
  const running = new AsyncLocalStorage<boolean>();

  before(() => {
    fs.writeFileSync(path.join(context, "Dockerfile"), "FROM scratch");
    net.Socket.prototype.connect = function (this: net.Socket, ...to: unknown[]) {
      if (!running.getStore()) {
        return (connect.value as (...to: unknown[]) => net.Socket).apply(this, to);
      }
      connections.push(to);
      throw new Error("a unit test has no network");
    };
  });

  after(() => {
    Object.defineProperty(net.Socket.prototype, "connect", connect);
    fs.rmSync(context, { recursive: true });
  });

  /** As in https://www.pulumi.com/docs/iac/concepts/testing/unit/ */
  async function mock(isPreview: boolean, more: Record<string, object> = {}): Promise<void> {
    made = [];
    connections = [];
    running.enterWith(true);
    await pulumi.runtime.setMocks(
      {
        newResource: ({ type, name, inputs }) => {
          made.push(type);
          return { id: `${name}_id`, state: { ...(inputs as object), ...more[type] } };
        },
        call: ({ inputs }) => inputs as Record<string, unknown>,
      },
      "project",
      "stack",
      isPreview,
    );
  }

  const remote = both.map(
    (platform) => ({ kind: "remote", platform, endpoint: `tcp://${platform.slice(6)}.example:1234` }) as const,
  );
  const ec2 = both.map((platform) => ({ kind: "ec2", platform, subnetId: "subnet-1" }) as const);
  const launched = both.map((platform) => ({ kind: "ec2", platform, subnetIds: ["subnet-1"] }) as const);
  const with_ = (builder: MultiPlatformImageArgs["builder"]) => () => ({ context, tags, builder });
  const ofTags = /^ghcr\.io\/acme\/api:1\.0@sha256:[0-9a-f]{64}$/;
  const ofEcr = /^123456789012\.dkr\.ecr\.us-east-1\.amazonaws\.com\/api:[0-9a-f]{16}-\S{8}@sha256:[0-9a-f]{64}$/;
  const repository = () => new Repository("api");

  const shapes: Record<string, Shape> = {
    "the default builder": { args: () => ({ context, tags }), ref: ofTags },
    "a repository": { args: () => ({ context, repository: repository() }), ref: ofEcr },
    "a repository and tags": { args: () => ({ context, tags, repository: repository() }), ref: ofTags },
    "a repository and one platform": {
      args: () => ({ context, repository: repository(), platforms: ["linux/arm64"] }),
      ref: ofEcr,
    },
    "remote nodes": { args: with_({ nodes: remote }), ref: ofTags },
    "remote nodes and a login": {
      args: () => ({
        ...with_({ nodes: remote })(),
        registries: [{ address: "ghcr.io", username: "a", password: "b" }],
      }),
      ref: ofTags,
    },
    "local nodes": { args: with_({ nodes: both.map((platform) => ({ kind: "local", platform })) }), ref: ofTags },
    "EC2 nodes in subnets": { args: with_({ nodes: ec2 }), ref: ofTags },
    "EC2 nodes and a standing rule": { args: with_({ nodes: ec2, ec2: { ingress: { from: "vpc" } } }), ref: ofTags },
    "ephemeral nodes": { args: with_({ lifecycle: "ephemeral" }), ref: ofTags },
    "ephemeral nodes in subnets": { args: with_({ nodes: launched, lifecycle: "ephemeral" }), ref: ofTags },
    "a builder by name": { args: with_({ name: "theirs" }), ref: ofTags },
    "a cache": {
      args: () => ({ ...with_({ nodes: remote })(), cacheTo: [{ registry: { ref: "ghcr.io/acme/api:cache" } }] }),
      ref: ofTags,
    },
  };

  for (const [title, { args, ref }] of Object.entries(shapes)) {
    for (const isPreview of [false, true]) {
      it(`resolves all outputs with ${title}${isPreview ? ", in a preview" : ""}`, async () => {
        await mock(isPreview);
        const image = new MultiPlatformImage("api", args());
        assert.match(await valueOf(image.ref), ref);
        const digest = await valueOf(image.indexDigest);
        assert.equal(digest, mockedDigest("api"));
        assert.ok((await valueOf(image.ref)).endsWith(digest));
        const digests = await valueOf(image.platformDigests);
        const refs = await valueOf(image.platformRefs);
        const repositoryUrl = await valueOf(image.repositoryUrl);
        for (const platform of Object.keys(digests)) {
          assert.match(digests[platform], sha256);
          assert.equal(refs[platform], `${repositoryUrl}@${digests[platform]}`);
        }
        assert.equal(Object.keys(digests).length, title.includes("one platform") ? 1 : 2);
        assert.equal(await valueOf(image.repoDigest), `${repositoryUrl}@${digest}`);
        assert.ok((await valueOf(image.ref)).startsWith(`${repositoryUrl}:${await valueOf(image.tag)}@`));
        assert.deepEqual(connections, []);
      });
    }
  }

  it("has the digests that mocks give", async () => {
    await mock(false, { "docker-build:index:Image": { digest: own } });
    const image = new MultiPlatformImage("api", with_({ nodes: remote })());
    assert.equal(await valueOf(image.repoDigest), `ghcr.io/acme/api@${own}`);
  });

  it("has the repository that mocks give, whatever it is called", async () => {
    await mock(false, { "aws:ecr/repository:Repository": { repositoryUrl: "registry.example/team/api" } });
    const image = new MultiPlatformImage("api", { context, repository: repository() });
    assert.equal(await valueOf(image.repositoryUrl), "registry.example/team/api");
  });

  it("has another digest for another image, and the same in each run", async () => {
    await mock(false);
    const [api, web] = ["api", "web"].map((name) => new MultiPlatformImage(name, with_({ nodes: remote })()));
    assert.equal(await valueOf(api.indexDigest), mockedDigest("api"));
    assert.notEqual(await valueOf(web.indexDigest), await valueOf(api.indexDigest));
  });

  it("shares a builder of another stack, whose connection is in the mocks", async () => {
    const nodes = remote.map(({ kind, platform, endpoint }, at) => ({ kind, platform, endpoint, name: `n${at}` }));
    const connection = { version: 1, builderName: "farm-1a2b3c4d", wakeTimeoutSeconds: 180, nodes };
    await mock(false, { "pulumi:pulumi:StackReference": { outputs: { connection } } });
    const farm = new pulumi.StackReference("acme/farm/prod");
    const builder = Builder.fromConnection("farm", pulumi.secret(farm.requireOutput("connection")) as never);
    const image = new MultiPlatformImage("api", { context, tags, builder });
    assert.match(await valueOf(image.ref), ofTags);
  });

  describe("in a preview of an image that names no builder", () => {
    const { info } = console;
    const { log } = console;
    let lines: string[] = [];
    beforeEach(() => {
      lines = [];
      console.log = console.info = (line: string) => void lines.push(line);
    });
    afterEach(() => Object.assign(console, { log, info }));

    async function said(isPreview: boolean, ...images: Partial<MultiPlatformImageArgs>[]): Promise<string[]> {
      await mock(isPreview);
      for (const [at, args] of images.entries()) {
        await valueOf(new MultiPlatformImage(`web${at}`, { context, tags, ...args }).image.urn);
      }
      return lines.filter((line) => line.includes("image web"));
    }

    it("says once what would be made, how much, and how to name nodes of one's own", async () => {
      const [line, ...others] = await said(true, {}, {});
      assert.deepEqual(others, []);
      assert.match(
        line,
        /image web0 names no `builder`, so it is built on EC2 instances for linux\/arm64 and linux\/amd64/,
      );
      assert.match(
        line,
        new RegExp(`: ${defaultBuilderResources} resources, made in the next update.*\\{ kind: "remote", platform`),
      );
    });

    it("says which node no image has asked for yet, and how to have one alone", async () => {
      const [line, ...others] = await said(true, { repository: repository(), platforms: ["linux/arm64"] });
      assert.deepEqual(others, []);
      assert.match(
        line,
        /is of linux\/arm64, and its builder has a node for linux\/amd64, too: .*`nodes: \[\{ kind: "ec2", platform: "linux\/arm64" \}\]`/,
      );
    });

    it("says nothing to who pushes both platforms to ECR, names a builder, or updates", async () => {
      assert.deepEqual(await said(true, { repository: repository(), tags: undefined }), []);
      assert.deepEqual(await said(true, { builder: { nodes: remote } }), []);
      assert.deepEqual(await said(false, {}), []);
    });
  });

  const ofPlatform = (platform: (typeof both)[number]): BuilderArgs => ({ nodes: [{ kind: "ec2", platform }] });
  for (const [title, args, resources] of [
    // The numbers of docs/ec2.md.
    ["the default builder", undefined, defaultBuilderResources],
    ["a builder of one EC2 node", ofPlatform("linux/arm64"), 28],
    ["a builder of ephemeral nodes", { lifecycle: "ephemeral" }, 36],
    ["a builder of nodes of one's own", { nodes: remote }, 1],
  ] as [string, BuilderArgs | undefined, number][]) {
    it(`declares ${resources} resources for ${title}, as docs/ec2.md says`, async () => {
      await mock(false);
      const builder = new Builder("builders", args);
      const platforms = args?.nodes?.map(({ platform }) => platform);
      await valueOf(new MultiPlatformImage("api", { context, tags, builder, platforms }).ref);
      const ofImage = ["multi-platform-image:index:MultiPlatformImage", "docker-build:index:Image"];
      assert.equal(made.filter((type) => !ofImage.includes(type)).length, resources);
      const page = fs.readFileSync(path.resolve(__dirname, "../../../docs/ec2.md"), "utf8");
      const rows = page.split("\n").map((line) => line.replace(/ +/g, " "));
      assert.ok(rows.includes(`| ${title} | ${resources} |`), "docs/ec2.md has another number");
    });
  }

  for (const [title, args, resources] of [
    ["one image", {}, 2],
    ["with `registries` and two nodes", { registries: [{ address: "ghcr.io", username: "a", password: "b" }] }, 4],
    [
      "with `repository` and two nodes",
      { repository: { repositoryUrl: "123456789012.dkr.ecr.us-east-1.amazonaws.com/a" }, tags: undefined },
      5,
    ],
    ["a cache in a registry, besides", { cacheTo: [{ registry: { ref: "ghcr.io/acme/api:cache" } }] }, 4],
  ] as [string, Partial<MultiPlatformImageArgs>, number][]) {
    it(`declares ${resources} resources for ${title}`, async () => {
      await mock(false);
      await valueOf(new MultiPlatformImage("api", { ...with_({ nodes: remote })(), ...args }).ref);
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(made.filter((type) => type !== "multi-platform-image:index:Builder").length, resources);
    });
  }
});

function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}
