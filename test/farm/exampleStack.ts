import * as fs from "node:fs";
import * as path from "node:path";

import type { Ecr } from "../cloud/ecr";
import { buildkitRelease, createStack, getBaseImage, getEc2 } from "../ec2/fixture";
import { compiled } from "../main/compiled";
import { trusting } from "../main/image";
import type { Stack } from "../main/stack";
import type { ExampleAccount } from "./exampleLibrary";

const repository = path.resolve(__dirname, "../..");
const baseImage = "public.ecr.aws/docker/library/node:22-alpine";

/**
 * A stack of an example's project as it is, beside what its library finds in the tests' account.
 * @param example the project's folder, below `examples`
 * @param options.backend where its state is: given, so that another stack can refer to it
 * @param options.platforms what its images are for; by default linux/amd64
 */
export async function createExampleStack(
  example: string,
  ecr: Ecr,
  options: { backend?: string; platforms?: ExampleAccount["platforms"] } = {},
): Promise<Stack> {
  const source = path.join(repository, "examples", example);
  const [, project = ""] = /^name: (\S+)$/m.exec(fs.readFileSync(path.join(source, "Pulumi.yaml"), "utf8")) ?? [];
  const { backend, platforms = ["linux/amd64"] } = options;
  const stack = await createStack(
    { images: {} },
    { backend, project, environment: { ...trusting(ecr), PULUMI_CONFIG_PASSPHRASE: "of its own stack" } },
  );
  for (const own of ["node_modules", "index.js", "package.json"]) fs.rmSync(path.join(stack.directory, own));
  fs.cpSync(source, stack.directory, { recursive: true, filter: (file) => path.basename(file) !== "node_modules" });
  await installPackages(path.join(stack.directory, "node_modules"));
  stack.write("account.json", JSON.stringify(await account(platforms)));
  return stack;
}

async function account(platforms: ExampleAccount["platforms"]): Promise<ExampleAccount> {
  const { cloud } = await getEc2();
  return {
    ec2: { buildkit: await buildkitRelease(), ingress: { from: "caller", address: cloud.vpc.callerAddress } },
    platforms,
    baseImages: { [baseImage]: { location: `docker-image://${await getBaseImage()}` } },
  };
}

/** This repository's packages, and exampleLibrary.ts as the library. */
async function installPackages(folder: string): Promise<void> {
  const installed = path.join(repository, "node_modules");
  const library = path.join(folder, "pulumi-multi-platform-image");
  fs.mkdirSync(library, { recursive: true });
  for (const name of fs.readdirSync(installed).filter((each) => !each.startsWith("."))) {
    fs.symlinkSync(path.join(installed, name), path.join(folder, name));
  }
  const main = JSON.stringify(await compiled(path.join(__dirname, "exampleLibrary")));
  fs.writeFileSync(path.join(library, "index.js"), `module.exports = require(${main});\n`);
}
