import type { Client } from "@grpc/grpc-js";
import * as pulumi from "@pulumi/pulumi";

/** The first connection that was seen of each engine, by its address. */
const firstConnections = new Map<string, WeakRef<object>>();

/**
 * What belongs to the run of a program that declares its resources now: one process may run several, one after the other and
 * side by side (https://www.pulumi.com/docs/automation-api/). Each has an engine's connection of its own. A process that
 * makes components for a program in another language has one for each component, and they lead to the same address; it keeps
 * them as long as the run lasts.
 *
 * To be called while resources are declared: a hook does not know whose it is.
 */
export function ofRun<T>(runs: WeakMap<object, T>, make: () => T): T {
  const run = firstConnection() ?? runs;
  const known = runs.get(run) ?? make();
  runs.set(run, known);
  return known;
}

function firstConnection(): object | undefined {
  const connection = pulumi.runtime.getMonitor() as Partial<Pick<Client, "getChannel">> | undefined;
  // Mocks have no address.
  const address = connection?.getChannel?.().getTarget();
  if (!connection || address === undefined) {
    return connection;
  }
  const first = firstConnections.get(address)?.deref() ?? connection;
  firstConnections.set(address, new WeakRef(first));
  return first;
}
