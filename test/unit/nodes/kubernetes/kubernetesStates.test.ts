import * as assert from "node:assert/strict";
import { PassThrough } from "node:stream";

import type { CoreV1Event, V1Job, V1Pod } from "@kubernetes/client-node" with { "resolution-mode": "import" };

import type { Cluster } from "../../../../components/nodes/kubernetes/run/cluster";
import { ApiError, permanentError, statusMessage } from "../../../../components/nodes/kubernetes/run/errors";
import { jobOf } from "../../../../components/nodes/kubernetes/run/job";
import { KubernetesNode } from "../../../../components/nodes/kubernetes/run/node";
import { stateOf } from "../../../../components/nodes/kubernetes/run/state";
import { kubernetesNode } from "./kubernetesNode";

const platform = "linux/amd64";
const made = new Date("2026-11-01T10:00:00Z");
const running: V1Job = { ...jobOf(kubernetesNode), status: { active: 1 } };
running.metadata = { ...running.metadata, uid: "job-uid", creationTimestamp: made };

function podOf(status: V1Pod["status"], more: V1Pod["metadata"] = {}): V1Pod {
  const ownerReferences = [{ apiVersion: "batch/v1", kind: "Job", name: "job", uid: "job-uid" }];
  return { metadata: { name: "farm-0123abcd-amd64-x7k2p", creationTimestamp: made, ownerReferences, ...more }, status };
}

const readyPod = podOf({ phase: "Running", conditions: [{ type: "Ready", status: "True" }] });

function eventOf(reason: string, message: string, type = "Warning"): CoreV1Event {
  return { involvedObject: { name: running.metadata?.name }, metadata: {}, type, reason, message, lastTimestamp: made };
}

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

describe("what Kubernetes' API refuses", () => {
  const asked = { verb: "create", resource: "jobs" };
  const told: [status: number, message: string, expected: RegExp][] = [
    [401, "Unauthorized", /refuses these credentials \(401 Unauthorized\)/],
    [
      403,
      'jobs.batch is forbidden: User "ci" cannot create',
      /no right to create jobs in namespace builds \(.*\)\. Fix: a Role .* \{ apiGroups: \["batch"\], resources: \["jobs"\], verbs: \["create"\] \}, bound to/,
    ],
    [404, 'namespaces "builds" not found', /there is no namespace builds\. Fix: make it/],
    [422, "spec.x: Invalid value", /the cluster refuses its Job: spec\.x: Invalid value/],
  ];
  for (const [status, message, expected] of told) {
    it(`is told with the fix: ${status} ${message}`, () => {
      const error = permanentError("node amd64", "builds", new ApiError(status, message, asked));
      assert.match(error?.message ?? "", expected);
    });
  }

  it("names the group and all verbs of a rule that is missing", () => {
    const forward = { verb: "get and create", resource: "pods/portforward" };
    assert.match(
      permanentError("node amd64", "builds", new ApiError(403, "forbidden", forward))?.message ?? "",
      /\{ apiGroups: \[""\], resources: \["pods\/portforward"\], verbs: \["get", "create"\] \}/,
    );
  });

  it("is no refusal of its Job where a connection to its pod is refused", () => {
    const forward = { verb: "get and create", resource: "pods/portforward" };
    const refusal = (message: string) => permanentError("node amd64", "builds", new ApiError(400, message, forward));
    assert.match(
      refusal("Upgrade request required")?.message ?? "",
      /^node amd64: something .* passes no WebSockets.* \(400 Upgrade request required\)\. Fix: let them through/,
    );
    assert.equal(refusal("pod amd64-x7k2p does not have a host assigned"), undefined);
  });

  it("is waited for where it may pass", () => {
    assert.equal(permanentError("node amd64", "builds", new ApiError(503, "leaderless", asked)), undefined);
    assert.equal(permanentError("node amd64", "builds", new Error("ECONNRESET")), undefined);
  });

  it("is read from JSON and from plain text", () => {
    assert.equal(statusMessage('{"kind":"Status","message":"so"}'), "so");
    assert.equal(statusMessage({ message: "so" }), "so");
    assert.equal(statusMessage("404 page not found\n"), "404 page not found");
    assert.equal(statusMessage(undefined), undefined);
  });
});

/** A cluster as far as one node sees it. */
class OneJob implements Cluster {
  readonly server = "https://cluster.test";
  readonly done: string[] = [];
  job: V1Job | undefined;
  pods: V1Pod[] = [];
  dropsUserNamespaces = false;

  readJob = () => Promise.resolve(this.job);
  listPods = () => Promise.resolve(this.pods);
  listEvents = () => Promise.resolve([]);
  readLog = () => Promise.resolve("guard: buildkitd has ended by itself, with 1\n");
  forward = () => Promise.resolve(new PassThrough());

  createJob(job: V1Job): Promise<V1Job | undefined> {
    this.done.push("create");
    const made = structuredClone(job);
    made.metadata = { ...made.metadata, uid: "job-uid", creationTimestamp: new Date() };
    if (this.dropsUserNamespaces) {
      delete made.spec?.template.spec?.hostUsers;
    }
    this.job = made;
    return Promise.resolve(made);
  }

  deleteJob(): Promise<void> {
    this.done.push("delete");
    this.job = undefined;
    this.pods = [];
    return Promise.resolve();
  }
}

describe("a Kubernetes node", () => {
  const tls = { ca: "", cert: "", key: "" };
  const open = (cluster: Cluster) =>
    new KubernetesNode({ tls, builderName: "farm-0123abcd" }, kubernetesNode, () => Promise.resolve(cluster));
  const quiet = () => undefined;

  it("is made once, waited for, and reached in its pod", async () => {
    const cluster = new OneJob();
    const node = open(cluster);
    assert.deepEqual(await node.wake(quiet), { waitingFor: "its pod to be made" });
    assert.deepEqual(await node.wake(quiet), { waitingFor: "its pod to be made" });
    cluster.pods = [readyPod];
    const endpoint = await node.wake(quiet);
    assert.equal("kind" in endpoint && endpoint.kind, "carried");
    assert.deepEqual(cluster.done, ["create"]);
  });

  it("is not made while a pod of a Job that is gone drains: two can't have one cache", async () => {
    const cluster = new OneJob();
    cluster.pods = [readyPod];
    const node = open(cluster);
    assert.match(JSON.stringify(await node.wake(quiet)), /of an earlier Job, which may be building, to be gone/);
    assert.deepEqual(cluster.done, []);
    cluster.pods = [];
    await node.wake(quiet);
    assert.deepEqual(cluster.done, ["create"]);
  });

  it("is made anew when its pod has ended, and given up when it never begins", async () => {
    const cluster = new OneJob();
    const node = open(cluster);
    const said: string[] = [];
    await assert.rejects(async () => {
      for (let step = 0; step < 20; step += 1) {
        await node.wake((message) => said.push(message));
        if (cluster.job) {
          cluster.job.status = { conditions: [{ type: "Failed", status: "True", message: "BackoffLimitExceeded" }] };
          cluster.pods = [podOf({ phase: "Failed", reason: "Error" })];
        }
      }
    }, /4 pods in a row have ended before they were ready\. .*guard: buildkitd has ended by itself, with 1/s);
    assert.equal(cluster.done.filter((each) => each === "create").length, 4);
    assert.match(said.join("\n"), /its pod has ended: pod farm-0123abcd-amd64-x7k2p: Error/);
  });

  it("is no more made where its Job goes each time: what that belongs to is not in the cluster", async () => {
    const cluster = new OneJob();
    const node = open(cluster);
    await assert.rejects(async () => {
      for (let step = 0; step < 20; step += 1) {
        await node.wake(quiet);
        cluster.job = undefined;
      }
    }, /4 times in a row: the ConfigMap .*, builds\/farm-0123abcd-amd64 with the uid config-uid, is not in the cluster at https:\/\/cluster\.test any more\. Fix: the kubernetes provider of the builder's own cluster, and the `connection`/);
    assert.deepEqual(cluster.done, ["create", "create", "create", "create"]);
  });

  it("is made again as often as others delete its Job, or it is reached meanwhile", async () => {
    const deleted = new OneJob();
    const node = open(deleted);
    for (let step = 0; step < 10; step += 1) {
      await node.wake(quiet);
      deleted.job!.metadata!.deletionTimestamp = made;
      await node.wake(quiet);
      deleted.job = undefined;
    }
    const reached = new OneJob();
    const other = open(reached);
    for (let step = 0; step < 10; step += 1) {
      await other.wake(quiet);
      reached.pods = [readyPod];
      const endpoint = await other.wake(quiet);
      assert.ok("kind" in endpoint && endpoint.kind === "carried");
      (await endpoint.open()).destroy();
      Object.assign(reached, { job: undefined, pods: [] });
    }
    assert.equal(deleted.done.length + reached.done.length, 20);
  });

  it("gives way where its settings have changed", async () => {
    const cluster = new OneJob();
    cluster.job = structuredClone(running);
    cluster.job.metadata!.annotations = { "multi-platform-image/settings": "others" };
    cluster.pods = [readyPod];
    assert.deepEqual(await open(cluster).wake(quiet), { waitingFor: "the pod of earlier settings to end" });
    assert.deepEqual(cluster.done, ["delete"]);
  });

  it("is never privileged on its machine without a word, where a cluster knows no user namespaces", async () => {
    const cluster = new OneJob();
    cluster.dropsUserNamespaces = true;
    await assert.rejects(open(cluster).wake(quiet), /knows no user namespaces .* or `isolation: "privileged"`/);
    assert.deepEqual(cluster.done, ["create", "delete"]);
  });

  it("is replaced when it is silent, unless somebody may be building there", async () => {
    const cluster = new OneJob();
    cluster.job = structuredClone(running);
    cluster.pods = [readyPod];
    const node = open(cluster);
    assert.equal(await node.replace(true, quiet), false);
    assert.equal(await node.replace(false, quiet), true);
    assert.deepEqual(cluster.done, ["delete"]);
  });

  it("leaves no Job behind that would have a machine added for nobody", async () => {
    const cluster = new OneJob();
    const node = open(cluster);
    await node.wake(quiet);
    await node.giveUp(quiet);
    assert.deepEqual(cluster.done, ["create", "delete"]);
  });

  it("is left alone where it runs and is only not ready: others may be building there", async () => {
    const cluster = new OneJob();
    cluster.job = structuredClone(running);
    cluster.pods = [podOf({ phase: "Running", conditions: [{ type: "Ready", status: "False" }] })];
    const node = open(cluster);
    assert.deepEqual(await node.wake(quiet), { waitingFor: "buildkitd in pod farm-0123abcd-amd64-x7k2p to answer" });
    await node.giveUp(quiet);
    assert.deepEqual(cluster.done, []);
  });

  it("waits for a cluster that does not answer, and says so", async () => {
    const silent = () => Promise.reject(new Error("no answer from the cluster's API at https://c within 10 s"));
    const node = new KubernetesNode({ tls, builderName: "farm" }, kubernetesNode, silent);
    assert.deepEqual(await node.wake(quiet), {
      waitingFor: "the cluster: no answer from the cluster's API at https://c within 10 s",
    });
  });
});
