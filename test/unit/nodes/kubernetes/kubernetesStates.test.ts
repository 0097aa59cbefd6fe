import * as assert from "node:assert/strict";

import type { CoreV1Event, V1Pod } from "@kubernetes/client-node" with { "resolution-mode": "import" };

import { jobOf } from "../../../../components/nodes/kubernetes/run/job";
import { stateOf } from "../../../../components/nodes/kubernetes/run/state";
import { kubernetesNode } from "./kubernetesNode";
import { eventOf, made, platform, podOf, readyPod, running } from "./seen";

describe("the state of a Kubernetes node", () => {
  const unscheduled = (message: string) =>
    podOf({
      phase: "Pending",
      conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }],
    });
  const told: [title: string, seen: { pods: V1Pod[]; events?: CoreV1Event[] }, expected: RegExp][] = [
    [
      "no machine of its platform",
      { pods: [unscheduled("0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.")] },
      /no machine for linux\/amd64 with the labels in `nodeSelector`\. Fix: a node group, or a NodePool of Karpenter/,
    ],
    [
      "no storage class of that name",
      { pods: [unscheduled('storageclass.storage.k8s.io "fast" not found')] },
      /Fix: name a class of this cluster in `storageClass`/,
    ],
    [
      "nothing that makes its volume",
      { pods: [unscheduled("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.")] },
      /nothing makes the volume of its cache\. Fix: a default storage class in the cluster/,
    ],
    [
      "a volume in a zone without machines",
      { pods: [unscheduled("0/2 nodes are available: 2 node(s) had volume node affinity conflict.")] },
      /is in a zone that has no machine for it\. Fix: machines in that zone/,
    ],
    [
      "too little memory",
      { pods: [unscheduled("0/2 nodes are available: 2 Insufficient memory.")] },
      /Insufficient memory\. Fix: smaller `resources`/,
    ],
    [
      "a machine that is drained",
      {
        pods: [
          unscheduled(
            "0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) were unschedulable.",
          ),
        ],
      },
      /unschedulable: no machine for linux\/amd64 takes new pods, as while it is drained\. Fix: `kubectl uncordon`/,
    ],
    [
      "an image that a registry gives no more of",
      {
        pods: [
          podOf({
            phase: "Pending",
            containerStatuses: [
              {
                name: "buildkitd",
                image: "",
                imageID: "",
                ready: false,
                restartCount: 0,
                state: { waiting: { reason: "ErrImagePull", message: "failed to pull: 429 Too Many Requests" } },
              },
            ],
          }),
        ],
      },
      /its image can't be pulled: .*429.* Fix: `image` in a registry of your own/,
    ],
    [
      "a volume that another machine still has",
      { pods: [podOf({ phase: "Pending" })], events: [eventOf("FailedAttachVolume", "Multi-Attach error for volume")] },
      /Multi-Attach error for volume: another machine has not let go of its cache yet/,
    ],
    [
      "a machine that knows no user namespaces",
      {
        pods: [podOf({ phase: "Pending" })],
        events: [eventOf("FailedCreatePodSandBox", "the runtime handler does not support user namespaces")],
      },
      /Fix: machines with Linux 6\.3, containerd 2\.0 and a kubelet of 1\.33 or newer, or `isolation: "privileged"`/,
    ],
    [
      "a kubelet that knows no user namespaces",
      {
        pods: [podOf({ phase: "Pending" })],
        events: [
          eventOf(
            "FailedCreatePodSandBox",
            'Failed to create pod sandbox: the feature gate "UserNamespacesSupport" is disabled: can\'t set spec.HostUsers',
          ),
        ],
      },
      /its machine can't keep the pod in a user namespace .* or `isolation: "privileged"`/,
    ],
  ];
  for (const [title, { pods, events = [] }, expected] of told) {
    it(`is told with the fix at ${title}`, () => {
      const state = stateOf({ job: running, pods, events, platform });
      assert.equal(state.kind, "starting");
      assert.match("words" in state ? state.words : "", expected);
    });
  }

  it("is a refusal where PodSecurity admits no pod, and a wait where a quota does not", () => {
    const security = eventOf(
      "FailedCreate",
      'Error creating: pods "x" is forbidden: violates PodSecurity "baseline:latest": privileged (container "buildkitd" must not set securityContext.privileged=true)',
    );
    const refused = stateOf({ job: running, pods: [], events: [security], platform });
    assert.equal(refused.kind, "refused");
    assert.match("words" in refused ? refused.words : "", /PodSecurity "baseline:latest".*Fix: `kubectl label/);
    const quota = eventOf(
      "FailedCreate",
      'pods "x" is forbidden: exceeded quota: builds, requested: cpu=4, limited: cpu=2',
    );
    const waiting = stateOf({ job: running, pods: [], events: [quota], platform });
    assert.equal(waiting.kind, "starting");
    assert.match(
      "words" in waiting ? waiting.words : "",
      /quota builds is used up \(requested: cpu=4, limited: cpu=2\)/,
    );
  });

  it("is its newest pod's, and ready when that says so", () => {
    const older = podOf({ phase: "Failed" }, { name: "older", creationTimestamp: new Date(0) });
    assert.deepEqual(stateOf({ job: running, pods: [readyPod, older], events: [], platform }), {
      kind: "ready",
      pod: readyPod.metadata?.name,
    });
  });

  it("is an end where its pod was asked to end, also while it still answers", () => {
    const ending = podOf(readyPod.status, { deletionTimestamp: made });
    assert.equal(stateOf({ job: running, pods: [ending], events: [], platform }).kind, "ending");
  });

  it("is an end while a pod of a Job that is gone has the cache", () => {
    const ownerReferences = [{ apiVersion: "batch/v1", kind: "Job", name: "job", uid: "an-earlier-uid" }];
    const other = podOf(readyPod.status, { name: "earlier", ownerReferences, deletionTimestamp: made });
    const pending = podOf({ phase: "Pending" });
    for (const [job, pods] of [
      [undefined, [other]],
      [running, [other]],
      [running, [pending, other]],
    ] as const) {
      const state = stateOf({ job, pods, events: [], platform });
      assert.deepEqual(state, {
        kind: "ending",
        words: "pod earlier of an earlier Job, which may be building, to be gone",
      });
    }
    assert.equal(stateOf({ job: running, pods: [readyPod, other], events: [], platform }).kind, "ready");
    const ended = podOf({ phase: "Failed" }, { name: "earlier", ownerReferences });
    assert.equal(stateOf({ job: undefined, pods: [ended], events: [], platform }).kind, "absent");
  });

  it("says how a pod ended", () => {
    const job = { ...running, status: { conditions: [{ type: "Failed", status: "True" }] } };
    const evicted = podOf({ phase: "Failed", reason: "Evicted", message: "low on resource: ephemeral-storage" });
    const state = stateOf({ job, pods: [evicted], events: [], platform });
    assert.deepEqual(state, {
      kind: "ended",
      isFailed: true,
      pod: evicted.metadata?.name,
      words: "pod farm-0123abcd-amd64-x7k2p: Evicted: low on resource: ephemeral-storage",
    });
  });
});

describe("a Kubernetes node's pod that had too little memory", () => {
  it("is told of with its limit and the argument", () => {
    const job = { ...running, status: { conditions: [{ type: "Failed", status: "True" }] } };
    const terminated = { reason: "OOMKilled", exitCode: 137 };
    const pod = podOf({
      phase: "Failed",
      containerStatuses: [
        { name: "buildkitd", image: "", imageID: "", ready: false, restartCount: 0, state: { terminated } },
      ],
    });
    pod.spec = jobOf(kubernetesNode).spec?.template.spec;
    const state = stateOf({ job, pods: [pod], events: [], platform });
    assert.match(
      "words" in state ? state.words : "",
      /x7k2p: OOMKilled \(exit code 137\)\. Fix: more than 4Gi in `resources\.memory`$/,
    );
  });
});
