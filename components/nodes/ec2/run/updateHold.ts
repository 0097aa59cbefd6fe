import * as crypto from "node:crypto";

import type { Instance } from "@aws-sdk/client-ec2";

import type { Progress } from "../../../support/progress";
import { isBuilding } from "./busy";
import { callerAddress } from "./callerAddress";
import type { AwsClients } from "./awsClients";
import type { Ec2Connection } from "../connection";
import type { Launched } from "./ephemeral/launched";
import { Forgotten } from "./forgotten";
import { Ingress, type OpenRule } from "./callerRules";
import { ruleIds } from "./ruleText";
import { LeaseClaim } from "./lease";

const leaseSeconds = 40;
/** Drawn each time, so that those who began together do not stay together. */
const renewAfterMilliseconds = [12_000, 18_000] as const;
/** Renewals in a row that may fail unseen: the claim still holds then. */
const quietFailures = 2;
/** A rule's life, for the case that its owner is killed. It is extended at half of it. */
const ruleMilliseconds = 6 * 60 * 60 * 1_000;

/** What is held from before a build until after the last: a claim that keeps nodes awake, and a way in. */
export class Hold {
  /** Tells it from all others, also of the same update: what is given up late takes nothing from those after it. */
  private readonly holder = crypto.randomBytes(4).toString("hex");
  /** In the lease; the holder alone is in the descriptions of its rules. */
  readonly claim = `up-${this.holder}`;
  private readonly lease: LeaseClaim;
  private readonly ingress: Ingress;
  private readonly forgotten: Forgotten;
  private readonly rules: OpenRule[] = [];
  private readonly ending = new AbortController();
  private timer?: NodeJS.Timeout;
  private renewal: Promise<void> = Promise.resolve();
  private failures = 0;

  constructor(
    private readonly connection: Ec2Connection,
    private readonly clients: AwsClients,
    private readonly progress: () => Progress,
    private readonly launched?: Launched,
  ) {
    this.lease = new LeaseClaim(clients, connection.builderName, this.claim, () => launched?.claims() ?? []);
    this.ingress = new Ingress(clients, connection.securityGroupId, this.holder);
    const ours = () => launched?.all() ?? [];
    const builds = (instance: Instance) => isBuilding(instance, connection);
    this.forgotten = new Forgotten(connection, clients, this.ingress, ours, builds);
  }

  /** What can't be taken as a whole leaves nothing behind. */
  async take(): Promise<void> {
    const { ingress } = this.connection;
    const address = ingress.from === "caller" ? callerAddress(this.connection) : undefined;
    const claimed = this.lease.hold(leaseSeconds, this.ending.signal);
    const prepared = await Promise.allSettled([claimed, address, this.quietly(() => this.forgotten.look())]);
    const failure = prepared.find((each) => each.status === "rejected");
    if (failure) {
      throw failure.reason;
    }
    // Not before the claim is there: a rule without one is taken for that of a caller that was killed.
    if (address) {
      await this.open(await address);
    }
    this.renewLater();
  }

  /** Has the claims written now. */
  async renew(): Promise<void> {
    await this.lease.hold(leaseSeconds, this.ending.signal);
  }

  /**
   * Lets this machine in where no rule does any more: its address is another by now, or its rule was removed. Says whether
   * it has.
   */
  async letIn(): Promise<boolean> {
    if (this.connection.ingress.from !== "caller") {
      return false;
    }
    const address = await callerAddress(this.connection);
    const there = ruleIds(await this.ingress.list());
    if (this.rules.some((rule) => rule.address === address && there.includes(rule.id))) {
      return false;
    }
    this.progress()(`letting ${address} in: the rule of before does not do so`);
    await this.open(address);
    return true;
  }

  /** Gives all up, and ends instances. */
  async end(instanceIds: readonly string[]): Promise<void> {
    clearTimeout(this.timer);
    this.ending.abort();
    const terminated = this.launched?.terminate(this.progress(), instanceIds);
    // It must not write after the claim was given up.
    await this.renewal;
    const outcomes = await Promise.allSettled([
      this.lease.release(),
      ...this.rules.map((rule) => this.ingress.close(rule)),
      terminated,
    ]);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") {
        this.progress()(`left behind, to expire by itself: ${(outcome.reason as Error).message}`);
      }
    }
  }

  private async open(address: string): Promise<void> {
    const until = new Date(this.clients.now() + ruleMilliseconds);
    this.rules.push(await this.forgotten.open(address, until, this.progress(), this.ending.signal));
  }

  private renewLater(): void {
    const [least, most] = renewAfterMilliseconds;
    // It must not keep the program alive; a killed one's claim ends by itself.
    this.timer = setTimeout(
      () => {
        this.renewal = this.renewAll().finally(() => {
          if (!this.ending.signal.aborted) {
            this.renewLater();
          }
        });
      },
      least + Math.random() * (most - least),
    ).unref();
  }

  private async renewAll(): Promise<void> {
    try {
      await this.renew();
      for (const rule of this.rules) {
        if (rule.until.getTime() - this.clients.now() < ruleMilliseconds / 2) {
          await this.ingress.extend(rule, new Date(this.clients.now() + ruleMilliseconds));
        }
      }
      this.failures = 0;
    } catch (error) {
      this.failures += 1;
      if (this.failures > quietFailures && !this.ending.signal.aborted) {
        this.progress()(
          `the claim on builder ${this.connection.builderName} can't be renewed: its nodes may stop before their builds begin: ${(error as Error).message}`,
        );
      }
    }
    if (this.forgotten.isDue) {
      await this.quietly(() => this.removeForgotten());
    }
  }

  private async removeForgotten(): Promise<void> {
    const { instances } = await this.forgotten.remove();
    if (instances.length > 0) {
      this.progress()(`terminating ${instances.join(", ")}: nobody claims it, and it should have ended itself`);
    }
  }

  private async quietly(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.progress()(`what callers that were killed have left could not be removed: ${(error as Error).message}`);
    }
  }
}
