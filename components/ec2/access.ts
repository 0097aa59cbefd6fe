import * as crypto from "node:crypto";

import type { Access, Progress } from "../build/node";
import { callerAddress } from "./callerAddress";
import type { AwsClients } from "./clients";
import type { Ec2Connection } from "./connection";
import { Ingress, type OpenRule } from "./ingress";
import type { Launched } from "./ephemeral/launched";
import { LeaseClaim } from "./lease";

const leaseSeconds = 40;
const renewEveryMilliseconds = 15_000;
/** Renewals in a row that may fail unseen: the claim still holds then. */
const quietFailures = 2;
/** A rule's life, for the case that its owner is killed. It is extended at half of it. */
const ruleMilliseconds = 6 * 60 * 60 * 1_000;
const releaseTimeoutMilliseconds = 5_000;
/** Between two images of one `up` ephemeral nodes are kept: another takes longer to launch than to wait for. */
const lingerMilliseconds = 60_000;

/** What is held while somebody builds. */
interface Held {
  lease: LeaseClaim;
  ingress: Ingress;
  rule?: OpenRule;
  timer?: NodeJS.Timeout;
  /** The renewal that is under way: it must not write after the claim was given up. */
  renewal?: Promise<void>;
}

/** A rule for this caller's address, where nodes have no other, and a claim that keeps them awake. */
export class Ec2Access implements Access {
  /** Tells this `up` from others: in the lease, and in the description of its rule. */
  private readonly holder = crypto.randomBytes(4).toString("hex");
  private users = 0;
  /** What is held, or being taken; and the end of what was given up before it. */
  private held?: Promise<Held>;
  private closing: Promise<void> = Promise.resolve();
  private progress: Progress = () => undefined;
  private lingering?: NodeJS.Timeout;
  private readonly atEnd = () => void this.close();

  /** @param launched instances that end with what is held. */
  constructor(
    private readonly connection: Ec2Connection,
    private readonly clients: () => Promise<AwsClients>,
    private readonly launched?: Launched,
  ) {}

  /** The name of this `up`'s claim in the lease. */
  get claim(): string {
    return `up-${this.holder}`;
  }

  async acquire(progress: Progress): Promise<void> {
    this.progress = progress;
    this.users += 1;
    clearTimeout(this.lingering);
    this.held ??= this.closing.then(() => this.take());
    try {
      await this.held;
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
      this.closing = withinTime(held.then((each) => this.giveUp(each)));
    }
  }

  private async take(): Promise<Held> {
    const clients = await this.clients();
    const { builderName, securityGroupId } = this.connection;
    const lease = new LeaseClaim(clients, builderName, this.claim, () => this.launched?.claims() ?? []);
    const ingress = new Ingress(clients, securityGroupId, this.holder);
    const [claimed, opened] = await Promise.allSettled([lease.hold(leaseSeconds), this.open(ingress, clients)]);
    const rule = opened.status === "fulfilled" ? opened.value : undefined;
    const held: Held = { lease, ingress, rule };
    if (claimed.status === "rejected" || opened.status === "rejected") {
      await withinTime(this.giveUp(held));
      throw claimed.status === "rejected" ? claimed.reason : (opened as PromiseRejectedResult).reason;
    }
    this.renewRegularly(held, clients);
    if (this.launched) {
      this.launched.renew = () => lease.hold(leaseSeconds);
      // The program's own end: https://nodejs.org/api/process.html#event-beforeexit
      process.once("beforeExit", this.atEnd);
    }
    return held;
  }

  private async open(ingress: Ingress, clients: AwsClients): Promise<OpenRule | undefined> {
    if (this.connection.ingress.from !== "caller") {
      return undefined;
    }
    const swept = ingress.sweep().catch((error: Error) => {
      this.progress(`rules of callers that were killed could not be removed: ${error.message}`);
    });
    const address = await callerAddress(this.connection);
    // Not side by side: the rules that are swept may be those that fill the group.
    await swept;
    return ingress.open(address, new Date(clients.now() + ruleMilliseconds));
  }

  private renewRegularly(held: Held, clients: AwsClients): void {
    let failures = 0;
    const renew = async () => {
      try {
        await held.lease.hold(leaseSeconds);
        if (held.rule && held.rule.until.getTime() - clients.now() < ruleMilliseconds / 2) {
          await held.ingress.extend(held.rule, new Date(clients.now() + ruleMilliseconds));
        }
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failures > quietFailures) {
          this.progress(
            `the claim on builder ${this.connection.builderName} can't be renewed: its nodes may stop before their builds begin: ${(error as Error).message}`,
          );
        }
      }
    };
    // It must not keep the program alive; a killed one's claim ends by itself.
    held.timer = setInterval(() => {
      held.renewal = renew();
    }, renewEveryMilliseconds).unref();
  }

  private async giveUp({ lease, ingress, rule, timer, renewal }: Held): Promise<void> {
    clearInterval(timer);
    await renewal;
    await this.launched?.terminate(this.progress);
    const outcomes = await Promise.allSettled([lease.release(), rule && ingress.close(rule)]);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") {
        this.progress(`left behind, to expire by itself: ${(outcome.reason as Error).message}`);
      }
    }
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
