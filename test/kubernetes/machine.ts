import { chmod, copyFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { execute, waitUntil } from "../hosts/command";
import { makeGroups } from "../hosts/controlGroups";
import { type HostProcess, onlyChild, startProcess } from "../hosts/hostProcess";
import type { NetworkHost } from "../hosts/network";
import type { TestRun } from "../hosts/testRun";
import { podImages } from "./images";
import * as settings from "./settings";
import type { KubernetesTools } from "./tools";

/** A machine of a cluster: a space of its own, in which containerd and a kubelet run pods. */
export interface Machine {
  /** Runs a command as the machine. */
  run(...command: string[]): Promise<string>;
  /** Starts a daemon of the machine. */
  start(name: string, ...command: string[]): HostProcess;
  startRuntime(): Promise<void>;
  /** @param kubeconfig as whom it is known to the API server */
  startKubelet(kubeconfig: string): Promise<void>;
}

/** Settings of the kernel that a kubelet would change, and that are this machine's own: it sees them as it wants them. */
const wantedSettings = {
  "vm/overcommit_memory": "1",
  "vm/panic_on_oom": "0",
  "kernel/panic": "10",
  "kernel/panic_on_oops": "1",
};

/**
 * Lays out a machine's files, but for its keys, and opens its space.
 * @param kubelet settings of its kubelet that others don't have
 */
export async function openMachine(
  run: TestRun,
  host: NetworkHost,
  tools: KubernetesTools,
  places: settings.ClusterPlaces,
  kubelet: object = {},
): Promise<Machine> {
  const { folder, name } = places;
  await layOut(places, tools, kubelet);
  // The way back to pods, for the registry, which is this process' side of the network.
  await execute(["ip", "route", "add", `${places.podNetwork}.0/24`, "via", host.address, "dev", run.name]);
  const space = await openSpace(run, host, places);
  const env = { PATH: `${folder}/bin:/usr/sbin:/usr/bin:/sbin:/bin`, HOME: folder };
  const start: Machine["start"] = (daemon, ...command) =>
    startProcess(run, space(...command), { log: join(folder, "log", `${daemon}.log`), env });
  return {
    run: (...command) => execute(space(...command)),
    start,
    startRuntime: async () => {
      start("containerd", join(folder, "bin/containerd"), "--config", join(folder, "containerd.toml"));
      const ctr = (...args: string[]) =>
        execute(space(join(folder, "bin/ctr"), "--address", join(folder, "containerd.sock"), "-n", "k8s.io", ...args));
      await waitUntil("containerd", () => ctr("version"), { timeoutMilliseconds: 60_000 });
      for (const image of await podImages(tools)) await ctr("images", "import", image);
    },
    startKubelet: async (kubeconfig) => {
      const common = [`--config=${folder}/kubelet.json`, `--root-dir=${folder}/kubelet`, `--kubeconfig=${kubeconfig}`];
      const own = [`--hostname-override=${name}`, `--node-ip=${host.address}`, `--cert-dir=${folder}/kubelet/pki`];
      start("kubelet", join(folder, "bin/kubelet"), ...common, ...own);
      await waitUntil(
        "the kubelet",
        async () => {
          const log = await readFile(join(folder, "log/kubelet.log"), "utf8");
          if (!log.includes("Starting Kubelet Plugin Manager")) throw new Error(log.split("\n").slice(-5).join("\n"));
        },
        { timeoutMilliseconds: 120_000 },
      );
      // A pod in a user namespace of its own has its /proc only where nothing lies over the machine's.
      await execute(space("umount", ...Object.keys(wantedSettings).map((each) => `/proc/sys/${each}`)));
    },
  };
}

async function layOut(places: settings.ClusterPlaces, tools: KubernetesTools, kubelet: object): Promise<void> {
  const { folder } = places;
  for (const name of ["bin", "cni", "net.d", "pki", "log", "kubelet", "sysctl", "containerd"]) {
    await mkdir(join(folder, name), { recursive: true });
  }
  // Roots of user namespaces have to pass.
  for (const each of [join(folder, ".."), folder, join(folder, "containerd")]) await chmod(each, 0o711);
  for (const name of ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet"]) {
    await symlink(tools.kubernetes, join(folder, "bin", name));
  }
  for (const name of ["containerd", "ctr"]) await symlink(tools.containerd, join(folder, "bin", name));
  await symlink(tools.shim, join(folder, "bin/containerd-shim-runc-v2"));
  await symlink(tools.runc, join(folder, "bin/runc"));
  for (const [name, path] of Object.entries(tools.cni)) await copyFile(path, join(folder, "cni", name));
  const write = (name: string, text: string | object) =>
    writeFile(join(folder, name), typeof text === "string" ? text : JSON.stringify(text), { mode: 0o600 });
  await write("containerd.toml", settings.containerdSettings(places));
  await write("kubelet.json", { ...settings.kubeletSettings(places), ...kubelet });
  await write("net.d/10-pods.conflist", settings.networkSettings(places));
  await write("resolv.conf", "nameserver 127.0.0.1\n");
  for (const [name, value] of Object.entries(wantedSettings)) {
    await write(`sysctl/${name.replace("/", "-")}`, `${value}\n`);
  }
}

/**
 * One space for all of a machine: network, mounts, processes, host name. It ends with its first process, and all pods with it.
 * Says how a command is run in it.
 */
async function openSpace(
  run: TestRun,
  host: NetworkHost,
  { folder, cgroup, name: hostName }: settings.ClusterPlaces,
): Promise<(...command: string[]) => string[]> {
  await makeGroups(cgroup);
  const binds = Object.keys(wantedSettings).map(
    (name) => `mount --bind ${folder}/sysctl/${name.replace("/", "-")} /proc/sys/${name}`,
  );
  const script = [
    `hostname ${hostName}`,
    // Its copies of others' mounts would outlive them.
    "umount -l -R /run/netns 2>/dev/null",
    "mount -t tmpfs -o mode=755 tmpfs /run",
    "mount --make-rshared /",
    "echo 1 > /proc/sys/net/ipv4/ip_forward",
    ...binds,
    `touch ${folder}/opened`,
    "trap 'exit 0' TERM",
    "while :; do sleep 1000 & wait $!; done",
  ].join("\n");
  const kinds = ["--mount", "--propagation", "slave", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc"];
  const command = ["unshare", ...kinds, "--uts", "--ipc", "--", "sh", "-c", script];
  const first = startProcess(run, host.enter(command), { log: join(folder, "log/space.log") });
  let pid: number | undefined;
  await waitUntil(
    `the space of ${hostName}`,
    async () => {
      await readFile(join(folder, "opened"));
      pid = onlyChild(first.pid);
      if (pid === undefined) throw new Error(first.log());
    },
    { timeoutMilliseconds: 20_000 },
  );
  const namespaces = ["--net", "--mount", "--pid", "--uts", "--ipc"];
  return (...inside) => ["nsenter", `--target=${pid}`, ...namespaces, `--wdns=${folder}`, "--", ...inside];
}
