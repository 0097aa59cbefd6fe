import type { Fault } from "./row";

/** Of a node on Kubernetes: what befalls its pod, its machine and the way to it. */
export const podFaults: readonly Fault[] = [
  {
    part: "a pod",
    fault: "it is deleted at once, or its machine is gone",
    outcome: "the same update builds again in another pod; at most three more times",
    state: "ok",
    proofs: [["kubernetes/build", "is pushed by the same update when its pod is gone in the middle of it"]],
  },
  {
    part: "a pod",
    fault: "its machine is drained, or it is asked to end",
    outcome: "it finishes what it builds, for at most 15 minutes, and the next build waits for another pod",
    state: "ok",
    proofs: [
      ["kubernetes/build", "is finished by a pod whose machine is drained in the middle of it"],
      ["kubernetes/pod", "finishes a build when its pod is deleted, and the next wake makes another"],
    ],
  },
  {
    part: "a pod",
    fault: "whoever builds there is killed",
    outcome: "it ends by itself when it is idle; five minutes later there is nothing but what is declared",
    state: "ok",
    proofs: [
      ["kubernetes/build", "leaves a pod that ends by itself after a crash of its update, and its cache for the next"],
      ["kubernetes/build", "leaves a claim, a ConfigMap and … alone five minutes later"],
    ],
  },
  {
    part: "a pod",
    fault: "its Job is deleted while it builds",
    outcome: "the build is finished, and no second pod gets the cache before",
    state: "ok",
    proofs: [
      ["kubernetes/faults", "keeps a second one from the cache while the first, whose Job is gone, finishes a build"],
    ],
  },
  {
    part: "a pod",
    fault: "its BuildKit says nothing for a while",
    outcome:
      "it stays, also when it is asked to end, because something may be built there; 15 minutes after that it is ended",
    state: "ok",
    proofs: [["kubernetes/faults", "is no reason to end it, where its BuildKit says nothing for a while"]],
  },
  {
    part: "the way to a pod",
    fault: "a load balancer or a proxy before the cluster's API ends all connections",
    outcome: "the same update builds again in the same pod, with the steps that were done; at most three more times",
    state: "ok",
    proofs: [
      [
        "kubernetes/build",
        "is pushed by the same update when what is before the API ends all connections in the middle of it",
      ],
    ],
  },
  {
    part: "the way to a pod",
    fault: "it does so again and again, sooner than a step takes",
    outcome: "an error after three more times, which names the node; the steps that were done stay in the cache",
    state: "documented",
    reason: "BuildKit ends a build whose caller is gone, and no connection outlives what carries it",
    way: "a longer limit there, or a `server` in the kubeconfig that is behind nothing of that kind",
  },
  {
    part: "the way to a pod",
    fault: "what is before the cluster's API ends silent connections",
    outcome: "none is silent for more than 20 s",
    state: "ok",
    proofs: [["kubernetes/ways", "is not cut by what ends silent connections"]],
  },
  {
    part: "the way to a pod",
    fault: "a side does not read",
    outcome: "no more is taken from the other one; the memory of the program stays as it is",
    state: "ok",
    proofs: [
      ["kubernetes/ways", "has no more on it than what the other side takes, either way"],
      ["kubernetes/ways", "takes a context of 1 GiB, and the memory of the program stays as it is"],
    ],
  },
  {
    part: "a pod's end",
    fault: "the update is killed before its pod has begun",
    outcome:
      "`maxLifetimeMinutes` ends the Job; until then an autoscaler may add a machine, and the pod then ends when it is idle",
    state: "documented",
    reason: "a pod that has not begun can't end itself",
    way: "`clean --nodes BUILDER --namespace NAMESPACE` of the command line",
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
      ["kubernetes/pod", "is reported with the fix where the cluster has no machine of its platform"],
      [
        "kubernetes/pod",
        "is reported with the fix where its image can't be pulled, and where its claim has no storage class",
      ],
      ["kubernetes/pod", "is reported with the fix where the namespace admits no privileged pod"],
    ],
  },
];
