import type { Threat } from "./row";

/** Of nodes in pods: what somebody could do to them, or with them. */
export const podThreats: readonly Threat[] = [
  {
    asset: "BuildKit in a pod",
    threat: "a RUN step, another pod or a machine of the cluster calls it",
    state: "ok",
    proofs: [
      ["kubernetes/pod", "starts, is reached through the cluster's API, and builds with RUN"],
      ["kubernetes/pod", "is reached on its loopback alone"],
    ],
  },
  {
    asset: "the cluster of a builder",
    threat: "whoever builds has more rights there than builds need",
    state: "ok",
    proofs: [
      ["kubernetes/rights", "has no right too many: without one to Jobs, pods or events a node says which is missing"],
      ["kubernetes/rights", "and without one to a pod's log or port"],
      ["kubernetes/commandLine", "wakes it for builds with buildx, which go on after the command has ended"],
    ],
  },
  {
    asset: "a machine of the cluster",
    threat: "a Dockerfile leaves its container",
    state: "documented",
    reason:
      "BuildKit's container is privileged; with `userns`, the default, its root is nobody on the machine, with `privileged` it is root there",
    way: '`isolation: "userns"`, on machines that nothing else runs on (`nodeSelector`, `tolerations`)',
    proofs: [["kubernetes/pod", "is made anew in a user namespace of its own when that is asked, with the same cache"]],
  },
  {
    asset: "clients' keys in the cluster",
    threat: "whoever may list Secrets of the builder's namespace, or run pods there, takes one",
    state: "documented",
    reason: "the command line finds a builder by a Secret of the namespace, which holds a client's key",
    way: "a namespace for builds alone, where nobody has a right who may not build",
  },
  {
    asset: "a builder in a cluster, as the command line finds it",
    threat:
      "whoever may make Secrets in its namespace, and read none, adds a node with an authority or a key of its own",
    state: "ok",
    proofs: [
      ["unit/nodes/kubernetes/kubernetesShell", "is none if …"],
      [
        "unit/nodes/kubernetes/kubernetesShell",
        "is refused where its Secrets have different keys, and does not keep others from being listed",
      ],
    ],
  },
  {
    asset: "a token for EKS",
    threat: "it is taken to another cluster, or used later",
    state: "ok",
    proofs: [
      [
        "unit/nodes/kubernetes/kubernetesEks",
        "is signed with the credentials of the environment, for one cluster and for 15 minutes",
      ],
      [
        "kubernetes/commandLine",
        "takes a token of EKS that is signed here, without the program aws, to the API and to the pod",
      ],
    ],
  },
  {
    asset: "files of the machine that runs the command line",
    threat: "a Secret of a namespace names `../../x` for a node or a builder",
    state: "ok",
    proofs: [["unit/nodes/kubernetes/kubernetesShell", "is none if …"]],
  },
];
