import type { Instance } from "@aws-sdk/client-ec2";

import { askDaemons } from "../../../transport/daemons";
import type { Ec2Connection } from "../connection";
import { endpointOf } from "./instanceEndpoint";

/** Whether the daemon of an instance builds something now. One that does not answer from here builds nothing. */
export async function isBuilding(
  instance: Instance,
  connection: Pick<Ec2Connection, "addressing" | "tls" | "builderName">,
): Promise<boolean> {
  const endpoint = endpointOf(instance, connection);
  if (!endpoint) {
    return false;
  }
  const answers = await askDaemons(new Map([["node", endpoint]]));
  return (answers.get("node")?.activeBuilds ?? 0) > 0;
}
