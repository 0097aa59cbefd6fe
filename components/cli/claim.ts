import type { Progress } from "../build/node";
import { callerAddress } from "../ec2/callerAddress";
import type { Ec2Connection } from "../ec2/connection";
import { Ingress } from "../ec2/ingress";
import { parseDescription } from "../ec2/ingressRules";
import { LeaseClaim, readLease } from "../ec2/lease";
import type { Account } from "./account";
import { leaseHolder } from "./ownFiles";

/** What this machine holds at a builder, also after the command has ended: a claim on its nodes, and a way in. */
export class Claim {
  private readonly lease: LeaseClaim;
  private readonly ingress: Ingress;
  /** What a command before this one holds, in seconds since 1970; in the past if it holds nothing. */
  private heldUntil = 0;
  private ruleId?: string;

  constructor(
    private readonly account: Account,
    private readonly connection: Ec2Connection,
    private readonly holder: string,
  ) {
    this.lease = new LeaseClaim(account, connection.builderName, leaseHolder(holder));
    this.ingress = new Ingress(account, connection.securityGroupId, holder);
  }

  /** Claims the nodes, and lets this machine in as long. Says until when: what is held already is never shortened. */
  async take(minutes: number, progress: Progress): Promise<Date> {
    const now = Math.ceil(this.account.now() / 1_000);
    this.heldUntil = (await readLease(this.account, this.connection.builderName))[leaseHolder(this.holder)] ?? 0;
    const seconds = Math.max(minutes * 60, this.heldUntil - now);
    const until = new Date((now + seconds) * 1_000);
    await this.lease.hold(seconds);
    try {
      await this.openIngress(until, progress);
    } catch (error) {
      await this.undo();
      throw error;
    }
    return until;
  }

  /** Of the rules of this machine, the newest is enough. */
  async removeOlderRules(): Promise<void> {
    await this.removeRules(this.ruleId);
  }

  /** Back to what was held before `take`. */
  async undo(): Promise<void> {
    const secondsLeft = Math.floor(this.heldUntil - this.account.now() / 1_000);
    await Promise.allSettled([
      secondsLeft > 0 ? this.lease.hold(secondsLeft) : this.lease.release(),
      this.ruleId && this.ingress.close({ id: this.ruleId }),
    ]);
  }

  /** Gives up all that commands on this machine hold. */
  async giveUp(): Promise<void> {
    await Promise.all([this.lease.release(), this.removeRules()]);
  }

  private async openIngress(until: Date, progress: Progress): Promise<void> {
    if (this.connection.ingress.from !== "caller") {
      return;
    }
    await this.ingress.sweep();
    const address = await callerAddress(this.connection);
    progress(`letting ${address} in`);
    this.ruleId = (await this.ingress.open(address, until)).id;
  }

  private async removeRules(except?: string): Promise<void> {
    for (const { SecurityGroupRuleId: id, IsEgress, Description } of await this.ingress.list()) {
      if (id && id !== except && !IsEgress && parseDescription(Description)?.holder === this.holder) {
        await this.ingress.close({ id });
      }
    }
  }
}
