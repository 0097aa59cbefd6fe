import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { MultiPlatformImage, type MultiPlatformImageArgs } from "../../../components";
import { imageName } from "../../../components/arguments/imageName";
import { type NamedImage, outputsOf, whyMissing } from "../../../components/image/imageOutputs";
import { expectRejections } from "../support/rejections";
import { resolved } from "../../../components/pulumi/resolved";

const root = path.resolve(__dirname, "../../..");
const page = fs.readFileSync(path.join(root, "docs/services.md"), "utf8");
const [index, arm64, amd64] = ["a", "b", "c"].map((each) => `sha256:${each.repeat(64)}`);

const pushed: NamedImage = {
  digest: index,
  ref: `ghcr.io/acme/api:1.0@${index}`,
  name: "ghcr.io/acme/api:1.0",
  isPushed: true,
  platformDigests: { "linux/arm64": arm64, "linux/amd64": amd64 },
};

describe("the outputs of an image", () => {
  it("are by the names that users look for", () =>
    assert.deepEqual(outputsOf(pushed), {
      indexDigest: index,
      ref: `ghcr.io/acme/api:1.0@${index}`,
      repoDigest: `ghcr.io/acme/api@${index}`,
      repositoryUrl: "ghcr.io/acme/api",
      tag: "1.0",
      platformDigests: { "linux/arm64": arm64, "linux/amd64": amd64 },
      platformRefs: { "linux/arm64": `ghcr.io/acme/api@${arm64}`, "linux/amd64": `ghcr.io/acme/api@${amd64}` },
    }));

  it("have a registry's port apart from the tag, and Docker Hub's full name", () => {
    const parts = (name: string) => {
      const { repositoryUrl, tag } = outputsOf({ ...pushed, name });
      return [repositoryUrl, tag];
    };
    assert.deepEqual(parts("localhost:5080/api"), ["localhost:5080/api", "latest"]);
    assert.deepEqual(parts("docker.io/acme/api:1"), ["docker.io/acme/api", "1"]);
  });

  it("move with the content alone where the tag is not in them", () => {
    const [first, second] = ["4f1c2a9", "9d0e7b1"].map((sha) =>
      outputsOf({ ...pushed, name: `ghcr.io/acme/api:${sha}`, ref: `ghcr.io/acme/api:${sha}@${index}` }),
    );
    assert.notEqual(first.ref, second.ref);
    for (const output of ["repoDigest", "indexDigest", "platformDigests", "platformRefs"] as const) {
      assert.deepEqual(first[output], second[output]);
    }
  });

  for (const [title, tags, exports, name] of [
    ["is its first tag", ["a:1", "a:2"], [], "a:1"],
    ["is its first tag, whatever an export says", ["a:1"], [{ registry: { names: ["b:1"] } }], "a:1"],
    ["is that of an export that pushes", undefined, [{ registry: { names: ["b:latest"], push: true } }], "b:latest"],
    ["is that of an image export that pushes", undefined, [{ image: { names: ["b:1"], push: true } }], "b:1"],
    ["is that of a raw export", undefined, [{ raw: 'type=image,"name=b:1,c:1",push=true' }], "b:1"],
    ["is none where the export does not push", undefined, [{ registry: { names: ["b:1"], push: false } }], undefined],
    ["is none of files", undefined, [{ local: { dest: "out" } }], undefined],
    ["is none without anything", undefined, undefined, undefined],
  ] as [string, string[] | undefined, Parameters<typeof imageName>[1], string | undefined][]) {
    it(`have a name that ${title}`, () => assert.equal(imageName(tags, exports), name));
  }

  it("are a tag without a digest where nothing is pushed, and nothing without a tag", () => {
    const loaded = outputsOf({ digest: index, ref: "api:dev", name: "api:dev", isPushed: false });
    assert.deepEqual(
      [loaded.ref, loaded.tag, loaded.repoDigest, loaded.platformRefs],
      ["api:dev", "dev", undefined, undefined],
    );
    const files = { digest: index, ref: "", name: undefined, isPushed: false };
    assert.equal(outputsOf(files).ref, undefined);
    assert.equal(
      whyMissing("ref", files),
      "`ref` is not known: the image has no tag. Fix: give `tags`, or `repository`, and leave `push: false` out",
    );
  });
});

describe("the outputs of an image in a program", () => {
  expectRejections();
  const context = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-services-"));

  before(async () => {
    fs.writeFileSync(path.join(context, "Dockerfile"), "FROM scratch");
    await pulumi.runtime.setMocks({
      newResource: ({ name, inputs }) => ({ id: name, state: inputs as object }),
      call: ({ inputs }) => inputs as Record<string, unknown>,
    });
  });
  after(() => fs.rmSync(context, { recursive: true }));

  const image = (name: string, args: Partial<MultiPlatformImageArgs>) =>
    new MultiPlatformImage(name, { context, builder: { name: "theirs" }, ...args });

  it("are errors where the image has none, which name image, output and fix", async () => {
    const { ref, tag, repositoryUrl, repoDigest, platformRefs } = image("files", {
      push: false,
      exports: [{ local: { dest: "out" } }],
    });
    for (const [name, output] of Object.entries({ ref, tag, repositoryUrl, repoDigest, platformRefs })) {
      await assert.rejects(resolved(output as pulumi.Output<unknown>), (error: Error) => {
        assert.match(
          error.message,
          new RegExp(`^MultiPlatformImage files: \`${name}\` (is|are) not known: the image `),
        );
        return pulumi.ResourceError.isInstance(error);
      });
    }
  });

  it("are no errors where nobody uses them", async () => {
    const { image: inner } = image("unused", { push: false });
    assert.ok(await resolved(inner.urn));
  });

  it("have a `ref` where an export pushes and there are no tags", async () => {
    const names = ["ghcr.io/acme/fn:latest"];
    const { ref, platformRefs } = image("fn", {
      push: false,
      platforms: ["linux/arm64"],
      exports: [{ registry: { names, push: true } }],
    });
    assert.match(await resolved(ref), /^ghcr\.io\/acme\/fn:latest@sha256:[0-9a-f]{64}$/);
    assert.match((await resolved(platformRefs))["linux/arm64"], /^ghcr\.io\/acme\/fn@sha256:[0-9a-f]{64}$/);
  });
});

describe("docs/services.md", () => {
  const snippets = [...page.matchAll(/^```ts\n\/\/ (\S+)\.ts\n(.*?)^```$/gms)];
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-services-"));
  const made: Record<string, Record<string, unknown>> = {};

  before(async function () {
    this.timeout(300_000);
    await pulumi.runtime.setMocks({
      newResource: ({ name, inputs }) => {
        made[name] = inputs as Record<string, unknown>;
        return { id: name, state: inputs as object };
      },
      call: ({ inputs }) => inputs as Record<string, unknown>,
    });
    fs.symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
    fs.mkdirSync(path.join(folder, "api"));
    fs.writeFileSync(path.join(folder, "api/Dockerfile"), "FROM scratch");
    const args = { context: path.join(folder, "api"), tags: ["ghcr.io/acme/api:1.0"], builder: { name: "theirs" } };
    const components = JSON.stringify(path.join(root, "components"));
    const program = `import { MultiPlatformImage } from ${components};\nexport const image = new MultiPlatformImage("api", ${JSON.stringify(args)});\n`;
    fs.writeFileSync(path.join(folder, "image.ts"), program);
    for (const [, name, text] of snippets) {
      fs.writeFileSync(path.join(folder, `${name}.ts`), text);
    }
  });
  after(() => fs.rmSync(folder, { recursive: true }));

  async function run<T extends pulumi.Resource>(name: string, exported: string): Promise<T> {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- a program runs when it is loaded: not before the mocks are set
    const resource = (require(path.join(folder, name)) as Record<string, T>)[exported];
    await resolved(resource.urn);
    return resource;
  }

  it("has the snippets that are run here", () =>
    assert.deepEqual(
      snippets.map(([, name]) => name),
      ["lambda", "helm"],
    ));

  it("gives Lambda the manifest of its architecture", async function () {
    this.timeout(300_000);
    await run("lambda", "resize");
    assert.match(String(made.resize.imageUri), /^ghcr\.io\/acme\/api@sha256:[0-9a-f]{64}$/);
  });

  it("gives a chart repository, tag and digest apart", async function () {
    this.timeout(300_000);
    await run("helm", "release");
    const { image } = (made.api as { values?: { image: Record<string, string> } }).values ?? assert.fail("no values");
    assert.deepEqual([image.repository, image.tag], ["ghcr.io/acme/api", "1.0"]);
    assert.match(image.digest, /^sha256:[0-9a-f]{64}$/);
  });

  it("names an output in each row that the component has", () => {
    const outputs = Object.keys(outputsOf(pushed));
    const named = [...page.matchAll(/^\| `(\w+)[`[]/gm)].map(([, name]) => name);
    assert.deepEqual(
      named.filter((each) => !outputs.includes(each)),
      [],
    );
    assert.ok(named.length >= 6);
  });

  it("is linked from README.md", () =>
    assert.ok(fs.readFileSync(path.join(root, "README.md"), "utf8").includes("(docs/services.md)")));
});
