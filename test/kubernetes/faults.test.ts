import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

import { pushBaseImage, skipWithout } from "../hosts";
import { waitFor } from "../main/stack";
import { nightly } from "../tier";
import { build, wakeAlone } from "./caller";
import { machineName } from "./cluster";
import { cordon } from "./drain";
import { addVolume, getKubernetes, type Kubernetes } from "./fixture";
import { daemonOf, declareNode, type DeclaredPod, objectName } from "./node";

const namespace = "faults";

nightly.describe("what befalls a pod of a real cluster", function () {
  this.timeout(300_000);
  let kubernetes: Kubernetes;
  let base: string;
  let declared: DeclaredPod;
  const said: string[] = [];

  before(async function () {
    skipWithout(this, ["kubernetes"]);
    kubernetes = await getKubernetes();
    await kubernetes.objects.createNamespace(namespace, { "pod-security.kubernetes.io/enforce": "privileged" });
    base = await pushBaseImage(kubernetes.registry);
    await addVolume("cache-7");
    declared = await declareNode(kubernetes, namespace);
  });

  after(() => declared?.undeclare());

  beforeEach(() => void said.splice(0));

  const wake = (changes: Parameters<DeclaredPod["open"]>[1] = {}, seconds = 60) =>
    wakeAlone(declared.open("admin", { idleSeconds: 120, ...changes }), seconds, (message) => void said.push(message));

  const onlyPod = async () => {
    const pods = await kubernetes.objects.pods(namespace);
    assert.equal(pods.length, 1);
    return { name: pods[0].metadata?.name ?? "", uid: pods[0].metadata?.uid ?? "" };
  };

  it("keeps a second one from the cache while the first, whose Job is gone, finishes a build", async () => {
    const { relay } = await wake();
    const first = await onlyPod();
    const running = build(relay, `FROM ${base}\nRUN sleep 8 && echo finished-${randomUUID()}\n`);
    await sleep(2_000);
    // As the garbage collector does it.
    const { batch } = kubernetes.objects;
    await batch.deleteNamespacedJob({ namespace, name: objectName, body: { propagationPolicy: "Background" } });
    const hasNone = async () => (await kubernetes.objects.jobs(namespace)).length === 0;
    await waitFor("the end of the Job", hasNone, 10, 100);
    const waiting = wake();
    await sleep(1_500);
    assert.deepEqual(await onlyPod(), first);
    assert.match(await running, /finished-/);
    await waiting;
    assert.notEqual((await onlyPod()).name, first.name);
  });

  it("is no reason to end it, where its BuildKit says nothing for a while", async () => {
    await wake();
    const { name, uid } = await onlyPod();
    const daemon = daemonOf(uid);
    process.kill(daemon, "SIGSTOP");
    try {
      const isUnready = async () =>
        (await kubernetes.objects.pods(namespace))[0].status?.conditions?.some(
          ({ type, status }) => type === "Ready" && status === "False",
        ) === true;
      await waitFor("what the kubelet says of it", isUnready, 60, 200);
      // Nobody who gives up takes it away from others who may build there.
      await assert.rejects(wake({}, 4), /did not answer within 4 s/);
      assert.equal((await kubernetes.objects.jobs(namespace)).length, 1);
      // Asked to end, it goes on: something may be built there.
      await kubernetes.objects.deletePod(namespace, name);
      await sleep(18_000);
      assert.deepEqual(await onlyPod(), { name, uid });
    } finally {
      process.kill(daemon, "SIGCONT");
    }
    const hasNone = async () =>
      (await kubernetes.objects.pods(namespace)).every(({ status }) => status?.phase === "Succeeded");
    await waitFor("its own end", hasNone, 30, 200);
  });

  it("is reported with the fix where the machines take no new ones", async () => {
    await cordon(kubernetes.objects, machineName, true);
    try {
      const words =
        /unschedulable.*: no machine for linux\/amd64 takes new pods, as while it is drained\. Fix: `kubectl uncordon`/;
      await assert.rejects(wake({}, 8), words);
    } finally {
      await cordon(kubernetes.objects, machineName, false);
    }
  });

  it("is reported with the fix where the namespace's quota is used up", async () => {
    const { core } = kubernetes.objects;
    const quota = { metadata: { name: "small" }, spec: { hard: { "requests.memory": "64Mi" } } };
    await core.createNamespacedResourceQuota({ namespace, body: quota });
    await assert.rejects(
      wake({}, 12),
      /quota small is used up \(.*\)\. Fix: smaller `resources`, or have the quota raised/,
    );
    await core.deleteNamespacedResourceQuota({ namespace, name: "small" });
    await wake();
  });

  it("is told of where what it belongs to is not in the cluster", async () => {
    await assert.rejects(
      wake({ configMapUid: randomUUID() }, 120),
      /its Job was gone right after it was made, 4 times in a row: the ConfigMap that it belongs to, faults\/farm-0123abcd-amd64 .* is not in the cluster/,
    );
  });

  it("is told of at once where the program for the token is not there", async () => {
    const config = JSON.parse(await readFile(kubernetes.cluster.kubeconfig("admin"), "utf8")) as object;
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      command: "no-such-program",
      interactiveMode: "Never",
    };
    const node = declared.open("admin", {}, JSON.stringify({ ...config, users: [{ name: "admin", user: { exec } }] }));
    await assert.rejects(
      wakeAlone(node, 30),
      /has its token from the program no-such-program, which this machine can't start/,
    );
  });
});
