/**
 * A long-lived process of the Automation API: its programs are functions, in a folder that is not the project's. In each round
 * all stacks are updated side by side. Before each it waits for the file `go-ROUND` of the test, which says what the stacks
 * declare, and after each it writes what was said and what has become of them to `round-ROUND`.
 */
import * as fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import * as pulumi from "@pulumi/pulumi";
import { type DiagnosticEvent, LocalWorkspace } from "@pulumi/pulumi/automation";

import { Builder, type BuilderArgs, MultiPlatformImage, type MultiPlatformImageArgs } from "../../../components";

export interface StackSpec {
  builder: BuilderArgs;
  images: Record<string, MultiPlatformImageArgs>;
  /** The program logs a line about an image, which waits for that image. */
  logs?: boolean;
}

export interface Updated {
  refs: Record<string, string>;
  changes: Record<string, number>;
  error?: string;
  /** What `onOutput` was given. */
  output: string;
  /** What the events told: `SEVERITY NAME: MESSAGE`. */
  diagnostics: string[];
}

const project = "inline";

/** Images of one name, each with a parent of its own. */
function programOf({ builder: nodes, images, logs }: StackSpec): () => Promise<Record<string, unknown>> {
  return () => {
    const builder = new Builder("builders", nodes);
    const refs = Object.entries(images).map(([name, args]) => {
      const parent = new pulumi.ComponentResource(`test:index:${name}`, name);
      const image = new MultiPlatformImage("image", { ...args, builder }, { parent });
      if (logs) {
        void pulumi.log.info("a line that waits for the image", image.image);
      }
      return [name, image.ref];
    });
    return Promise.resolve(Object.fromEntries(refs) as Record<string, unknown>);
  };
}

async function update(stackName: string, spec: StackSpec): Promise<Updated> {
  const secretsProvider = process.env.SECRETS_PROVIDER;
  const projectSettings = { name: project, runtime: "nodejs" as const };
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName, projectName: project, program: programOf(spec) },
    { projectSettings, secretsProvider, stackSettings: { [stackName]: { secretsProvider } } },
  );
  const updated: Updated = { refs: {}, changes: {}, output: "", diagnostics: [] };
  try {
    const { outputs, summary } = await stack.up({
      onOutput: (text) => (updated.output += text),
      onEvent: ({ diagnosticEvent }) => diagnosticEvent && updated.diagnostics.push(textOf(diagnosticEvent)),
    });
    updated.refs = Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value as string]));
    updated.changes = summary.resourceChanges ?? {};
  } catch (error) {
    updated.error = (error as Error).message;
  }
  return updated;
}

function textOf({ severity, urn, message }: DiagnosticEvent): string {
  return `${severity} ${urn?.split("::").at(-1) ?? ""}: ${message.trim()}`;
}

async function main(): Promise<void> {
  for (let round = 1; ; round += 1) {
    while (!fs.existsSync(`go-${round}`)) {
      await sleep(100);
    }
    const stacks = Object.entries(JSON.parse(fs.readFileSync(`go-${round}`, "utf8")) as Record<string, StackSpec>);
    if (stacks.length === 0) {
      return;
    }
    const all = await Promise.all(stacks.map(async ([name, spec]) => [name, await update(name, spec)]));
    fs.writeFileSync("draft", JSON.stringify(Object.fromEntries(all)));
    fs.renameSync("draft", `round-${round}`);
  }
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
