import { type ChildProcess, spawn } from "node:child_process";

import type { Ec2Connection } from "../../components/nodes/ec2/connection";
import { type Cloud, type CloudInstance, type Halt } from "../cloud/cloud";
import { compiled, startsFast } from "../main/compiled";
import { waitFor } from "../main/stack";
import type { AccessAccount } from "./accessAccount";
import type { CallerWork } from "./callerProgram";

/** A process that does what hooks do around a build. */
export interface Caller {
  child: ChildProcess;
  done: Promise<{ code: number | null; output: string }>;
}

/** @param name by which the cloud tells its calls from all others. */
export async function startCaller(
  { aws }: AccessAccount,
  name: string,
  connection: Ec2Connection,
  holdSeconds = 0,
): Promise<Caller> {
  const work: CallerWork = { connection, aws, holdSeconds };
  const child = spawn(process.execPath, [await compiled(`${__dirname}/callerProgram`)], {
    env: {
      ...(await startsFast()),
      CALLER_WORK: JSON.stringify(work),
      AWS_SDK_UA_APP_ID: name,
      AWS_EC2_METADATA_DISABLED: "true",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  child.stderr.on("data", (data: Buffer) => (output += data.toString()));
  const done = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.once("close", (code) => resolve({ code, output }));
  });
  return { child, done };
}

/** Kills a caller at its n-th call. Says which that was, or nothing if it has ended before. */
export async function killAt(
  account: AccessAccount,
  name: string,
  connection: Ec2Connection,
  order: Pick<Halt, "at" | "when">,
): Promise<string | undefined> {
  const { cloud } = account;
  const agent = `app/${name}`;
  await cloud.halt({ agent, ...order });
  const caller = await startCaller(account, name, connection);
  let ended: Awaited<Caller["done"]> | undefined;
  void caller.done.then((outcome) => (ended = outcome));
  let reached: string | undefined;
  await waitFor(`${name} to be held, or to end`, async () => {
    reached = (await cloud.halts()).find((each) => each.agent === agent)?.reached ?? undefined;
    return reached !== undefined || ended !== undefined;
  });
  caller.child.kill("SIGKILL");
  await caller.done;
  await cloud.release(agent);
  if (reached === undefined && ended?.code !== 0) {
    throw new Error(`${name} failed without being killed: ${ended?.output}`);
  }
  return reached;
}

/** Those of a builder that cost money by the hour. */
export async function runningOf(cloud: Cloud, builderName: string): Promise<CloudInstance[]> {
  return (await cloud.instances()).filter(
    ({ tags, state }) => tags["multi-platform-image:builder"] === builderName && ["pending", "running"].includes(state),
  );
}
