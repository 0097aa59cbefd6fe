import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { Builder, MultiPlatformImage, type MultiPlatformImageArgs, type NodeArgs } from "../../../components";
import { hookPhases } from "../../../components/image/hooks/purposes";
import { indexDockerfile } from "../../../components/image/indexDockerfile";
import { exportByDigest, repositoriesOf } from "../../../components/image/platformRepositories";
import { checkImage } from "../../../components/registry/checkImage";
import { whyIndexBuilt } from "../../../components/image/hooks/why";

const digests = { "linux/amd64": `sha256:${"a".repeat(64)}`, "linux/arm/v7": `sha256:${"b".repeat(64)}` };

describe("the platforms of an image", () => {
  const context = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-platforms-"));
  const images: Record<string, Record<string, unknown>> = {};

  before(async () => {
    fs.writeFileSync(path.join(context, "Dockerfile"), "FROM scratch");
    await pulumi.runtime.setMocks(
      {
        newResource: ({ type, name, inputs }) => {
          if (type === "docker-build:index:Image") {
            images[name] = inputs as Record<string, unknown>;
          }
          return { id: name, state: { ...(inputs as object), digest: `digest of ${name}`, ref: "" } };
        },
        call: () => ({}),
      },
      "project",
      "stack",
    );
  });

  after(() => fs.rmSync(context, { recursive: true }));

  const registries = [{ address: "r.example", username: "acme", password: "word" }];
  const amd64: NodeArgs = { kind: "remote", platform: "linux/amd64", endpoint: "unix:///run/amd64.sock" };
  const arm64: NodeArgs = { kind: "remote", platform: "linux/arm64", endpoint: "unix:///run/arm64.sock" };
  let count = 0;

  async function declared(args: Partial<MultiPlatformImageArgs>, nodes = [amd64, arm64]) {
    const name = `image${(count += 1)}`;
    const builder = new Builder(name, { nodes });
    const image = new MultiPlatformImage(name, { context, tags: ["r.example/api:1"], builder, registries, ...args });
    await new Promise((resolve) => image.image.urn.apply(resolve));
    // What follows the image, as its caches do, is declared by then.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const own = Object.entries(images).filter(([each]) => each === name || each.startsWith(`${name}-`));
    return Object.fromEntries(own.map(([each, inputs]) => [each.slice(name.length), inputs]));
  }

  it("are images of their own where several nodes push with a login of the arguments", async () => {
    const own = await declared({ buildArgs: { VERSION: "1" }, target: "app" });
    assert.deepEqual(Object.keys(own).sort(), ["", "-linux-amd64", "-linux-arm64"]);
    const { exports, platforms, tags, push, buildArgs, target } = own["-linux-arm64"];
    assert.deepEqual(
      { platforms, tags, push, buildArgs, target },
      {
        platforms: ["linux/arm64"],
        tags: undefined,
        push: false,
        buildArgs: { VERSION: "1" },
        target: "app",
      },
    );
    assert.deepEqual(exports, [{ raw: 'type=image,"name=r.example/api",push=true,push-by-digest=true' }]);
  });

  it("are put together by one node, as what each has pushed", async () => {
    const { "": index, "-linux-amd64": image } = await declared({ buildArgs: { VERSION: "1" } });
    const { platforms, tags, push, buildArgs, dockerfile, builder } = index as {
      builder: { name: string };
      dockerfile: { inline: string };
    } & Record<string, unknown>;
    assert.deepEqual(
      { platforms, tags, push, buildArgs },
      {
        platforms: ["linux/amd64", "linux/arm64"],
        tags: ["r.example/api:1"],
        push: true,
        buildArgs: undefined,
      },
    );
    assert.match(dockerfile.inline, /FROM --platform=linux\/arm64 r\.example\/api@digest of image\d+-linux-arm64 AS/);
    assert.equal(builder.name, `${(image.builder as { name: string }).name}-index`);
  });

  const whole: [string, Partial<MultiPlatformImageArgs>, NodeArgs[]?][] = [
    ["one node builds all of them", {}, [{ ...amd64, additionalPlatforms: ["linux/arm64"] }]],
    ["there is one", { platforms: ["linux/arm64"] }],
    ["no login is given", { registries: undefined }],
    ["no login is given, in an empty list", { registries: [] }],
    ["nothing is pushed", { push: false }],
    ["its user exports it", { push: false, exports: [{ local: { dest: "out" } }] }],
    ["docker-buildx builds", { exec: true }],
    ["its cache is a part of it", { cacheTo: [{ inline: {} }] }],
    ["its cache may be a part of it", { cacheTo: pulumi.output([]) }],
  ];
  for (const [title, args, nodes] of whole) {
    it(`are one image where ${title}`, async () => {
      const made = Object.keys(await declared(args, nodes)).filter((each) => !each.startsWith("-cache-"));
      assert.deepEqual(made, [""]);
    });
  }

  it("are images of their own beside a cache elsewhere, which is exported after them", async () => {
    const cacheTo = [{ registry: { ref: "r.example/api:cache" } }];
    assert.deepEqual(Object.keys(await declared({ cacheTo })).sort(), [
      "",
      "-cache-linux-amd64",
      "-cache-linux-arm64",
      "-linux-amd64",
      "-linux-arm64",
    ]);
  });

  it("are images of their own where the nodes are another stack's, and how many is known at run time", async () => {
    const { connection } = new Builder("farm", { nodes: [amd64, arm64] });
    const builder = Builder.fromConnection("shared", connection);
    assert.deepEqual(Object.keys(await declared({ builder })).sort(), ["", "-linux-amd64", "-linux-arm64"]);
  });
});

describe("an index that a node puts together", () => {
  it("is a Dockerfile with a stage for each platform", () =>
    assert.equal(
      indexDockerfile("r.example/api", digests),
      "# check=skip=FromPlatformFlagConstDisallowed\n" +
        `FROM --platform=linux/amd64 r.example/api@${digests["linux/amd64"]} AS platform-amd64\n` +
        `FROM --platform=linux/arm/v7 r.example/api@${digests["linux/arm/v7"]} AS platform-armv7\n` +
        "FROM platform-$TARGETARCH$TARGETVARIANT\n",
    ));

  it("is of what was pushed by digest to each repository once", () => {
    const repositories = repositoriesOf(["r.example/api:1", "r.example/api:2", "acme/api"]);
    assert.deepEqual(repositories, ["r.example/api", "docker.io/acme/api"]);
    assert.equal(
      exportByDigest(repositories),
      'type=image,"name=r.example/api,docker.io/acme/api",push=true,push-by-digest=true',
    );
    assert.throws(() => repositoriesOf(["r.example/API"]), /tag "r\.example\/API": a repository's name is lower-case/);
  });

  const before = { tags: ["a:1"], dockerfile: { inline: "FROM a" }, context: { location: "x" } };
  for (const [title, now, unknown, reason] of [
    ["a new one", undefined, [], "it is new, or replaced"],
    ["other platforms' images", { ...before, dockerfile: { inline: "FROM b" } }, [], "its platforms"],
    ["platforms that are to be built", before, ["dockerfile"], "its platforms"],
    ["another tag", { ...before, tags: ["a:2"] }, [], "other `tags`"],
    ["both", { ...before, tags: ["a:2"], dockerfile: {} }, [], "its platforms; other `tags`"],
    ["a context alone", { ...before, context: { location: "y" } }, [], "its build context"],
  ] as const) {
    it(`is told to be built for ${title}`, () =>
      assert.equal(whyIndexBuilt(now && before, now ?? before, unknown), reason));
  }

  it("says what is to be done about a manifest that is gone", () => {
    const { explain } = hookPhases.index;
    const gone = `failed to resolve source metadata for r.example/api@${digests["linux/amd64"]}: not found`;
    assert.match(
      explain(gone) ?? "",
      /no longer in the registry. Fix: build the platforms again, with `pulumi up --replace`/,
    );
    assert.equal(explain("failed to solve: process did not complete successfully: exit code: 1"), undefined);
  });

  it("is taken as it is where the registry can't be asked", async () => {
    const built = { digest: digests["linux/amd64"], ref: "", tag: "127.0.0.1:9/api:1", isPushed: true, logins: [] };
    const found = await checkImage({
      ...built,
      wasPushedNow: false,
      platforms: ["linux/amd64"],
      pushedDigests: digests,
      insecureRegistries: [],
    });
    assert.equal(found.problem, undefined);
    assert.match(found.warning ?? "", /127\.0\.0\.1:9/);
  });
});
