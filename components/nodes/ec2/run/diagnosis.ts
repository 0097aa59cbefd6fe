import type { Instance, InstanceStatus } from "@aws-sdk/client-ec2";

import { codeOf } from "./awsErrors";
import type { AwsClients } from "./awsClients";
import type { Ec2Connection } from "../connection";
import { cleanConsole, newestBoot, tail } from "./console";
import { describeCutWay } from "./cutWay";

const consoleLines = 15;
// What EC2 says where `Latest` is not offered: on types that are not built on Nitro.
const noLatest = ["UnsupportedOperation", "InvalidParameterValue", "Unsupported"];

/** What the newest boot wrote to the console, cleaned. */
export async function readConsole({ ec2 }: AwsClients, instanceId: string): Promise<string> {
  const read = async (Latest: boolean) => (await ec2.getConsoleOutput({ InstanceId: instanceId, Latest })).Output ?? "";
  const output = await read(true).catch((error: unknown) => {
    if (noLatest.includes(codeOf(error))) {
      return read(false);
    }
    throw error;
  });
  return newestBoot(cleanConsole(Buffer.from(output, "base64").toString("utf8")));
}

/** All that EC2 knows about why a node may not answer. What can't be asked is left out. */
export async function diagnoseInstance(
  clients: AwsClients,
  instanceId: string,
  instance: Instance | undefined,
  connection: Pick<Ec2Connection, "addressing" | "tls" | "builderName">,
): Promise<string> {
  const [cut, status, console] = await Promise.all([
    // Only a hint: what can't be asked is named below.
    describeCutWay(clients, instance, connection).catch(() => undefined),
    clients.ec2
      .describeInstanceStatus({ InstanceIds: [instanceId] })
      .then(({ InstanceStatuses }) => describeStatus(InstanceStatuses?.[0]))
      .catch((error: unknown) => `unknown (${codeOf(error)})`),
    readConsole(clients, instanceId).then(
      (text) => describeConsole(tail(text, consoleLines)),
      (error: unknown) => `Its console could not be read (ec2:GetConsoleOutput: ${codeOf(error)}).`,
    ),
  ]);
  const since = instance?.LaunchTime ? ` since ${instance.LaunchTime.toISOString()}` : "";
  const state = `EC2 says: ${instanceId} is ${instance?.State?.Name ?? "not there"}${since}${describeReason(instance)}; status checks: ${status}.`;
  return [state, cut && `${cut}.`, console].filter(Boolean).join("\n");
}

/** ` (Client.UserInitiatedShutdown: User initiated shutdown)`, where EC2 gives a reason. */
export function describeReason(instance: Instance | undefined): string {
  const { Code, Message } = instance?.StateReason ?? {};
  // "Client.X: text" is what EC2 writes into the message, too.
  const text = Message?.startsWith(`${Code}: `) ? Message.slice(`${Code}: `.length) : Message;
  return Code ? ` (${Code}${text ? `: ${text}` : ""})` : "";
}

function describeStatus(status: InstanceStatus | undefined): string {
  const named = [
    ["instance", status?.InstanceStatus?.Status],
    ["system", status?.SystemStatus?.Status],
    ["volumes", status?.AttachedEbsStatus?.Status],
  ].filter(([, value]) => value);
  return named.map(([name, value]) => `${name} ${value}`).join(", ") || "none yet";
}

function describeConsole(lines: readonly string[]): string {
  return lines.length > 0
    ? ["The end of its console:", ...lines.map((line) => `  ${line}`)].join("\n")
    : "Its console is empty so far.";
}
