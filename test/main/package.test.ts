import * as assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";

import { skipWithout } from "../hosts";
import { writeApp } from "./languages/checks";
import { languagePrograms } from "./languages/programs";
import { plainYamlStack } from "./languages/stack";
import { languageTool } from "./languages/tools";
import { temporaryDirectory } from "./stack";

const repository = path.resolve(__dirname, "../..");
const run = promisify(execFile);

const program = `
import * as pulumi from "@pulumi/pulumi";
import { Repository } from "@pulumi/aws/ecr/repository";
import { Builder, type BuilderArgs, MultiPlatformImage, type MultiPlatformImageArgs, type NodeArgs, type Platform } from "pulumi-multi-platform-image";

const platform: Platform = "linux/arm64";
const nodes: NodeArgs[] = [{ kind: "remote", platform, endpoint: pulumi.output("tcp://10.0.0.7:1234") }];
const builderArgs: BuilderArgs = { nodes, idleTimeoutMinutes: 5 };
const builder = new Builder("builders", builderArgs);
const args: MultiPlatformImageArgs = { context: ".", dockerfile: { inline: "FROM scratch" }, platforms: [platform], tags: ["localhost:1/a:1"], push: false, buildArgs: { A: "1" }, builder };
const image = new MultiPlatformImage("image", args);
const digest: pulumi.Output<string> = image.indexDigest;
const ecr: MultiPlatformImageArgs = { repository: new Repository("api"), context: "." };
const ec2: BuilderArgs = { nodes: [{ kind: "ec2", platform }], ec2: { ingress: { from: "cidrs", cidrs: ["203.0.113.0/24"] } } };
const digests: pulumi.Output<Record<string, string>> = image.platformDigests;
// @ts-expect-error docker-build's own types are kept: no such argument
const wrong: MultiPlatformImageArgs = { ...args, tag: "x" };
export { digest, digests, ec2, ecr, wrong };
`;

/** Those of README.md in TypeScript, the second with what it leaves out. */
function readmePrograms(): string[] {
  const page = fs.readFileSync(path.join(repository, "README.md"), "utf8");
  const texts = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text]) => text);
  const imports = `import { Config } from "@pulumi/pulumi";\nimport { Builder, MultiPlatformImage } from "pulumi-multi-platform-image";\n`;
  const values = `const config = new Config();\nconst [ca, cert] = ["", ""];\n`;
  assert.equal(texts.length, 2);
  // All of an AWS module's types take the compiler seconds.
  return [texts[0].replace("@pulumi/aws/ecr", "@pulumi/aws/ecr/repository"), imports + values + texts[1]];
}

describe("the npm package", function () {
  this.timeout(300_000);
  const outside = temporaryDirectory("outside");

  it("can be installed outside of this repository, with its types", async () => {
    const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", outside], { cwd: repository });
    const [{ filename, size, entryCount }] = JSON.parse(stdout) as {
      filename: string;
      size: number;
      entryCount: number;
    }[];
    console.log(`      ${filename}: ${size} bytes, ${entryCount} files`);
    const manifest = { name: "outside", private: true };
    fs.writeFileSync(path.join(outside, "package.json"), JSON.stringify(manifest));
    const install = ["install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--legacy-peer-deps"];
    await run("npm", [...install, `./${filename}`], { cwd: outside });
    // What users have besides, which takes npm longer than all else here.
    for (const name of ["@pulumi", "typescript", "@types"]) {
      fs.rmSync(path.join(outside, "node_modules", name), { recursive: true, force: true });
      fs.symlinkSync(path.join(repository, "node_modules", name), path.join(outside, "node_modules", name));
    }
    fs.writeFileSync(path.join(outside, "index.ts"), program);
    readmePrograms().forEach((text, at) => fs.writeFileSync(path.join(outside, `readme${at}.ts`), text));
    const tsc = path.join(outside, "node_modules/typescript/bin/tsc");
    const options = [
      "--noEmit",
      "--strict",
      "--module",
      "commonjs",
      "--target",
      "es2022",
      "--skipLibCheck",
      "index.ts",
      "readme0.ts",
      "readme1.ts",
    ];
    await run(tsc, options, { cwd: outside }).catch((error: { stdout: string }) => assert.fail(error.stdout));
  });

  it("holds what it needs and nothing else", () => {
    const installed = path.join(outside, "node_modules/pulumi-multi-platform-image");
    assert.deepEqual(fs.readdirSync(installed).sort(), [
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "components",
      "dist",
      "package.json",
    ]);
    assert.deepEqual(
      fs.readdirSync(path.join(installed, "components/nodes/ec2/machine")).filter((name) => !name.endsWith(".py")),
      ["units"],
    );
    assert.ok(fs.existsSync(path.join(installed, "dist/nodes/local/run/watch.js")));
    // A second copy of the SDK would not know the resources of the first.
    assert.equal(fs.existsSync(path.join(installed, "node_modules/@pulumi")), false);
  });

  it("can be imported, and does nothing by that", async () => {
    // Pipes are the standard streams of this child.
    const script = `const started = process.getActiveResourcesInfo().length;
      const { Builder, MultiPlatformImage } = require("pulumi-multi-platform-image");
      console.log(typeof Builder, typeof MultiPlatformImage, process.getActiveResourcesInfo().slice(started).filter((each) => each !== "PipeWrap"));`;
    const { stdout } = await run(process.execPath, ["-e", script], { cwd: outside });
    assert.equal(stdout.trim(), "function function []");
  });

  it("brings the CLI, and what a node boots", async () => {
    const { stdout } = await run(path.join(outside, "node_modules/.bin/multi-platform-image"), ["--help"]);
    assert.match(stdout, /wake[\s\S]*stop[\s\S]*status[\s\S]*clean/);
    const script = `const { userData } = require("./node_modules/pulumi-multi-platform-image/dist/nodes/ec2/declare/userData.js");
      console.log(userData({ settings: "/a", tls: "/b", lease: "/c" }));`;
    const text = (await run(process.execPath, ["-e", script], { cwd: outside })).stdout;
    assert.match(text, /^#cloud-boothook\n#!\/bin\/sh\n/);
  });

  it("brings the plugin for other languages, which Pulumi finds on PATH", async function () {
    skipWithout(this, ["go"]);
    const installed = path.join(outside, "node_modules/.bin/pulumi-resource-multi-platform-image");
    const stack = await plainYamlStack(
      {
        resources: {
          app: {
            type: "multi-platform-image:MultiPlatformImage",
            properties: {
              context: "./app",
              platforms: ["linux/amd64"],
              tags: ["127.0.0.1:9/app:1"],
              builderName: "mine",
            },
          },
        },
      },
      { programs: languagePrograms([await languageTool("yaml"), installed]) },
    );
    writeApp(stack);
    const { code, output } = await stack.preview();
    assert.equal(code, 0, output);
    assert.match(output, /\+ {2}docker-build:index:Image app create/);
  });
});
