import * as pulumi from "@pulumi/pulumi";

/**
 * What belongs to the run of a program that declares its resources now: one process may run several, one after the other and
 * side by side (https://www.pulumi.com/docs/automation-api/). Each has an engine's connection of its own.
 *
 * To be called while resources are declared: a hook does not know whose it is.
 */
export function ofRun<T>(runs: WeakMap<object, T>, make: () => T): T {
  const run = pulumi.runtime.getMonitor() ?? runs;
  const known = runs.get(run) ?? make();
  runs.set(run, known);
  return known;
}
