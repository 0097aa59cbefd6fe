import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import * as pulumi from "@pulumi/pulumi";
import * as typescript from "typescript";

import type { Ec2Connection } from "../../../components/nodes/ec2/connection";
import { digest, ExampleProgram, plainText, privateKey, registry, valueOf } from "./exampleProgram";

const repository = path.resolve(__dirname, "../../..");
const imageType = "docker-build:index:Image";
const instanceType = "aws:ec2/instance:Instance";

interface Package {
  name: string;
  version: string;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

describe("the example ephemeral-farm", () => {
  interface Exports {
    refs: Record<string, pulumi.Output<string>>;
  }
  let program: ExampleProgram<Exports>;
  let exported: Exports;

  before(async () => {
    ({ program, exported } = await ExampleProgram.run<Exports>("ephemeral-farm"));
  });

  it("builds an image of each service for both platforms, all on one builder", async () => {
    const { api, jobs, web, ...ofPlatforms } = program.made(imageType);
    for (const { platforms } of [api, jobs, web]) {
      assert.deepEqual(platforms, ["linux/amd64", "linux/arm64"]);
    }
    const names = ["api", "jobs", "web"].flatMap((name) => [`${name}-linux-amd64`, `${name}-linux-arm64`]);
    assert.deepEqual(Object.keys(ofPlatforms).sort(), names);
    for (const images of [Object.values(ofPlatforms), [api, jobs, web]]) {
      assert.equal(new Set(images.map(({ builder }) => (builder as { name: string }).name)).size, 1);
    }
    for (const [service, ref] of Object.entries(exported.refs)) {
      assert.match(await valueOf(ref), new RegExp(`^${registry}/${service}:[0-9a-f]{16}-.*@${digest}$`));
    }
  });

  it("has no instance among its resources, but a template and a cache for one of each platform", () => {
    assert.deepEqual(program.made(instanceType), {});
    for (const type of ["aws:ec2/launchTemplate:LaunchTemplate", "aws:ebs/volume:Volume"]) {
      const names = Object.keys(program.made(type)).sort();
      assert.match(names.join(" "), /^farm-amd64\S* farm-arm64\S*$/);
    }
  });

  it("asks for spot instances of these types, in this order", () => {
    // What the CLI knows of a builder is what hooks know.
    const { value } = program.made("aws:ssm/parameter:Parameter")["farm-connection"] as { value: { value: string } };
    const { ephemeralNodes } = JSON.parse(value.value) as Ec2Connection;
    const asked = ephemeralNodes.map(({ platform, instanceTypes, capacityType }) => [
      platform,
      instanceTypes,
      capacityType,
    ]);
    assert.deepEqual(asked, [
      ["linux/arm64", ["c8g.2xlarge", "c7g.2xlarge"], "spot"],
      ["linux/amd64", ["c7a.2xlarge", "c7i.2xlarge"], "spot"],
    ]);
  });

  it("pushes to repositories of their own with immutable tags, which `destroy` may delete", () => {
    const settings = { imageTagMutability: "IMMUTABLE", forceDelete: true };
    assert.deepEqual(program.made("aws:ecr/repository:Repository"), { api: settings, jobs: settings, web: settings });
  });
});

describe("the example cross-compile", () => {
  it("builds three platforms on one node, which is asked to take the others", async () => {
    const { program, exported } = await ExampleProgram.run<{ ref: pulumi.Output<string> }>("cross-compile");
    const { hello, ...others } = program.made(imageType);
    assert.deepEqual(others, {});
    assert.deepEqual(hello.platforms, ["linux/amd64", "linux/arm64", "linux/arm/v7"]);
    assert.deepEqual(Object.keys(program.made(instanceType)), ["cross-arm64"]);
    assert.match(await valueOf(exported.ref), new RegExp(`^${registry}/hello:[0-9a-f]{16}-.*@${digest}$`));
  });
});

describe("the example shared-builder", () => {
  interface BuilderExports {
    connection: pulumi.Output<object>;
  }
  interface AppExports {
    ref: pulumi.Output<string>;
    indexDigest: pulumi.Output<string>;
  }
  let connection: object;

  it("builder/ makes both nodes, and shows nobody its connection", async () => {
    const { program, exported } = await ExampleProgram.run<BuilderExports>("shared-builder/builder");
    assert.deepEqual(Object.keys(program.made(instanceType)).sort(), ["team-amd64", "team-arm64"]);
    assert.deepEqual(program.made(imageType), {});
    assert.equal(await pulumi.isSecret(exported.connection), true);
    assert.doesNotMatch(await plainText(exported), new RegExp(privateKey));
    connection = await valueOf(exported.connection);
    assert.match(JSON.stringify(connection), new RegExp(privateKey), "there is no key to keep secret");
  });

  it("app/ builds on these nodes, and makes none", async () => {
    const { program, exported } = await ExampleProgram.run<AppExports>("shared-builder/app", {
      config: { builderStack: "acme/shared-builder/prod" },
      computed: {
        "pulumi:pulumi:StackReference": { outputs: { connection }, secretOutputNames: ["connection"] },
      },
    });
    assert.equal(Object.keys(program.made("pulumi:pulumi:StackReference"))[0], "acme/shared-builder/prod");
    const { api: image, ...ofPlatforms } = program.made(imageType);
    assert.deepEqual(Object.keys(ofPlatforms).sort(), ["api-linux-amd64", "api-linux-arm64"]);
    assert.deepEqual(image.platforms, ["linux/amd64", "linux/arm64"]);
    for (const type of [instanceType, "aws:ebs/volume:Volume", "aws:ssm/parameter:Parameter", "aws:iam/role:Role"]) {
      assert.deepEqual(program.made(type), {});
    }
    assert.match(await valueOf(exported.ref), new RegExp(`^${registry}/api:[0-9a-f]{16}-.*@${digest}$`));
    assert.equal(await valueOf(exported.indexDigest), digest);
    assert.doesNotMatch(await plainText(exported), new RegExp(privateKey));
  });
});

describe("every example", () => {
  const folder = path.join(repository, "examples");
  const files = fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((each) => !/node_modules/.test(each));
  const projects = files.filter((file) => path.basename(file) === "package.json").map((file) => path.dirname(file));
  const read = (file: string) => fs.readFileSync(path.join(folder, file), "utf8");

  it("is type-checked with the library's sources by `npm run lint`", () => {
    const config = typescript.readConfigFile(path.join(repository, "tsconfig.json"), (file) =>
      typescript.sys.readFile(file),
    );
    const { fileNames } = typescript.parseJsonConfigFileContent(config.config, typescript.sys, repository);
    const checked = fileNames.map((file) => path.relative(folder, file)).filter((file) => !file.startsWith(".."));
    assert.deepEqual(checked.sort(), files.filter((file) => file.endsWith(".ts")).sort());
  });

  for (const project of projects) {
    it(`${project} takes the versions that are tested here, and this library`, () => {
      const { name, dependencies, devDependencies } = JSON.parse(read(`${project}/package.json`)) as Package;
      // A program of the Automation API has none.
      if (files.includes(`${project}/Pulumi.yaml`)) {
        assert.match(read(`${project}/Pulumi.yaml`), new RegExp(`^name: ${name}$`, "m"));
      }
      const { "pulumi-multi-platform-image": library, ...others } = { ...dependencies, ...devDependencies };
      const own = JSON.parse(fs.readFileSync(path.join(repository, "package.json"), "utf8")) as Package;
      const packed = path.join(repository, `pulumi-multi-platform-image-${own.version}.tgz`);
      assert.equal(path.resolve(folder, project, library.replace("file:", "")), packed);
      const tested = Object.keys(others).map((each) => [each, own.devDependencies[each]]);
      assert.deepEqual(others, Object.fromEntries(tested));
    });

    it(`${project} is in README.md, and says what it costs and how to remove it`, () => {
      const [top] = project.split("/");
      assert.match(fs.readFileSync(path.join(repository, "README.md"), "utf8"), new RegExp(`\\(examples/${top}/\\)`));
      for (const heading of ["Run it", "Cost", "Clean up"]) {
        assert.match(read(`${top}/README.md`), new RegExp(`^## ${heading}$`, "m"));
      }
    });
  }
});
