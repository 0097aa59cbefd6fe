import * as hosts from ".";

/** A run that never gets to clean up: hosts.test.ts kills this process when it has a node. */
async function main(): Promise<void> {
  const run = hosts.openRun();
  const network = await hosts.createNetwork(run);
  await hosts.startNamespaceNode(run, network, await hosts.createAuthority());
  process.send?.({ name: run.name, folder: run.folder });
}

void main();
