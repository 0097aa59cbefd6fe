import { join } from "node:path";

import { execute } from "../hosts";
import { openMachines } from "./machinesRun";

/** A run that never gets to clean up: machines.test.ts kills this process when it has a machine that uses a volume. */
async function main(): Promise<void> {
  const machines = await openMachines("#!/bin/sh\n");
  const { run } = machines;
  const machine = await machines.make("x86_64", "172.31.16.5");
  await machine.boot("54.214.0.1");
  const volume = join(run.folder, "volume.raw");
  await execute(["truncate", "--size=1G", volume]);
  await machine.attach("vol-0123456789abcdef0", volume);
  await machine.run("mkfs.ext4 -q /dev/nvme1n1 && mount /dev/nvme1n1 /mnt");
  process.send?.({ name: run.name, folder: run.folder });
}

void main();
