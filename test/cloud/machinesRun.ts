import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { createAuthority, createNetwork, execute, openRun, type TestRun } from "../hosts";
import { startProcess } from "../hosts/hostProcess";
import { runVariable } from "../hosts/sweep";
import { prepareAmi } from "./images";
import { type DrivenMachine, type MachineSettings, startMachineDriver } from "./machinesDriver";
import { createVpc, type Vpc } from "./vpc";

/** A run with a VPC in which machines boot the same user data, and no emulator of EC2. */
export interface MachinesRun {
  readonly run: TestRun;
  readonly vpc: Vpc;
  make(architecture: MachineSettings["architecture"], privateAddress: string): Promise<DrivenMachine>;
}

export async function openMachines(userData: string): Promise<MachinesRun> {
  const run = openRun();
  const vpc = await createVpc(run, await createNetwork(run));
  await writeFile(join(run.folder, "ca.pem"), (await createAuthority()).certificate);
  const file = join(run.folder, "user-data");
  await writeFile(file, userData);
  const stub = join(__dirname, "machines/metadata_stub.py");
  const log = join(run.folder, "metadata.log");
  startProcess(run, vpc.enter(["python3", stub, vpc.metadataAddress, file]), { log });
  const driver = startMachineDriver(run);
  let machines = 0;
  return {
    run,
    vpc,
    make: async (architecture, privateAddress) => {
      const number = machines;
      machines += 1;
      const name = `${run.name}-i${number}`;
      const folder = join(run.folder, name);
      await mkdir(folder);
      return driver.make({
        id: `i-0${number}`,
        architecture,
        imageFolder: await prepareAmi[architecture === "arm64" ? "node-arm64" : "debian"](),
        privateAddress,
        prefixLength: 20,
        gateway: "172.31.16.1",
        folder,
        namespace: vpc.namespace,
        name,
        shared: run.folder,
      });
    },
  };
}

/** Whatever there still is of a run: nothing, once it has ended and was swept. */
export async function leftBy(run: Pick<TestRun, "name" | "folder">): Promise<string[]> {
  // Control groups of version 2 are in the first of these folders, or on a hybrid machine in the two below it.
  const groups = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"];
  const named = [...groups, "/run/netns", "/sys/class/net"]
    .filter(existsSync)
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((path) => path.includes(`/${run.name}-`));
  const processes = readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .filter(
      (pid) =>
        read(`/proc/${pid}/cgroup`).includes(`/${run.name}-`) ||
        read(`/proc/${pid}/environ`).includes(`${runVariable}=${run.folder}\0`),
    )
    .map((pid) => `process ${pid}: ${read(`/proc/${pid}/cmdline`).replaceAll("\0", " ")}`)
    // A dead process that nobody has collected yet has no command line.
    .filter((text) => !text.endsWith(": "));
  const devices = `${read("/proc/self/mountinfo")}${await execute(["losetup", "--all"])}`;
  return [
    ...named,
    ...processes,
    ...devices.split("\n").filter((line) => line.includes(run.folder)),
    ...[run.folder].filter(existsSync),
  ];
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
