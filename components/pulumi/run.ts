import type { Client } from "@grpc/grpc-js";
import * as pulumi from "@pulumi/pulumi";

/** The first connection that was seen of each engine, by its address. */
const firstConnections = new Map<string, WeakRef<object>>();

/**
 * What belongs to the run of a program that declares its resources now: one process may run several, one after the other and
 * side by side (https://www.pulumi.com/docs/automation-api/). Each has a stack's resource of its own.
 *
 * To be called while resources are declared: a hook does not know whose it is.
 */
export function ofRun<T>(runs: WeakMap<object, T>, make: () => T): T {
  const run = currentRun() ?? runs;
  const known = runs.get(run) ?? make();
  runs.set(run, known);
  return known;
}

function currentRun(): object | undefined {
  const connection = pulumi.runtime.getMonitor() as Partial<Pick<Client, "getChannel">> | undefined;
  // Mocks have no address.
  const address = connection?.getChannel?.().getTarget();
  if (!connection || address === undefined) {
    return connection;
  }
  return pulumi.runtime.getStackResource() ?? firstConnection(connection, address);
}

/**
 * A process that makes components for a program in another language has no stack's resource, and one connection for each
 * component, which lead to the same address. It ends with the run. Programs in one process need more: a later engine may be
 * given the address of one that has ended.
 */
function firstConnection(connection: object, address: string): object {
  const first = firstConnections.get(address)?.deref() ?? connection;
  firstConnections.set(address, new WeakRef(first));
  return first;
}
