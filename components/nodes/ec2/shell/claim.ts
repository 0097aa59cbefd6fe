import { setTimeout as sleep } from "node:timers/promises";

import type { SecurityGroupRule } from "@aws-sdk/client-ec2";

import type { Progress } from "../../../support/progress";
import { callerAddress } from "../run/callerAddress";
import type { Ec2Connection } from "../connection";
import { Forgotten } from "../run/forgotten";
import { Ingress, type OpenRule } from "../run/callerRules";
import { callerOf, ruleIds, sourceOf } from "../run/ruleText";
import { LeaseClaim, readLease } from "../run/lease";
import type { Account } from "./account";
import { leaseHolder } from "../../ownFiles";

/** Whoever interrupts a command does not wait for long. */
const mostTakingMilliseconds = 5_000;

/** What this machine holds at a builder, also after the command has ended: a claim on its nodes, and a way in. */
export class Claim {
  private readonly lease: LeaseClaim;
  private readonly ingress: Ingress;
  private readonly forgotten: Forgotten;
  /** What a command before this one holds, in seconds since 1970; in the past if it holds nothing. */
  private heldUntil = 0;
  private until = 0;
  private taking: Promise<unknown> = Promise.resolve();
  private rule?: OpenRule;
  /** Of commands before this one, for the same address. */
  private olderRules: string[] = [];

  constructor(
    private readonly account: Account,
    private readonly connection: Ec2Connection,
    private readonly holder: string,
  ) {
    this.lease = new LeaseClaim(account, connection.builderName, leaseHolder(holder));
    this.ingress = new Ingress(account, connection.securityGroupId, holder);
    this.forgotten = new Forgotten(connection, account, this.ingress);
  }

  /** Whether a claim in the lease is of this machine. */
  isOwn(claim: string): boolean {
    return claim === leaseHolder(this.holder);
  }

  /** Claims the nodes, and lets this machine in as long. Says until when: what is held already is never shortened. */
  take(minutes: number, progress: Progress): Promise<Date> {
    const taken = this.takeAll(minutes, progress);
    this.taking = taken.catch(() => undefined);
    return taken;
  }

  private async takeAll(minutes: number, progress: Progress): Promise<Date> {
    const now = Math.ceil(this.account.now() / 1_000);
    this.heldUntil = await this.readUntil();
    this.until = Math.max(now + minutes * 60, this.heldUntil);
    const until = new Date(this.until * 1_000);
    await this.lease.holdUntil(this.until);
    try {
      await this.openIngress(until, progress);
    } catch (error) {
      await this.undoTaken();
      throw error;
    }
    return until;
  }

  /**
   * Of the rules for an address of this machine, the newest is enough. Only those that were there before this command:
   * another one at the same time needs its own, and so does another machine of this name.
   */
  async removeOlderRules(): Promise<void> {
    await this.ingress.remove(this.olderRules);
  }

  /** Back to what was held before `take`, but for what another command has claimed since. */
  async undo(): Promise<void> {
    // What is on its way to AWS would be there after what takes it back.
    await Promise.race([this.taking, sleep(mostTakingMilliseconds, undefined, { ref: false })]);
    await this.undoTaken();
  }

  private async undoTaken(): Promise<void> {
    await Promise.allSettled([this.undoClaim(), this.rule && this.ingress.close(this.rule)]);
  }

  /** Gives up all that commands on this machine hold. */
  async giveUp(): Promise<void> {
    const rules = (await this.ingress.list()).filter((rule) => this.isOwnRule(rule));
    await Promise.all([this.lease.release(), this.ingress.remove(ruleIds(rules))]);
  }

  private async undoClaim(): Promise<void> {
    if ((await this.readUntil()) > this.until) {
      return;
    }
    await (this.heldUntil > this.account.now() / 1_000 ? this.lease.holdUntil(this.heldUntil) : this.lease.release());
  }

  private async readUntil(): Promise<number> {
    return (await readLease(this.account, this.connection.builderName))[leaseHolder(this.holder)] ?? 0;
  }

  private async openIngress(until: Date, progress: Progress): Promise<void> {
    if (this.connection.ingress.from !== "caller") {
      return;
    }
    const [address] = await Promise.all([callerAddress(this.connection), this.forgotten.look()]);
    const cidr = sourceOf(address)?.cidr;
    const rules = (await this.ingress.list()).filter((rule) => this.isOwnRule(rule));
    this.olderRules = ruleIds(rules.filter(({ CidrIpv4, CidrIpv6 }) => (CidrIpv4 ?? CidrIpv6) === cidr));
    progress(`letting ${address} in`);
    this.rule = await this.forgotten.open(address, until, progress);
  }

  private isOwnRule(rule: SecurityGroupRule): boolean {
    return callerOf(rule)?.holder === this.holder;
  }
}
