import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { compiled } from "../main/compiled";
import { Stack, type StartedCommand, waitFor } from "../main/stack";
import { secretsProvider } from "../main/transit";
import type { StackSpec, Updated } from "./automationProgram";

/** A process that updates stacks in rounds, in a folder of its own. */
export class Deployer {
  private round = 0;

  private constructor(
    readonly stack: Stack,
    readonly process: StartedCommand,
  ) {}

  static async start(environment: NodeJS.ProcessEnv): Promise<Deployer> {
    const stack = await Stack.create(
      { builder: {}, images: {} },
      { environment: { SECRETS_PROVIDER: secretsProvider, ...environment } },
    );
    const program = await compiled(path.join(__dirname, "automationProgram"));
    return new Deployer(stack, stack.startOther("node", path.join(program, "index.js")));
  }

  /** Updates these stacks, side by side. */
  async update(stacks: Record<string, StackSpec>, seconds = 240): Promise<Record<string, Updated>> {
    this.go(stacks);
    const said = path.join(this.stack.directory, `round-${this.round}`);
    const { child, output } = this.process;
    await waitFor(`round ${this.round}`, () => fs.existsSync(said) || child.exitCode !== null, seconds);
    assert.ok(fs.existsSync(said), output());
    return JSON.parse(fs.readFileSync(said, "utf8")) as Record<string, Updated>;
  }

  /** Ends it, and gives all that it has said itself. */
  async end(): Promise<string> {
    this.go({});
    const { code, output } = await this.process.done;
    assert.equal(code, 0, output);
    return output;
  }

  private go(stacks: object): void {
    this.round += 1;
    this.stack.write("draft-go", JSON.stringify(stacks));
    fs.renameSync(path.join(this.stack.directory, "draft-go"), path.join(this.stack.directory, `go-${this.round}`));
  }
}
