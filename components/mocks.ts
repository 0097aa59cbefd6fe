import * as pulumi from "@pulumi/pulumi";

/** Whether this program runs with the SDK's mocks, as in unit tests: nothing is built, and hooks can't be registered. */
export function isMocked(): boolean {
  const monitor = pulumi.runtime.getMonitor() as { registerResourceHook?: unknown } | undefined;
  return typeof monitor?.registerResourceHook !== "function";
}
