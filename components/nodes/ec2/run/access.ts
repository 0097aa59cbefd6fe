import type { Access } from "../../node";
import { type Progress, reportWhile } from "../../../support/progress";
import { onInterruption } from "../../../support/interruption";
import type { AwsClients } from "./awsClients";
import type { Ec2Connection } from "../connection";
import type { Launched } from "./ephemeral/launched";
import { Hold } from "./updateHold";

const releaseTimeoutMilliseconds = 5_000;
/** Keep ephemeral nodes for a moment: to launch new ones for the update's next image would take longer. */
const lingerMilliseconds = 60_000;

/** A rule for this caller's address, where nodes have no other, and a claim that keeps them awake: for all builds at once. */
export class Ec2Access implements Access {
  private users = 0;
  /** What is held, or being taken; and the end of what was given up before it. */
  private held?: Promise<Hold>;
  private closing: Promise<void> = Promise.resolve();
  /** All names that its claims ever had. */
  private readonly claims = new Set<string>();
  private progress: Progress = () => undefined;
  private lingering?: NodeJS.Timeout;
  private readonly atEnd = () => void this.close();
  private ignoreInterruption: () => void = () => undefined;

  /** @param launched instances that end with what is held. */
  constructor(
    private readonly connection: Ec2Connection,
    private readonly clients: () => Promise<AwsClients>,
    private readonly launched?: Launched,
  ) {
    if (launched) {
      launched.renew = async () => (await this.held)?.renew();
    }
  }

  /** Whether a claim in the lease is this update's own. */
  isOwn(claim: string): boolean {
    return this.claims.has(claim);
  }

  /** Lets this machine in where what is held does not do so any more. Says whether it has. */
  async letIn(): Promise<boolean> {
    return (await (await this.held)?.letIn()) ?? false;
  }

  async acquire(progress: Progress): Promise<void> {
    this.progress = progress;
    this.users += 1;
    clearTimeout(this.lingering);
    this.held ??= this.closing.then(() => this.take());
    try {
      await reportWhile(`asking AWS for the nodes of builder ${this.connection.builderName}`, this.held, progress);
    } catch (error) {
      this.users -= 1;
      if (this.users === 0) {
        this.held = undefined;
      }
      throw error;
    }
  }

  async release(hasFailed: boolean): Promise<void> {
    if (this.users === 0) {
      return;
    }
    this.users -= 1;
    if (this.users === 0) {
      if (!hasFailed && this.launched && this.launched.all().length > 0) {
        // Neither keeps the program alive; whatever comes first ends them.
        this.lingering = setTimeout(this.atEnd, lingerMilliseconds).unref();
        return;
      }
      this.close();
    }
    await this.closing;
  }

  private close(): void {
    clearTimeout(this.lingering);
    process.off("beforeExit", this.atEnd);
    if (this.held && this.users === 0) {
      const held = this.held;
      this.held = undefined;
      this.ignoreInterruption();
      // Now, not when they have ended: whoever builds next must not take one of them for its node.
      const instanceIds = this.launched?.letGo() ?? [];
      this.closing = withinTime(held.then((hold) => hold.end(instanceIds)));
    }
  }

  /** Builds that go on are the engine's to end: it is interrupted, too. */
  private async interrupt(): Promise<void> {
    this.users = 0;
    this.close();
    await this.closing;
  }

  private async take(): Promise<Hold> {
    const hold = new Hold(this.connection, await this.clients(), () => this.progress, this.launched);
    this.claims.add(hold.claim);
    this.ignoreInterruption = onInterruption(() => this.interrupt());
    try {
      await hold.take();
    } catch (error) {
      this.ignoreInterruption();
      await withinTime(hold.end([]));
      throw error;
    }
    if (this.launched) {
      // The program's own end: https://nodejs.org/api/process.html#event-beforeexit
      process.once("beforeExit", this.atEnd);
    }
    return hold;
  }
}

/** Waits for an end, but not for long: what is left behind expires. */
async function withinTime(end: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, releaseTimeoutMilliseconds);
  });
  await Promise.race([end.catch(() => undefined), timeout]);
  clearTimeout(timer);
}
