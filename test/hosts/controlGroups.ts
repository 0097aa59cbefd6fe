import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const root = "/sys/fs/cgroup";
/** What a kubelet wants in the group of its pods, of those that the kernel has: https://github.com/kubernetes/kubernetes/blob/v1.35.4/pkg/kubelet/cm/cgroup_v2_manager_linux.go */
const controllers = ["cpu", "cpuset", "hugetlb", "memory", "pids"];

/** Control groups of version 2 are one tree. Machines that also have it beside those of version 1 use the latter. */
const isVersion2 = existsSync(join(root, "cgroup.controllers"));

/** Makes the group that a cluster's pods are in. */
export async function makeGroups(name: string): Promise<void> {
  await (isVersion2 ? makeGroup(name) : makeGroupInEach(name));
}

/** Why no group of pods can be made here, if so. */
export function groupsProblem(): string | undefined {
  if (!isVersion2 || controllersOf("cgroup.subtree_control").has("memory")) {
    return undefined;
  }
  // The machine's own root may hold processes beside groups with controllers, any other may not:
  // https://docs.kernel.org/admin-guide/cgroup-v2.html#no-internal-process-constraint
  const isMachine = !existsSync(join(root, "cgroup.type"));
  const isFree = !isMachine && readFileSync(join(root, "cgroup.procs"), "utf8") === "";
  return isMachine || isFree
    ? undefined
    : "needs control groups with the controller `memory`, which a container's first group can't hand on while it holds processes: run the tests on the machine itself";
}

function controllersOf(file: string): Set<string> {
  return new Set(readFileSync(join(root, file), "utf8").trim().split(" "));
}

async function makeGroup(name: string): Promise<void> {
  const known = controllersOf("cgroup.controllers");
  const wanted = controllers.filter((each) => known.has(each)).map((each) => `+${each}`);
  await writeFile(join(root, "cgroup.subtree_control"), wanted.join(" "));
  await mkdir(join(root, name), { recursive: true });
}

/** One for each controller. The processors and memory that it may use are none at first. */
async function makeGroupInEach(name: string): Promise<void> {
  for (const entry of await readdir(root, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name === "unified") continue;
    await mkdir(join(root, entry.name, name), { recursive: true });
    if (entry.name === "cpuset") {
      for (const file of ["cpuset.cpus", "cpuset.mems"]) {
        await writeFile(join(root, "cpuset", name, file), await readFile(join(root, "cpuset", file)));
      }
    }
  }
}
