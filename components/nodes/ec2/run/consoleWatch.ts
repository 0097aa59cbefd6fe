import type { AwsClients } from "./awsClients";
import { failureIn, presentFailureIn } from "./console";
import { readConsole } from "./diagnosis";

const readEveryMilliseconds = 10_000;

/** Looks now and then at the console of a node that runs and does not answer: one that can't work says so there. */
export class ConsoleWatch {
  private readAt?: number;
  /** What it said before the newest start: of an older boot. */
  private stale = "";

  constructor(
    private readonly instanceId: string,
    private readonly clients: () => Promise<AwsClients>,
  ) {}

  /** The reason that the node itself gave, as far as it was looked for; the first look is some seconds after the boot. */
  async failure(): Promise<string | undefined> {
    const now = Date.now();
    this.readAt ??= now;
    if (now - this.readAt < readEveryMilliseconds) {
      return undefined;
    }
    this.readAt = now;
    return presentFailureIn(await this.readNew());
  }

  /** Of a node that has ended: whatever it has said. */
  async failureNow(): Promise<string | undefined> {
    return failureIn(await this.readNew());
  }

  /** The instance does not run: what comes next is another boot's. */
  reset(): void {
    this.readAt = undefined;
  }

  /** Before a start: what is on the console now is of no interest after it. */
  async ignorePresent(): Promise<void> {
    this.stale = await this.read();
  }

  private async readNew(): Promise<string> {
    const text = await this.read();
    return text.startsWith(this.stale) ? text.slice(this.stale.length) : text;
  }

  private async read(): Promise<string> {
    try {
      return await readConsole(await this.clients(), this.instanceId);
    } catch {
      // Only a hint: the error at the deadline says why the console can't be read.
      return "";
    }
  }
}
