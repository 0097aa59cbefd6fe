import * as crypto from "node:crypto";

import type { Access, Progress } from "../build/node";
import { callerAddress } from "./callerAddress";
import type { AwsClients } from "./clients";
import type { Ec2Connection } from "./connection";
import { Ingress, type OpenRule } from "./ingress";
import type { Instances } from "./instances";
import { LeaseClaim } from "./lease";

const leaseSeconds = 40;
const renewEveryMilliseconds = 15_000;
/** Renewals in a row that may fail unseen: the claim still holds then. */
const quietFailures = 2;
/** A rule's life, for the case that its owner is killed. It is extended at half of it. */
const ruleMilliseconds = 6 * 60 * 60 * 1_000;
const releaseTimeoutMilliseconds = 5_000;

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

  constructor(
    private readonly connection: Ec2Connection,
    private readonly instances: Instances,
    private readonly clients: () => Promise<AwsClients>,
  ) {}

  async acquire(progress: Progress): Promise<void> {
    this.progress = progress;
    this.users += 1;
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

  async release(): Promise<void> {
    if (this.users === 0) {
      return;
    }
    this.users -= 1;
    if (this.users === 0 && this.held) {
      const held = this.held;
      this.held = undefined;
      this.closing = withinTime(held.then((each) => this.giveUp(each)));
    }
    await this.closing;
  }

  private async take(): Promise<Held> {
    const clients = await this.clients();
    const { builderName, securityGroupId } = this.connection;
    const lease = new LeaseClaim(clients, builderName, `up-${this.holder}`);
    const ingress = new Ingress(clients, securityGroupId, this.holder);
    const [claimed, opened] = await Promise.allSettled([lease.hold(leaseSeconds), this.open(ingress, clients)]);
    const rule = opened.status === "fulfilled" ? opened.value : undefined;
    const held: Held = { lease, ingress, rule };
    if (claimed.status === "rejected" || opened.status === "rejected") {
      await withinTime(this.giveUp(held));
      throw claimed.status === "rejected" ? claimed.reason : (opened as PromiseRejectedResult).reason;
    }
    this.renewRegularly(held, clients);
    return held;
  }

  private async open(ingress: Ingress, clients: AwsClients): Promise<OpenRule | undefined> {
    if (this.connection.ingress.from !== "caller") {
      return undefined;
    }
    const swept = ingress.sweep().catch((error: Error) => {
      this.progress(`rules of callers that were killed could not be removed: ${error.message}`);
    });
    const address = await callerAddress(this.connection, () => this.nodeAddress());
    // Not side by side: the rules that are swept may be those that fill the group.
    await swept;
    return ingress.open(address, new Date(clients.now() + ruleMilliseconds));
  }

  private async nodeAddress(): Promise<string | undefined> {
    const instance = await this.instances.describe(this.connection.nodes[0].instanceId);
    return instance?.PrivateIpAddress;
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
