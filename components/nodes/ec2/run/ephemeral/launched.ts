import type { Progress } from "../../../../support/progress";
import { describeAwsError } from "../awsErrors";
import type { AwsClients } from "../awsClients";
import { coldClaim } from "../../connection";

/** The instances that this update has launched and not yet terminated. */
export class Launched {
  private readonly ids = new Set<string>();
  private readonly cold = new Set<string>();
  /** Those that this update itself has ended, or is about to. */
  private readonly ended = new Set<string>();
  /** Has the claims written now. Set by whoever holds them. */
  renew: () => Promise<void> = () => Promise.resolve();

  constructor(private readonly clients: () => Promise<AwsClients>) {}

  /** An instance that is ours from now on. */
  async add(instanceId: string): Promise<void> {
    this.ids.add(instanceId);
    await this.renew();
  }

  /** Tells an instance not to wait for the cache. */
  async tellCold(instanceId: string): Promise<void> {
    this.cold.add(instanceId);
    await this.renew();
  }

  all(): string[] {
    return [...this.ids];
  }

  /** The claims that hold them. */
  claims(): string[] {
    return [...this.ids].flatMap((id) => (this.cold.has(id) ? [id, coldClaim(id)] : [id]));
  }

  /** Whether an instance's end is our own doing. */
  hasEnded(instanceId: string): boolean {
    return this.ended.has(instanceId);
  }

  /** All instances, to be terminated: from now on none of them is a node of ours. */
  letGo(ids = this.all()): string[] {
    for (const id of ids) {
      this.ids.delete(id);
      this.cold.delete(id);
      this.ended.add(id);
    }
    return ids;
  }

  /** Ends instances. What can't be ended ends by itself when its claim has run out. */
  async terminate(progress: Progress, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) {
      return;
    }
    this.letGo([...ids]);
    const { ec2, arn, identity } = await this.clients();
    try {
      await ec2.terminateInstances({ InstanceIds: [...ids] });
    } catch (error) {
      const call = { action: "ec2:TerminateInstances", resource: arn("ec2", `instance/${ids.join(", ")}`), identity };
      progress(`left behind, to end by itself: ${describeAwsError(error, call).message}`);
    }
  }
}
