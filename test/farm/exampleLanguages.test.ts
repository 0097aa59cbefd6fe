import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { parse } from "yaml";

import { type Account, openAccount } from "../cloud/account";
import { testPulumiHome } from "../cloud/plugins/install";
import { skipWithout } from "../hosts";
import { declareYaml, pythonStack, yamlPrograms } from "../main/languages/stack";
import { Stack } from "../main/stack";
import { nightly } from "../tier";

const repository = path.resolve(__dirname, "../..");
const nothing = { builder: {}, images: {} };
const page = fs.readFileSync(path.join(repository, "docs/languages.md"), "utf8");

/** The programs of the page in a language, in their order there. */
const snippets = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map(([, text]) => text);

/** In each example's program: `TYPE NAME`, as a preview shows them. */
const expected: Record<string, string[]> = {
  "ecs-fargate": [
    "aws:cloudwatch:LogGroup api",
    "aws:ec2:Instance default-builder-amd64",
    "aws:ec2:Instance default-builder-arm64",
    "aws:ecr:Repository api",
    "aws:ecs:Cluster api",
    "aws:ecs:Service api-amd64",
    "aws:ecs:Service api-arm64",
    "aws:ecs:TaskDefinition api-amd64",
    "aws:ecs:TaskDefinition api-arm64",
    "multi-platform-image:index:MultiPlatformImage api",
  ],
  "ephemeral-farm": [
    "aws:ec2:LaunchTemplate farm-amd64",
    "aws:ec2:LaunchTemplate farm-arm64",
    "aws:ecr:Repository api",
    "aws:ecr:Repository jobs",
    "aws:ecr:Repository web",
    "multi-platform-image:index:Builder farm",
    "multi-platform-image:index:MultiPlatformImage api",
    "multi-platform-image:index:MultiPlatformImage jobs",
    "multi-platform-image:index:MultiPlatformImage web",
  ],
};

// Of the same arguments the library declares the same: exampleEcs.test.ts and examples.test.ts build those in TypeScript.
nightly.describe("programs in other languages, in an AWS account", function () {
  this.timeout(900_000);
  let account: Account;
  let environment: NodeJS.ProcessEnv;

  before(async function () {
    skipWithout(this, ["namespaces", "python", "go"]);
    account = await openAccount();
    const { endpoint, credentials } = account.cloud.client;
    environment = {
      ...account.cloud.environment(),
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      PULUMI_HOME: await testPulumiHome(),
    };
  });

  after(() => account?.run.close());

  const python = (main: string): Promise<Stack> =>
    pythonStack(nothing, { main, environment, requirements: "requirementsAws.txt" });

  async function yaml(program: string): Promise<Stack> {
    const stack = await Stack.create(nothing, { environment, programs: await yamlPrograms() });
    await declareYaml(stack, { ...(parse(program) as object), name: stack.project });
    return stack;
  }

  /** What the program would make, as `TYPE NAME`. */
  async function preview(stack: Stack): Promise<string[]> {
    const { code, output } = await stack.preview();
    assert.equal(code, 0, output);
    const lines = [...output.matchAll(/^ \+ +(\S+) (\S+) create/gm)].map(([, type, name]) => `${type} ${name}`);
    return [...new Set(lines)].sort();
  }

  for (const [example, resources] of Object.entries(expected)) {
    const folder = path.join(repository, "examples", example);

    it(`the example ${example} makes the same in Python and in YAML`, async () => {
      const inPython = await python("python/");
      fs.cpSync(folder, inPython.directory, {
        recursive: true,
        filter: (file) => !file.endsWith(`${example}/Pulumi.yaml`),
      });
      const text = fs.readFileSync(path.join(folder, "yaml/Pulumi.yaml"), "utf8");
      const inYaml = await yaml(text.replaceAll("../", "./"));
      for (const part of ["app", "services"].filter((each) => fs.existsSync(path.join(folder, each)))) {
        fs.cpSync(path.join(folder, part), path.join(inYaml.directory, part), { recursive: true });
      }
      const made = await preview(inPython);
      assert.deepEqual(
        resources.filter((each) => !made.includes(each)),
        [],
        made.join("\n"),
      );
      const withoutStack = (lines: string[]) => lines.filter((line) => !line.startsWith("pulumi:pulumi:Stack"));
      assert.deepEqual(withoutStack(await preview(inYaml)), withoutStack(made));
    });
  }

  it("the programs of docs/languages.md in Python", async () => {
    const texts = snippets("python").filter((text) => !text.includes("unittest"));
    assert.equal(texts.length, 2);
    for (const text of texts) {
      const stack = await python("program/");
      stack.write("program/__main__.py", text);
      await previewSnippet(stack, "program");
    }
  });

  it("the programs of docs/languages.md in YAML", async () => {
    const texts = snippets("yaml");
    assert.equal(texts.length, 2);
    for (const text of texts) {
      await previewSnippet(await yaml(text), ".");
    }
  });

  async function previewSnippet(stack: Stack, folder: string): Promise<void> {
    for (const context of ["api", "web"]) {
      stack.write(`${folder}/${context}/Dockerfile`, "FROM scratch\nCOPY Dockerfile /\n");
    }
    const setting = await stack.run("config", "set", "--secret", "buildkitKey", "the key");
    assert.equal(setting.code, 0, setting.output);
    const made = await preview(stack);
    assert.ok(
      made.some((line) => /MultiPlatformImage (api|web)$/.test(line)),
      made.join("\n"),
    );
  }
});
