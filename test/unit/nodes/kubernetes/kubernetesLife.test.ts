import * as assert from "node:assert/strict";

import type { Cluster } from "../../../../components/nodes/kubernetes/run/cluster";
import { KubernetesNode } from "../../../../components/nodes/kubernetes/run/node";
import { kubernetesNode } from "./kubernetesNode";
import { OneJob } from "./oneJob";
import { made, podOf, readyPod, running } from "./seen";

describe("a Kubernetes node", () => {
  const tls = { ca: "", cert: "", key: "" };
  const open = (cluster: Cluster, node = kubernetesNode) =>
    new KubernetesNode({ tls, builderName: "farm-0123abcd" }, node, () => Promise.resolve(cluster));
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

  it("keeps its pod for another program that has the same settings with their keys in another order", async () => {
    const cluster = new OneJob();
    const toleration = { key: "builds", operator: "Equal", value: "yes", effect: "NoSchedule" } as const;
    const { effect, key, operator, value } = toleration;
    const own = { ...kubernetesNode, nodeSelector: { pool: "builds", disk: "nvme" }, tolerations: [toleration] };
    // As Pulumi gives another stack the builder's output `connection`.
    const sorted = {
      ...own,
      nodeSelector: { disk: "nvme", pool: "builds" },
      tolerations: [{ effect, key, operator, value }],
    };
    await open(cluster, own).wake(quiet);
    cluster.pods = [readyPod];
    assert.ok("kind" in (await open(cluster, sorted).wake(quiet)));
    await open(cluster, { ...sorted, nodeSelector: { disk: "nvme", pool: "others" } }).wake(quiet);
    assert.deepEqual(cluster.done, ["create", "delete"]);
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
