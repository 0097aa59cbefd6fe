import * as net from "node:net";

import type { Instance, InstanceStatus } from "@aws-sdk/client-ec2";

import { call } from "./awsErrors";
import type { AwsClients } from "./awsClients";
import type { Ec2Connection } from "../connection";
import { endpointOf, type TcpEndpoint } from "./instanceEndpoint";

const connectMilliseconds = 5_000;
/** A kernel has said so: the way there and back is open. */
const answers = ["ECONNREFUSED", "ECONNRESET"];

/**
 * What is between this machine and a node that is silent here, where it is not the node that is at fault: EC2's own checks
 * reach it, and no connection from here does. Undefined where that is not so, or not known yet.
 *
 * A guest that hangs or has lost its network fails those checks, and one whose daemon alone hangs takes connections:
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-system-instance-status-check.html
 */
export async function describeCutWay(
  clients: AwsClients,
  instance: Instance | undefined,
  connection: Pick<Ec2Connection, "addressing" | "tls" | "builderName">,
): Promise<string | undefined> {
  const endpoint = instance && endpointOf(instance, connection);
  const { ec2, arn, identity } = clients;
  const { InstanceId = "" } = instance ?? {};
  const resource = arn("ec2", `instance/${InstanceId}`);
  const { InstanceStatuses } = await call({ action: "ec2:DescribeInstanceStatus", resource, identity }, () =>
    ec2.describeInstanceStatus({ InstanceIds: [InstanceId] }),
  );
  if (!endpoint || !isHealthy(InstanceStatuses?.[0]) || (await isReached(endpoint))) {
    return undefined;
  }
  const address = `${endpoint.host}:${endpoint.port}`;
  return (
    `EC2's status checks reach it, and no connection from this machine does: the way to ${address} is cut. ` +
    `Fix: let this machine's network (VPN, firewall, route) reach ${address}`
  );
}

/** All of EC2's checks are through, and passed. In the first minutes after a start they are neither. */
function isHealthy(status: InstanceStatus | undefined): boolean {
  const checks = [status?.InstanceStatus, status?.SystemStatus, status?.AttachedEbsStatus].map((each) => each?.Status);
  const [instance, system, volumes = "ok"] = checks;
  return [instance, system, volumes].every((each) => each === "ok");
}

function isReached({ host, port }: TcpEndpoint): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, timeout: connectMilliseconds });
    const end = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", (error: NodeJS.ErrnoException) => end(answers.includes(error.code ?? "")));
  });
}
