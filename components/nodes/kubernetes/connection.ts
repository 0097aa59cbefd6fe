import type { TlsMaterial } from "../../transport/endpoint";
import type { Platform } from "../../support/platforms";
import type { KubernetesIsolation, KubernetesToleration } from "./arguments";

/** What hooks need of one node: nothing that is not in what is common. */
export interface KubernetesFacts {
  kind: "kubernetes";
}

/** A node's pod, as hooks make it. */
export interface KubernetesConnectionNode {
  name: string;
  platform: Platform;
  /** Of the claim, the ConfigMap, the Secret and the Job. */
  objectName: string;
  namespace: string;
  /** Of what the Job belongs to: it ends with it. */
  configMapUid: string;
  /** Another certificate is another pod: a daemon reads it once. */
  secretUid: string;
  architecture: string;
  isolation: KubernetesIsolation;
  cpu: string;
  memory: string;
  nodeSelector: Readonly<Record<string, string>>;
  tolerations: readonly KubernetesToleration[];
  image: string;
  idleSeconds: number;
  lifetimeSeconds: number;
}

/** How a builder's nodes on Kubernetes are reached, besides the way into the cluster. A secret: it holds a private key. */
export interface KubernetesConnection {
  builderName: string;
  tls: TlsMaterial;
  nodes: readonly KubernetesConnectionNode[];
}
