import { LocalWorkspace, PulumiCommand, type EngineEvent, type Stack } from "@pulumi/pulumi/automation";

import type { Log } from "../progress";
import { type Project, stackName } from "./project";
import type { Change, UpOptions } from "./world";

const unchanged = new Set(["same", "read", "refresh", "discard", "discard-replaced"]);

/** Pulumi's CLI on the stack of a run. */
export class RunStack {
  private constructor(
    private readonly stack: Stack,
    private readonly log: Log,
    private readonly interrupt: AbortSignal,
  ) {}

  static async open({ folder, environment }: Project, log: Log, interrupt: AbortSignal): Promise<RunStack> {
    // The Automation API looks `pulumi` up by the PATH of this process.
    Object.assign(process.env, environment);
    const pulumiCommand = await PulumiCommand.get({ skipVersionCheck: true });
    const where = { stackName, workDir: folder };
    const stack = await LocalWorkspace.createOrSelectStack(where, { envVars: environment, pulumiCommand });
    return new RunStack(stack, log, interrupt);
  }

  async up(options: UpOptions): Promise<Change[]> {
    const changes: Change[] = [];
    const onEvent = (event: EngineEvent) => changes.push(...changeOf(event));
    const flags = { ...options, signal: this.interrupt, onEvent };
    await this.run("up", (common) => this.stack.up({ ...flags, ...common }));
    return changes;
  }

  async previewNothing(): Promise<void> {
    const flags = { expectNoChanges: true, signal: this.interrupt };
    await this.run("preview", (common) => this.stack.preview({ ...flags, ...common }));
  }

  async outputs(): Promise<Record<string, unknown>> {
    return Object.fromEntries(Object.entries(await this.stack.outputs()).map(([name, { value }]) => [name, value]));
  }

  /** Not to be interrupted. What an interrupted command left locked is unlocked first. */
  async destroy(): Promise<void> {
    await this.stack.cancel().catch(() => undefined);
    await this.run("destroy", (common) => this.stack.destroy(common));
  }

  private async run(
    command: string,
    work: (common: { color: "never"; suppressProgress: boolean; onOutput: Log; onError: Log }) => Promise<unknown>,
  ): Promise<void> {
    let output = "";
    let errors = "";
    const onOutput = (text: string) => {
      output += text;
      for (const line of text.split("\n").filter((each) => each.trim() !== "")) {
        this.log(`  ${line}`);
      }
    };
    // Such as that no changes were expected.
    const onError = (text: string) => (errors += text);
    try {
      await work({ color: "never", suppressProgress: true, onOutput, onError });
    } catch (error) {
      // The error's own message holds all of the output, twice.
      const said = [diagnosticsIn(output), errors.trim()].filter(Boolean).join("\n");
      throw new Error(`\`pulumi ${command}\` failed: ${said || (error as Error).message}`, { cause: error });
    }
  }
}

/** What the CLI says at the end of a command that failed: its diagnostics, and no counts. */
export function diagnosticsIn(output: string): string {
  const [, diagnostics = output] = /^Diagnostics:\n(.*)/ms.exec(output) ?? [];
  const [found] = diagnostics.split(/^(?:Outputs|Resources):$/m);
  return found
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .slice(-12)
    .join("\n");
}

/** What an event says of a change to a resource, if it does. */
export function changeOf({ resOutputsEvent, resOpFailedEvent }: EngineEvent): Change[] {
  const { op, urn, type } = (resOutputsEvent ?? resOpFailedEvent)?.metadata ?? { op: "same", urn: "", type: "" };
  return unchanged.has(op) ? [] : [{ operation: op, type, name: urn.split("::").at(-1) ?? urn }];
}
