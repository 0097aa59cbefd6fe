/** What hooks do around a build, as a process that can be killed: wakes a builder's nodes, holds them, gives them up. */
import { setTimeout as sleep } from "node:timers/promises";

import type { Ec2Connection } from "../../../components/nodes/ec2/connection";
import { ec2Session } from "../../../components/nodes/ec2/run/open";
import type { AwsSettings } from "../../../components/nodes/ec2/awsSettings";

/** In the environment, as JSON. */
export interface CallerWork {
  connection: Ec2Connection;
  aws: AwsSettings;
  /** How long the build takes. */
  holdSeconds: number;
}

async function main({ connection, aws, holdSeconds }: CallerWork): Promise<void> {
  const { nodes, access } = ec2Session(connection, aws);
  const progress = (message: string) => void process.stdout.write(`${message}\n`);
  await access.acquire(progress);
  for (const node of nodes) {
    const deadline = Date.now() + connection.wakeTimeoutSeconds * 1_000;
    for (;;) {
      const answer = await node.wake(progress);
      if (!("waitingFor" in answer)) {
        break;
      }
      if (Date.now() > deadline) {
        throw new Error(`still waiting for ${answer.waitingFor}`);
      }
      await sleep(200);
    }
  }
  await sleep(holdSeconds * 1_000);
  await access.release(false);
}

void main(JSON.parse(process.env.CALLER_WORK ?? "") as CallerWork);
