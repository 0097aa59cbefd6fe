import { strict as assert } from "node:assert";
import { readdirSync, readFileSync } from "node:fs";

import type { TlsMaterial } from "../../components/transport/endpoint";
import { nodeServerName } from "../../components/nodes/daemonAddress";
import type { KubernetesConnectionNode } from "../../components/nodes/kubernetes/connection";
import { buildkitdToml } from "../../components/nodes/kubernetes/declare/buildkitdToml";
import { guardScript } from "../../components/nodes/kubernetes/declare/guard";
import { kubernetesNodes } from "../../components/nodes/kubernetes/run/session";
import type { RunNode } from "../../components/nodes/node";
import { type Kubernetes, storageClass } from "./fixture";
import { buildkitImage } from "./images";
import type { ClusterUser } from "./settings";

export const objectName = "farm-0123abcd-amd64";

/** A small node as a program declares it. */
export const nodeArguments = (namespace: string) => ({
  kind: "kubernetes",
  platform: "linux/amd64",
  namespace,
  isolation: "privileged",
  image: buildkitImage,
  storageClass,
  cacheVolumeSizeGibibytes: 1,
  resources: { cpu: "100m", memory: "1Gi" },
});

/** A node that is declared without Pulumi. */
export interface DeclaredPod {
  readonly settings: KubernetesConnectionNode;
  readonly tls: TlsMaterial;
  /** The node, for somebody who builds on it. */
  open(user: ClusterUser, changes?: Partial<KubernetesConnectionNode>, kubeconfig?: string): RunNode;
  undeclare(): Promise<void>;
}

export async function declareNode(
  { authority, cluster, objects }: Kubernetes,
  namespace: string,
  ofClass = storageClass,
): Promise<DeclaredPod> {
  const server = await authority.issueServer({ names: [nodeServerName] });
  const client = await authority.issueClient();
  const files = { "buildkitd.toml": buildkitdToml({ registryMirrors: {}, insecureRegistries: [] }) };
  const data = { ...files, "guard.sh": guardScript };
  const secret = { "tls.crt": server.certificate, "tls.key": server.key, "ca.crt": authority.certificate };
  const configMapUid = await objects.declare(namespace, objectName, { data, secret, storageClass: ofClass });
  const tls = { ca: authority.certificate, cert: client.certificate, key: client.key, serverName: nodeServerName };
  const settings: KubernetesConnectionNode = {
    name: "amd64",
    platform: "linux/amd64",
    objectName,
    namespace,
    configMapUid,
    secretUid: "",
    architecture: "amd64",
    isolation: "privileged",
    cpu: "100m",
    memory: "1Gi",
    nodeSelector: {},
    tolerations: [],
    image: buildkitImage,
    idleSeconds: 20,
    lifetimeSeconds: 3_600,
  };
  return {
    settings,
    tls,
    open: (user, changes = {}, kubeconfig = cluster.kubeconfig(user)) => {
      const connection = { builderName: "farm-0123abcd", tls, nodes: [{ ...settings, ...changes }] };
      const [node] = kubernetesNodes(connection, () => Promise.resolve({ kubeconfig }));
      return node;
    },
    undeclare: () => objects.undeclare(namespace, objectName),
  };
}

/** The process of BuildKit in a pod, as this machine numbers it. */
export function daemonOf(podUid: string): number {
  const read = (file: string) => {
    try {
      return readFileSync(file, "utf8");
    } catch {
      return ""; // It has ended meanwhile.
    }
  };
  const found = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .find((pid) => read(`/proc/${pid}/comm`) === "buildkitd\n" && read(`/proc/${pid}/cgroup`).includes(podUid));
  assert.ok(found, `no buildkitd in pod ${podUid}`);
  return Number(found);
}
