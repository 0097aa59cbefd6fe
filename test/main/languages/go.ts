import * as fs from "node:fs";
import * as path from "node:path";

import { sdkGenerator } from "../../../tools/pluginRelease/sdks";
import { execute } from "../../hosts/command";
import { Stack, type StackOptions } from "../stack";
import { declarePlugin, schemaFile } from "./stack";
import { languagePrograms, programOnPath } from "./programs";
import { languageTool } from "./tools";

const source = path.join(__dirname, "go");

/** A project in Go whose program declares what its spec says, through the plugin, with the SDK that `pulumi package add` makes. */
export async function goStack(spec: object, options: StackOptions = {}): Promise<Stack> {
  const stack = await Stack.create(
    { builder: {}, images: {} },
    {
      ...options,
      programs: languagePrograms([await languageTool("go"), programOnPath("go")]),
      environment: { ...options.environment, ...(await goEnvironment()) },
    },
  );
  writeProgram(stack.directory);
  await execute([await sdkGenerator(), "go", schemaFile, path.join(stack.directory, "sdk")]);
  stack.write("spec.json", JSON.stringify(spec));
  await declarePlugin(stack, { name: stack.project, runtime: "go" });
  return stack;
}

/** The program, which finds the SDK beside it, in `sdk`. */
function writeProgram(folder: string): void {
  for (const file of fs.readdirSync(source)) {
    fs.copyFileSync(path.join(source, file), path.join(folder, file));
  }
}

/** Compiles that program against the SDK that is in `folder`, and runs nothing. */
export async function compileProgram(folder: string): Promise<void> {
  writeProgram(folder);
  await execute(["go", "build", "-C", folder, "-o", "/dev/null", "."], { timeoutMilliseconds: 1_200_000 });
}

/** In a HOME of its own, Go finds what this machine has fetched and compiled. */
async function goEnvironment(): Promise<NodeJS.ProcessEnv> {
  const names = ["GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GOSUMDB", "GOTOOLCHAIN"];
  const { ...settings } = JSON.parse(await execute(["go", "env", "-json", ...names])) as Record<string, string>;
  return settings;
}
