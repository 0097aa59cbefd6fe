import { setTimeout as sleep } from "node:timers/promises";

import type { Instance, SecurityGroupRule } from "@aws-sdk/client-ec2";

import type { Progress } from "../../../support/progress";
import { call } from "./awsErrors";
import { hasShared } from "./claims";
import type { AwsClients } from "./awsClients";
import { type Ec2Connection, type Lease, tagNames } from "../connection";
import { GroupFullError, type Ingress, type OpenRule } from "./callerRules";
import { callerOf, ruleIds } from "./ruleText";
import { readLease } from "./lease";

/** Between two looks: whoever is there has renewed a claim that was lost in a write of others by then. */
const looksApartMilliseconds = 20_000;
/** The claim of one that was killed just before the first look is over by then. */
const claimMilliseconds = 45_000;
/**
 * An ephemeral instance ends itself after two minutes of nothing. One so old that nobody claims can't: it hangs, or never
 * came as far as the program that ends it.
 */
const youngMinutes = 12;

/** Ids of what was removed. */
interface Found {
  rules: string[];
  instances: string[];
}

/** What seems to be nobody's. */
interface Doubted {
  rules: string[];
  instances: Instance[];
}

/** What callers that were killed have left: rules, and ephemeral instances that can't end themselves. */
export class Forgotten {
  private doubted: Doubted = { rules: [], instances: [] };
  private lookedAt = 0;
  /** Whether the first look saw rules of others that had a claim: one of them may have been killed just before. */
  private looksAgain?: boolean;

  /**
   * @param ours instances of this very update.
   * @param isBuilding whether an instance's daemon builds. One that does is alive: whoever builds there could not renew its
   * claim, because its credentials are over, or its way to Systems Manager is broken.
   */
  constructor(
    private readonly connection: Pick<Ec2Connection, "builderName" | "ingress" | "ephemeralNodes">,
    private readonly clients: AwsClients,
    private readonly ingress: Ingress,
    private readonly ours: () => readonly string[] = () => [],
    private readonly isBuilding: (instance: Instance) => Promise<boolean> = () => Promise.resolve(false),
  ) {}

  /** Removes rules that are over, and notes what seems to be nobody's. */
  async look(): Promise<string[]> {
    const rules = await this.rules();
    const now = this.clients.now();
    const isOver = (rule: SecurityGroupRule) => (callerOf(rule)?.until.getTime() ?? Infinity) < now;
    const over = ruleIds(rules.filter(isOver));
    await this.ingress.remove(over);
    const others = rules.filter((rule) => !isOver(rule) && callerOf(rule) !== undefined);
    this.doubted = await this.ofNobody(others);
    // Once, for each look costs calls to AWS, of everyone who builds beside others.
    this.looksAgain = this.looksAgain === undefined && others.length > this.doubted.rules.length;
    this.lookedAt = Date.now();
    return over;
  }

  /** Whether it is time to look at what seemed to be nobody's again, or whether more does so by now. */
  get isDue(): boolean {
    const past = Date.now() - this.lookedAt;
    return this.hasDoubts ? past >= looksApartMilliseconds : this.looksAgain === true && past >= claimMilliseconds;
  }

  private get hasDoubts(): boolean {
    return this.doubted.rules.length + this.doubted.instances.length > 0;
  }

  /** Removes what was nobody's at the first look, and still is; or looks for what has become so. */
  async remove(): Promise<Found> {
    const { doubted } = this;
    if (!this.hasDoubts) {
      return { rules: await this.look(), instances: [] };
    }
    this.doubted = { rules: [], instances: [] };
    const still = await this.ofNobody(await this.rules());
    const rules = still.rules.filter((id) => doubted.rules.includes(id));
    const doubtedIds = doubted.instances.map(({ InstanceId }) => InstanceId);
    const instances = await this.hanging(still.instances.filter(({ InstanceId }) => doubtedIds.includes(InstanceId)));
    await this.ingress.remove(rules);
    await this.terminate(instances);
    return { rules, instances };
  }

  private async hanging(instances: readonly Instance[]): Promise<string[]> {
    const build = await Promise.all(instances.map((each) => this.isBuilding(each).catch(() => false)));
    return instances.filter((_, at) => !build[at]).flatMap(({ InstanceId }) => InstanceId ?? []);
  }

  /** Opens a rule. A group that is full may be so because of callers that were killed: then they are looked for first. */
  async open(address: string, until: Date, progress: Progress, signal?: AbortSignal): Promise<OpenRule> {
    try {
      return await this.ingress.open(address, until);
    } catch (error) {
      if (!(error instanceof GroupFullError) || this.doubted.rules.length === 0) {
        throw error;
      }
      progress("the security group is full: waiting whether rules in it are of callers that were killed");
      await this.removeNow(() => undefined, signal);
      return this.ingress.open(address, until);
    }
  }

  /** Both looks, for whoever does nothing else. Says what was removed, also what was over. */
  async removeNow(progress: Progress, signal?: AbortSignal): Promise<Found> {
    const over = await this.look();
    if (!this.hasDoubts) {
      return { rules: over, instances: [] };
    }
    progress(`looking again in ${looksApartMilliseconds / 1_000} s whether nobody claims what seems to be nobody's`);
    await sleep(looksApartMilliseconds, undefined, { signal });
    const { rules, instances } = await this.remove();
    return { rules: [...over, ...rules], instances };
  }

  private async rules(): Promise<SecurityGroupRule[]> {
    return this.connection.ingress.from === "caller" ? this.ingress.list() : [];
  }

  private async ofNobody(rules: readonly SecurityGroupRule[]): Promise<Doubted> {
    const instances = this.connection.ephemeralNodes.length > 0 ? await this.oldInstances() : [];
    // Read last: whoever has made one of these has its claim there by now.
    const lease = await readLease(this.clients, this.connection.builderName);
    const now = this.clients.now() / 1_000;
    return {
      rules: rulesOfNobody(rules, lease, now),
      instances: instancesOfNobody(instances, lease, now).filter(
        ({ InstanceId = "" }) => !this.ours().includes(InstanceId),
      ),
    };
  }

  private async oldInstances(): Promise<Instance[]> {
    const { builderName } = this.connection;
    const Filters = [
      { Name: `tag:${tagNames.builder}`, Values: [builderName] },
      { Name: `tag:${tagNames.lifecycle}`, Values: ["ephemeral"] },
      { Name: "instance-state-name", Values: ["pending", "running", "stopping", "stopped"] },
    ];
    const action = { action: "ec2:DescribeInstances", resource: `the nodes of ${builderName}` };
    const found: Instance[] = [];
    let NextToken: string | undefined;
    do {
      const page = await call({ ...action, identity: this.clients.identity }, () =>
        this.clients.ec2.describeInstances({ Filters, NextToken }),
      );
      found.push(...(page.Reservations ?? []).flatMap((each) => each.Instances ?? []));
      NextToken = page.NextToken;
    } while (NextToken);
    return found;
  }

  private async terminate(InstanceIds: string[]): Promise<void> {
    if (InstanceIds.length > 0) {
      const { ec2, arn, identity } = this.clients;
      const resource = arn("ec2", `instance/${InstanceIds.join(", ")}`);
      await call({ action: "ec2:TerminateInstances", resource, identity }, () =>
        ec2.terminateInstances({ InstanceIds }),
      );
    }
  }
}

/** The rules of callers that have no claim. Where claims are shared, nobody knows. */
function rulesOfNobody(rules: readonly SecurityGroupRule[], lease: Lease, nowSeconds: number): string[] {
  const isClaimed = (holder: string) =>
    [`up-${holder}`, `cli-${holder}`].some((claim) => (lease[claim] ?? 0) > nowSeconds);
  const isOfNobody = (rule: SecurityGroupRule) => {
    const caller = callerOf(rule);
    return caller !== undefined && !isClaimed(caller.holder);
  };
  return hasShared(lease, nowSeconds) ? [] : ruleIds(rules.filter(isOfNobody));
}

/** The instances that are old and have no claim. */
function instancesOfNobody(instances: readonly Instance[], lease: Lease, nowSeconds: number): Instance[] {
  const isOld = ({ LaunchTime }: Instance) =>
    LaunchTime !== undefined && LaunchTime.getTime() / 1_000 < nowSeconds - youngMinutes * 60;
  const isUnclaimed = ({ InstanceId = "" }: Instance) => (lease[InstanceId] ?? 0) <= nowSeconds;
  return hasShared(lease, nowSeconds) ? [] : instances.filter((each) => isOld(each) && isUnclaimed(each));
}
