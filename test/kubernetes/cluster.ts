import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Authority } from "../hosts/certificates";
import { execute, waitUntil } from "../hosts/command";
import type { TestNetwork } from "../hosts/network";
import type { TestRun } from "../hosts/testRun";
import { kubeconfigOf, writeKeys, writeMachineKeys } from "./keys";
import { openMachine } from "./machine";
import * as settings from "./settings";
import { kubernetesTools } from "./tools";

/** A real cluster: its control plane, and a machine whose kubelet runs pods. */
export interface TestCluster {
  readonly places: settings.ClusterPlaces;
  /** Whom the API server asks about tokens that it does not know: an URL. Nobody need be there. */
  readonly tokenReviewer: string;
  /** Where volumes of its machines are. */
  readonly volumes: string;
  /** Path of a kubeconfig. */
  kubeconfig(user: settings.ClusterUser): string;
  /** Runs a command as the cluster's first machine. */
  run(...command: string[]): Promise<string>;
  /** What was asked of its API by whom so far, as `USER VERB RESOURCE STATUS`. */
  audit(): Promise<string[]>;
  /**
   * A second machine, for pods of arm64 alone: it has this machine's architecture, and only calls itself so. Its kubelet
   * knows no user namespaces.
   */
  addArm64(): Promise<void>;
}

export const machineName = "node1";
export const arm64MachineName = "node2";

export async function startCluster(run: TestRun, network: TestNetwork, authority: Authority): Promise<TestCluster> {
  const tools = await kubernetesTools();
  const host = await network.addHost("cluster");
  const places = placesOf(run, { address: host.address, name: machineName, at: 0 });
  const { folder } = places;
  const machine = await openMachine(run, host, tools, places);
  await writeKeys(places, authority);
  // Of aws-iam-authenticator's own port.
  const tokenReviewer = `http://${network.address}:21362/authenticate`;
  await writeFile(join(folder, "pki/reviewer.kubeconfig"), JSON.stringify(settings.reviewerSettings(tokenReviewer)));
  await writeFile(join(folder, "audit.yaml"), JSON.stringify(auditPolicy));
  const volumes = join(folder, "volumes");
  await mkdir(volumes);
  const kubeconfig = (user: settings.ClusterUser) => kubeconfigOf(folder, user);

  const control = async () => {
    machine.start("etcd", ...etcdCommand(places));
    machine.start("kube-apiserver", join(folder, "bin/kube-apiserver"), ...settings.apiServerFlags(places));
    await ready(places);
    for (const [user, name] of [
      ["manager", "kube-controller-manager"],
      ["scheduler", "kube-scheduler"],
    ] as const) {
      const own = name === "kube-controller-manager" ? managerFlags(places) : [];
      const common = ["--leader-elect=false", "--bind-address=127.0.0.1", "--profiling=false", ...own];
      machine.start(name, join(folder, "bin", name), `--kubeconfig=${kubeconfig(user)}`, ...common);
    }
  };
  await Promise.all([control(), machine.startRuntime()]);
  await machine.startKubelet(kubeconfig("node"));
  return {
    places,
    tokenReviewer,
    volumes,
    kubeconfig,
    run: (...command) => machine.run(...command),
    audit: async () =>
      (await readFile(join(folder, "audit.log"), "utf8"))
        .split("\n")
        // The last is empty, or not all there yet.
        .slice(0, -1)
        .map((line) => JSON.parse(line) as AuditEvent)
        .map(({ user, verb, objectRef: { resource = "", subresource } = {}, responseStatus }) =>
          [user.username, verb, [resource, subresource].filter(Boolean).join("/"), responseStatus?.code].join(" "),
        ),
    addArm64: async () => {
      const other = await network.addHost("arm64");
      const own = placesOf(run, { address: other.address, name: arm64MachineName, at: 1 });
      const second = await openMachine(run, other, tools, own, arm64Settings);
      await writeMachineKeys(own, authority);
      await second.startRuntime();
      await second.startKubelet(kubeconfig("node2"));
    },
  };
}

interface AuditEvent {
  user: { username: string };
  verb: string;
  objectRef?: { resource: string; subresource?: string };
  responseStatus?: { code: number };
}

const auditPolicy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  rules: [{ level: "Metadata", omitStages: ["RequestReceived"] }],
};

const placesOf = (
  run: TestRun,
  { address, name, at }: { address: string; name: string; at: number },
): settings.ClusterPlaces => ({
  folder: join(run.folder, name),
  address,
  name,
  podNetwork: `10.${244 + at}.${run.number & 255}`,
  cgroup: `${run.name}-kubernetes-${name}`,
});

/** Without user namespaces, on which the other feature hangs; and with labels that stay, which a kubelet sets right with its status. */
const arm64Settings = {
  nodeStatusUpdateFrequency: "1h",
  featureGates: { KubeletInUserNamespace: true, ProcMountType: false, UserNamespacesSupport: false },
};

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

async function ready({ address, folder }: settings.ClusterPlaces): Promise<void> {
  const url = `https://${address}:6443/readyz`;
  await waitUntil(
    "the API server",
    () => execute(["curl", "--silent", "--fail", "--max-time", "5", "--cacert", join(folder, "pki/ca.crt"), url]),
    { timeoutMilliseconds: 120_000 },
  );
}
