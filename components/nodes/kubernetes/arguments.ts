import type * as pulumi from "@pulumi/pulumi";

import type { CommonNodeArgs } from "../commonArguments";

/**
 * BuildKit in a pod of a Kubernetes cluster: a claim of a volume while nobody builds, and a Job from the first build on until
 * the pod has been idle for `idleTimeoutMinutes`, when it ends itself.
 *
 * Needs the packages `@pulumi/kubernetes` and `@kubernetes/client-node`. The cluster is that of the kubernetes provider of the
 * builder: of its `providers` or those of a component around it, else the default one. Hooks reach the cluster as it does,
 * through its API alone: BuildKit listens in the pod's own loopback, and mTLS keeps its RUN steps out, too.
 *
 * The namespace must admit privileged pods: label it `pod-security.kubernetes.io/enforce: privileged`.
 * @see docs/kubernetes.md
 */
export interface KubernetesNodeArgs extends CommonNodeArgs {
  kind: "kubernetes";
  /**
   * The namespace of all that is made for the node. It is not made here.
   *
   * Equivalent to `namespace` of buildx's kubernetes driver.
   */
  namespace: pulumi.Input<string>;
  /**
   * How the pod is kept from the machine that it runs on. BuildKit needs a privileged container, whose root is with:
   *
   * - `userns`: nobody on that machine (`hostUsers: false`). Kubernetes 1.33 or newer, Linux 6.3, containerd 2.0.
   * - `privileged`: root on that machine too, and so is whoever may build.
   *
   * @default "userns"
   * @see https://kubernetes.io/docs/concepts/workloads/pods/user-namespaces/
   */
  isolation?: KubernetesIsolation;
  /** What the pod asks of its machine, and at most gets. */
  resources?: KubernetesResources;
  /**
   * Size of the volume of the build cache, in GiB. It is claimed once, and stays while nobody builds. It can be made larger
   * where its storage class allows that.
   *
   * @default 50
   */
  cacheVolumeSizeGibibytes?: number;
  /**
   * The storage class of that volume. Another one is another volume: the cache begins anew.
   *
   * @default - the cluster's default class
   */
  storageClass?: string;
  /**
   * Labels of the machines that may run the pod, beside `kubernetes.io/os` and `kubernetes.io/arch`, which are the platform's.
   *
   * Equivalent to `nodeselector` of buildx's kubernetes driver.
   *
   * @default {}
   */
  nodeSelector?: Readonly<Record<string, string>>;
  /**
   * Taints that the pod may run in spite of, beside `kubernetes.io/arch`.
   *
   * Equivalent to `tolerations` of buildx's kubernetes driver.
   *
   * @default []
   */
  tolerations?: readonly KubernetesToleration[];
  /**
   * BuildKit's image, for instance in a mirror. It runs privileged: name it by digest where others may move its tag.
   *
   * Equivalent to `image` of buildx's kubernetes driver.
   *
   * @default - moby/buildkit:v0.33.1 by its digest
   */
  image?: pulumi.Input<string>;
  /**
   * How many steps BuildKit runs at the same time. Equivalent to `max-parallelism` in buildkitd.toml.
   *
   * @default - no limit
   */
  maxParallelism?: number;
  /**
   * Mirrors that BuildKit asks before a registry: `{ "docker.io": ["mirror.example.com"] }`. Equivalent to
   * `[registry."docker.io"] mirrors` in buildkitd.toml.
   *
   * @default {}
   */
  registryMirrors?: Readonly<Record<string, readonly string[]>>;
  /**
   * Registries, `HOST:PORT`, that are reached without TLS. Equivalent to `[registry."HOST:PORT"] http` in buildkitd.toml.
   *
   * @default []
   */
  insecureRegistries?: readonly string[];
}

export type KubernetesIsolation = "userns" | "privileged";

/** In Kubernetes' own spelling of quantities: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
export interface KubernetesResources {
  /**
   * Processors that the pod asks for: `"4"`, `"500m"`. It may use more where they are free.
   *
   * @default "1"
   */
  cpu?: string;
  /**
   * Memory that the pod asks for, and at most gets: `"8Gi"`.
   *
   * @default "4Gi"
   */
  memory?: string;
}

/** A toleration as in a pod: https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */
export interface KubernetesToleration {
  /** @default - all keys */
  key?: string;
  /** @default "Equal" */
  operator?: KubernetesTolerationOperator;
  value?: string;
  /** @default - all effects */
  effect?: KubernetesTaintEffect;
}

export type KubernetesTolerationOperator = "Equal" | "Exists";
export type KubernetesTaintEffect = "NoSchedule" | "PreferNoSchedule" | "NoExecute";
