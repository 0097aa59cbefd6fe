import type { Instance } from "@aws-sdk/client-ec2";

import type { AwsClients } from "./awsClients";
import type { Ec2Connection } from "../connection";

/** Nodes are asked for each second, at about the same time. */
const freshMilliseconds = 500;

/** The instances of a builder as EC2 describes them: one call for all. */
export class Instances {
  private newest?: { askedAt: number; answer: Promise<Map<string, Instance>> };

  constructor(
    private readonly connection: Pick<Ec2Connection, "nodes">,
    private readonly clients: () => Promise<AwsClients>,
  ) {}

  /** An instance's description, at most half a second old; undefined if EC2 knows none. */
  async describe(instanceId: string): Promise<Instance | undefined> {
    if (!this.newest || Date.now() - this.newest.askedAt > freshMilliseconds) {
      const answer = this.ask();
      this.newest = { askedAt: Date.now(), answer };
    }
    return (await this.newest.answer).get(instanceId);
  }

  /** After a change: what was described before is no longer so. */
  forget(): void {
    this.newest = undefined;
  }

  private async ask(): Promise<Map<string, Instance>> {
    const { ec2 } = await this.clients();
    // A filter, because a list of ids fails as a whole where one of them is gone.
    const Filters = [{ Name: "instance-id", Values: this.connection.nodes.map(({ instanceId }) => instanceId) }];
    const { Reservations } = await ec2.describeInstances({ Filters });
    const instances = (Reservations ?? []).flatMap((each) => each.Instances ?? []);
    return new Map(instances.map((each) => [each.InstanceId ?? "", each]));
  }
}
