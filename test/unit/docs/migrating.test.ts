import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import type * as pulumi from "@pulumi/pulumi";
import * as typescript from "typescript";

import { digest, ExampleProgram, type Inputs, registry, valueOf } from "../examples/exampleProgram";

const folder = path.join(__dirname, "pairs");
const page = fs.readFileSync(path.resolve(__dirname, "../../../docs/migrating.md"), "utf8");
const blocks = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text]) => text);
const files = fs.readdirSync(folder).filter((name) => /\.(before|after)\.ts$/.test(name));
const textOf = (file: string) => fs.readFileSync(path.join(folder, file), "utf8");

/** Packages that are none of this repository's: what is before on the page is read, and not compiled. */
const foreign = /from "(@pulumi\/docker|@pulumi\/awsx|aws-cdk-lib\/[^"]+)"/;

const image = "docker-build:index:Image";
const both = ["linux/amd64", "linux/arm64"];
const environment = {
  TOKEN: "token",
  CI_REGISTRY: "registry.gitlab.com",
  CI_REGISTRY_IMAGE: "registry.gitlab.com/acme/app",
  CI_COMMIT_REF_SLUG: "main",
  CI_REGISTRY_USER: "ci",
  CI_REGISTRY_PASSWORD: "password",
  GITHUB_ACTOR: "acme",
  GITHUB_SHA: "4f1c2a9d0b8e",
  GITHUB_TOKEN: "token",
};

describe("docs/migrating.md", () => {
  before(() => Object.assign(process.env, environment));
  after(() => Object.keys(environment).forEach((name) => delete process.env[name]));

  it("has the pairs that are compiled and run here, as they are, and no other programs", () => {
    const programs = blocks.filter((text) => /^(import|export) /m.test(text));
    const compiled = [...files, "builder.ts"].map(textOf);
    for (const file of files) {
      assert.ok(programs.includes(textOf(file)), `test/unit/docs/pairs/${file} is not on the page as it is`);
    }
    const others = programs.filter((text) => !compiled.includes(text));
    assert.deepEqual(
      others.filter((text) => !foreign.test(text)),
      [],
    );
    for (const text of blocks) {
      const { diagnostics } = typescript.transpileModule(text, { reportDiagnostics: true });
      assert.deepEqual(diagnostics, [], text);
    }
  });

  it("has what is after for each that is before", () => {
    const names = (suffix: string) => files.filter((name) => name.endsWith(suffix)).map((name) => name.split(".")[0]);
    assert.deepEqual(
      names(".before.ts").filter((name) => !names(".after.ts").includes(name)),
      [],
    );
  });

  interface Pair {
    main: string;
    /** Of each image that has tags or is not pushed. */
    images: Record<string, Inputs>;
    ref?: RegExp;
  }

  const ghcr = (name: string) => [`ghcr.io/acme/${name}:1.0`];
  const pairs: Pair[] = [
    {
      main: "ghcr",
      images: { api: { tags: ghcr("api"), platforms: both } },
      ref: new RegExp(`^ghcr.io/acme/api:1.0@${digest}$`),
    },
    {
      main: "ecr",
      images: { api: { platforms: both } },
      ref: new RegExp(`^${registry}/api:[0-9a-f]{16}-.*@${digest}$`),
    },
    { main: "index", images: { web: { tags: ghcr("web"), platforms: both } } },
    {
      main: "dockerV4",
      images: { site: { tags: ghcr("site"), platforms: both } },
      ref: new RegExp(`^ghcr.io/acme/site@${digest}$`),
    },
    { main: "awsx", images: { jobs: { platforms: both } }, ref: new RegExp(`^${registry}/jobs:.*@${digest}$`) },
    { main: "cdk", images: { mail: { tags: [`${registry}/mail:1.0`] } }, ref: new RegExp(`^${registry}/mail:1.0@`) },
    {
      main: "bake",
      images: { base: { tags: ghcr("base") }, queue: { tags: ghcr("queue") }, worker: { tags: ghcr("worker") } },
    },
    { main: "makefile", images: { controller: { platforms: [...both, "linux/s390x", "linux/ppc64le"] } } },
    {
      main: "github",
      images: { tool: { tags: ["ghcr.io/acme/tool:latest", "ghcr.io/acme/tool:sha-4f1c2a9"] } },
      ref: new RegExp(`^ghcr.io/acme/tool:latest@${digest}$`),
    },
    { main: "gitlab", images: { app: { tags: ["registry.gitlab.com/acme/app:main"] } } },
    { main: "sst", images: { handler: { platforms: ["linux/arm64"] } } },
    { main: "files", images: { files: { push: false, exports: [{ local: { dest: "./out" } }] } } },
  ];

  for (const { main, images, ref } of pairs) {
    it(`runs what is after: ${main}`, async () => {
      const { program, exported } = await ExampleProgram.run<{ ref: pulumi.Output<string> }>(
        "../test/unit/docs/pairs",
        {
          main: `${main}.after`,
          config: { token: "token" },
        },
      );
      const made = program.made(image);
      for (const [name, inputs] of Object.entries(images)) {
        const shown = Object.fromEntries(Object.keys(inputs).map((key) => [key, made[name]?.[key]]));
        assert.deepEqual(shown, inputs);
      }
      if (ref) {
        assert.match(await valueOf(exported.ref), ref);
      }
    });
  }

  it("has a test for each pair", () => {
    const after = files.filter((name) => name.endsWith(".after.ts")).map((name) => name.split(".")[0]);
    // Of the Automation API: test/recipes/automation.test.ts has the same in two updates.
    assert.deepEqual(after.filter((name) => name !== "automation").sort(), pairs.map(({ main }) => main).sort());
  });
});
