import { generateKeyPairSync, randomBytes } from "node:crypto";
import { chmod, copyFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Authority } from "../hosts/certificates";
import { execute, waitUntil } from "../hosts/command";
import { makeGroups } from "../hosts/controlGroups";
import { onlyChild, startProcess } from "../hosts/hostProcess";
import type { NetworkHost, TestNetwork } from "../hosts/network";
import type { TestRun } from "../hosts/testRun";
import { podImages } from "./images";
import * as settings from "./settings";
import { type KubernetesTools, kubernetesTools } from "./tools";

/** A real cluster of one machine: its control plane, and a kubelet that runs pods. */
export interface TestCluster {
  readonly places: settings.ClusterPlaces;
  /** Where volumes of the machine are. */
  readonly volumes: string;
  /** Path of a kubeconfig. */
  kubeconfig(user: settings.ClusterUser): string;
  /** Runs a command as the cluster's machine. */
  run(...command: string[]): Promise<string>;
  /** What was asked of its API by whom so far, as `USER VERB RESOURCE`. */
  audit(): Promise<string[]>;
}

export const machineName = "node1";

/** Settings of the kernel that a kubelet would change, and that are this machine's own: it sees them as it wants them. */
const wantedSettings = {
  "vm/overcommit_memory": "1",
  "vm/panic_on_oom": "0",
  "kernel/panic": "10",
  "kernel/panic_on_oops": "1",
};

export async function startCluster(run: TestRun, network: TestNetwork, authority: Authority): Promise<TestCluster> {
  const tools = await kubernetesTools();
  const images = await podImages(tools);
  const host = await network.addHost("cluster");
  const folder = join(run.folder, "kubernetes");
  const cgroup = `${run.name}-kubernetes`;
  // Of aws-iam-authenticator's own port.
  const tokenReviewer = `http://${network.address}:21362/authenticate`;
  const places = { folder, address: host.address, podNetwork: `10.244.${run.number & 255}`, cgroup, tokenReviewer };
  await layOut(places, tools, authority);
  // The way back to pods, for the registry, which is this process' side of the network.
  await execute(["ip", "route", "add", `${places.podNetwork}.0/24`, "via", host.address, "dev", run.name]);
  const space = await openSpace(run, host, places);
  const start = (name: string, ...command: string[]) =>
    startProcess(run, space(...command), { log: join(folder, "log", `${name}.log`), env: environment(places) });

  const control = async () => {
    start("etcd", ...etcdCommand(places));
    start("kube-apiserver", join(folder, "bin/kube-apiserver"), ...settings.apiServerFlags(places));
    await ready(places);
    for (const [user, name] of [
      ["manager", "kube-controller-manager"],
      ["scheduler", "kube-scheduler"],
    ] as const) {
      const own = name === "kube-controller-manager" ? managerFlags(places) : [];
      const common = ["--leader-elect=false", "--bind-address=127.0.0.1", "--profiling=false", ...own];
      start(name, join(folder, "bin", name), `--kubeconfig=${folder}/pki/${user}.kubeconfig`, ...common);
    }
  };
  const runtime = async () => {
    start("containerd", join(folder, "bin/containerd"), "--config", join(folder, "containerd.toml"));
    const ctr = (...args: string[]) =>
      execute(space(join(folder, "bin/ctr"), "--address", join(folder, "containerd.sock"), "-n", "k8s.io", ...args));
    await waitUntil("containerd", () => ctr("version"), { timeoutMilliseconds: 60_000 });
    for (const image of images) await ctr("images", "import", image);
  };
  await Promise.all([control(), runtime()]);
  start("kubelet", join(folder, "bin/kubelet"), ...kubeletFlags(places));
  await waitUntil(
    "the kubelet",
    async () => {
      const log = await readFile(join(folder, "log/kubelet.log"), "utf8");
      if (!log.includes("Starting Kubelet Plugin Manager")) throw new Error(log.split("\n").slice(-5).join("\n"));
    },
    { timeoutMilliseconds: 120_000 },
  );
  // A pod in a user namespace of its own has its /proc only where nothing lies over the machine's.
  await execute(space("umount", ...Object.keys(wantedSettings).map((name) => `/proc/sys/${name}`)));
  return {
    places,
    volumes: join(folder, "volumes"),
    kubeconfig: (user) => join(folder, "pki", `${user}.kubeconfig`),
    run: (...command) => execute(space(...command)),
    audit: async () =>
      (await readFile(join(folder, "audit.log"), "utf8"))
        .split("\n")
        // The last is empty, or not all there yet.
        .slice(0, -1)
        .map((line) => JSON.parse(line) as AuditEvent)
        .map(({ user, verb, objectRef }) => [user.username, verb, objectRef?.resource ?? ""].join(" ")),
  };
}

interface AuditEvent {
  user: { username: string };
  verb: string;
  objectRef?: { resource: string };
}

const environment = ({ folder }: settings.ClusterPlaces): NodeJS.ProcessEnv => ({
  PATH: `${folder}/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
  HOME: folder,
});

const etcdCommand = ({ folder }: settings.ClusterPlaces): string[] => [
  ...[join(folder, "bin/etcd"), "--data-dir", join(folder, "etcd"), "--unsafe-no-fsync", "--log-level", "warn"],
  ...["--listen-client-urls", "http://127.0.0.1:2379", "--advertise-client-urls", "http://127.0.0.1:2379"],
  ...["--listen-peer-urls", "http://127.0.0.1:2380"],
];

const managerFlags = ({ folder }: settings.ClusterPlaces): string[] => [
  "--use-service-account-credentials=true",
  `--service-account-private-key-file=${folder}/pki/accounts.key`,
  `--root-ca-file=${folder}/pki/ca.crt`,
];

const kubeletFlags = ({ folder, address }: settings.ClusterPlaces): string[] => [
  `--config=${folder}/kubelet.json`,
  `--root-dir=${folder}/kubelet`,
  `--kubeconfig=${folder}/pki/node.kubeconfig`,
  `--hostname-override=${machineName}`,
  `--node-ip=${address}`,
  `--cert-dir=${folder}/kubelet/pki`,
];

async function layOut(places: settings.ClusterPlaces, tools: KubernetesTools, authority: Authority): Promise<void> {
  const { folder } = places;
  for (const name of ["bin", "cni", "net.d", "pki", "log", "volumes", "kubelet", "sysctl", "containerd"]) {
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
  await write("kubelet.json", settings.kubeletSettings(places));
  await write("net.d/10-pods.conflist", settings.networkSettings(places));
  await write("pki/reviewer.kubeconfig", settings.reviewerSettings(places));
  await write("resolv.conf", "nameserver 127.0.0.1\n");
  await write("audit.yaml", {
    apiVersion: "audit.k8s.io/v1",
    kind: "Policy",
    rules: [{ level: "Metadata", omitStages: ["RequestReceived"] }],
  });
  for (const [name, value] of Object.entries(wantedSettings)) {
    await write(`sysctl/${name.replace("/", "-")}`, `${value}\n`);
  }
  await writeKeys(places, authority, write);
}

async function writeKeys(
  { address }: settings.ClusterPlaces,
  authority: Authority,
  write: (name: string, text: string | object) => Promise<void>,
): Promise<void> {
  const server = await authority.issueServer({ names: [address, "127.0.0.1", "10.96.0.1", "kubernetes.default.svc"] });
  const client = await authority.issueClient();
  const accounts = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  await write("pki/ca.crt", authority.certificate);
  await write("pki/server.crt", server.certificate);
  await write("pki/server.key", server.key);
  await write("pki/client.crt", client.certificate);
  await write("pki/client.key", client.key);
  await write("pki/accounts.pub", accounts.publicKey);
  await write("pki/accounts.key", accounts.privateKey);
  const lines: string[] = [];
  for (const [user, { name, groups }] of Object.entries(settings.users)) {
    const token = randomBytes(16).toString("hex");
    lines.push([token, name, user, ...(groups.length > 0 ? [`"${groups.join(",")}"`] : [])].join(","));
    const ca = Buffer.from(authority.certificate).toString("base64");
    await write(`pki/${user}.kubeconfig`, {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "tests", cluster: { server: `https://${address}:6443`, "certificate-authority-data": ca } }],
      users: [{ name: user, user: { token } }],
      contexts: [{ name: "tests", context: { cluster: "tests", user } }],
      "current-context": "tests",
    });
  }
  await write("pki/tokens.csv", `${lines.join("\n")}\n`);
}

/**
 * One space for the whole cluster: network, mounts, processes, host name. It ends with its first process, and all pods with it.
 * Says how a command is run in it.
 */
async function openSpace(
  run: TestRun,
  host: NetworkHost,
  { folder, cgroup }: settings.ClusterPlaces,
): Promise<(...command: string[]) => string[]> {
  await makeGroups(cgroup);
  const binds = Object.keys(wantedSettings).map(
    (name) => `mount --bind ${folder}/sysctl/${name.replace("/", "-")} /proc/sys/${name}`,
  );
  const script = [
    `hostname ${machineName}`,
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
    "the cluster's space",
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

async function ready({ address, folder }: settings.ClusterPlaces): Promise<void> {
  const url = `https://${address}:6443/readyz`;
  await waitUntil(
    "the API server",
    () => execute(["curl", "--silent", "--fail", "--max-time", "5", "--cacert", join(folder, "pki/ca.crt"), url]),
    { timeoutMilliseconds: 120_000 },
  );
}
