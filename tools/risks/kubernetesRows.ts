import type { Fault, Threat } from "./row";

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

/** Of nodes in pods: what could go wrong by itself. */
export const podFaults: readonly Fault[] = [
  {
    part: "a pod",
    fault: "it is gone in the middle of a build: evicted, or with its machine",
    outcome: "the same update builds again on another pod",
    state: "ok",
    proofs: [["kubernetes/build", "is pushed by the same update when its pod is gone in the middle of it"]],
  },
  {
    part: "a pod",
    fault: "its machine is drained",
    outcome: "it finishes what it builds, for at most 15 minutes",
    state: "ok",
    proofs: [["kubernetes/pod", "finishes a build when its pod is deleted, and the next wake makes another"]],
  },
  {
    part: "a pod's end",
    fault: "the update that builds is killed",
    outcome: "the pod ends by itself when it has been idle, and its Job is removed five minutes later",
    state: "ok",
    proofs: [
      ["kubernetes/build", "leaves a pod that ends by itself after a crash of its update, and its cache for the next"],
    ],
  },
  {
    part: "a pod's end",
    fault: "the update is killed before its pod has begun",
    outcome:
      "`maxLifetimeMinutes` ends the Job; until then an autoscaler may add a machine, and the pod then ends when it is idle",
    state: "documented",
    reason: "a pod that has not begun can't end itself",
    way: "`clean --nodes BUILDER` of the command line",
    proofs: [
      [
        "unit/nodes/kubernetes/kubernetesShell",
        "removes a Job of which nobody waits any more that it begins, and no other",
      ],
    ],
  },
  {
    part: "a pod's start",
    fault: "no machine, no volume, no image, or a namespace that does not admit it",
    outcome: "the error says which, with the fix",
    state: "ok",
    proofs: [
      ["kubernetes/pod", "is told of with the fix where the cluster has no machine of its platform"],
      [
        "kubernetes/pod",
        "is told of with the fix where its image can't be pulled, and where its claim has no storage class",
      ],
      ["kubernetes/pod", "is told of with the fix where the namespace admits no privileged pod"],
    ],
  },
];
