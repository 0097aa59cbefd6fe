/**
 * A program of the Automation API that is a function: two updates in one process, in a folder that is not the project's, of
 * two images of one name. Between them it waits until the test has written the file `go`.
 */
import * as fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import * as pulumi from "@pulumi/pulumi";
import { LocalWorkspace } from "@pulumi/pulumi/automation";

import { Builder, type BuilderArgs, MultiPlatformImage, type MultiPlatformImageArgs } from "../../../components";

interface Spec {
  builder: BuilderArgs;
  images: Record<string, MultiPlatformImageArgs>;
}

const spec = JSON.parse(fs.readFileSync("spec.json", "utf8")) as Spec;

function program(): Promise<Record<string, unknown>> {
  const builder = new Builder("builders", spec.builder);
  const refs = Object.entries(spec.images).map(([name, args]) => {
    const parent = new pulumi.ComponentResource(`test:index:${name}`, name);
    return [name, new MultiPlatformImage("image", { ...args, builder }, { parent }).ref];
  });
  return Promise.resolve(Object.fromEntries(refs) as Record<string, unknown>);
}

async function main(): Promise<void> {
  const projectSettings = { name: "inline", runtime: "nodejs" as const };
  const stack = await LocalWorkspace.createStack(
    { stackName: "dev", projectName: "inline", program },
    { projectSettings },
  );
  const first = await stack.up().then(
    () => "passed",
    (error: Error) => error.message,
  );
  fs.writeFileSync("first", first);
  while (!fs.existsSync("go")) {
    await sleep(100);
  }
  const { outputs } = await stack.up();
  const { changeSummary } = await stack.preview();
  console.log(JSON.stringify({ refs: Object.values(outputs).map(({ value }) => value as string), changeSummary }));
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
