import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";

import type { Progress } from "../../components/support/progress";
import type { KubernetesConnectionNode } from "../../components/nodes/kubernetes/connection";
import { pushBaseImage, skipWithout } from "../hosts";
import { waitFor } from "../main/stack";
import { nightly } from "../tier";
import { build, wakeAlone } from "./caller";
import { addVolume, getKubernetes, type Kubernetes, namespace, storageClass } from "./fixture";
import { declareNode, type DeclaredPod, objectName } from "./node";

nightly.describe("a node in a pod of a real cluster", function () {
  this.timeout(600_000);
  let kubernetes: Kubernetes;
  let base: string;
  let said: string[] = [];
  const progress: Progress = (message) => void said.push(message);
  let declared: DeclaredPod;

  before(async function () {
    skipWithout(this, ["kubernetes"]);
    kubernetes = await getKubernetes();
    base = await pushBaseImage(kubernetes.registry);
    await addVolume("cache-2");
    declared = await declareNode(kubernetes, namespace);
  });

  beforeEach(() => {
    said = [];
  });

  const wake = (changes: Partial<KubernetesConnectionNode> = {}, seconds = 120) =>
    wakeAlone(declared.open("admin", changes), seconds, progress);

  it("starts, is reached through the cluster's API, and builds with RUN", async () => {
    const { info, relay } = await wake();
    assert.equal(info.platforms[0], "linux/amd64");
    assert.match(said.join("\n"), /starting it as Job farm-0123abcd-amd64 in namespace builds/);
    const output = await build(relay, `FROM ${base}\nRUN uname -m > /machine && cat /machine\n`);
    assert.match(output, /x86_64/);
    // The port is there for a RUN step, which shares the pod's network, and says nothing without a certificate.
    const plain = "printf 'PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n' | busybox nc -w 5 127.0.0.1 1234 | busybox wc -c";
    const asked = await build(relay, `FROM ${base}\nRUN echo answered-$(${plain})-bytes\n`);
    assert.match(asked, /answered-0-bytes/);
  });

  it("is reached on its loopback alone", async () => {
    const [pod] = await kubernetes.objects.pods(namespace);
    const address = pod.status?.podIP ?? "";
    await assert.rejects(kubernetes.cluster.run("curl", "--max-time", "3", `telnet://${address}:1234`), /7|refused/);
  });

  it("is made anew in a user namespace of its own when that is asked, with the same cache", async () => {
    const { relay } = await wake({ isolation: "userns" });
    assert.match(said.join("\n"), /its settings have changed; its pod ends what it builds/);
    const [pod] = await kubernetes.objects.pods(namespace);
    assert.equal(pod.spec?.hostUsers, false);
    const output = await build(relay, `FROM ${base}\nRUN uname -m > /machine && cat /machine\n`);
    assert.match(output, /CACHED/);
  });

  it("finishes a build when its pod is deleted, and the next wake makes another", async () => {
    const { relay } = await wake({ isolation: "userns" });
    const [pod] = await kubernetes.objects.pods(namespace);
    const running = build(relay, `FROM ${base}\nRUN sleep 15 && echo finished-${randomUUID()}\n`);
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    await kubernetes.objects.deletePod(namespace, pod.metadata?.name ?? "");
    assert.match(await running, /finished-/);
    await wake({ isolation: "userns" });
    const [next] = await kubernetes.objects.pods(namespace);
    assert.notEqual(next.metadata?.name, pod.metadata?.name);
  });

  it("ends by itself when it is idle", async () => {
    const isOver = async () =>
      (await kubernetes.objects.pods(namespace)).every(({ status }) => status?.phase === "Succeeded");
    await waitFor("the pod's own end", isOver, 120, 500);
    const [pod] = await kubernetes.objects.pods(namespace);
    assert.match(await kubernetes.objects.log(namespace, pod.metadata?.name ?? ""), /guard: idle for \d+ s: ending/);
  });

  it("is reported with the fix where the cluster has no machine of its platform", async () => {
    await assert.rejects(
      wake({ platform: "linux/s390x", architecture: "s390x" }, 25),
      /the cluster has no machine for linux\/s390x with the labels in `nodeSelector`\. Fix: a node group/,
    );
    const isGone = async () => (await kubernetes.objects.jobs(namespace)).length === 0;
    await waitFor("the end of what would have a machine added for nobody", isGone, 20, 200);
  });

  nightly.it(
    "is reported with the fix where its image can't be pulled, and where its claim has no storage class",
    async () => {
      await assert.rejects(
        wake({ image: "127.0.0.1:1/none:1" }, 20),
        /its image can't be pulled: .*Fix: correct `image`, or let the machines reach its registry/s,
      );
      await kubernetes.objects.createNamespace("classless", { "pod-security.kubernetes.io/enforce": "privileged" });
      const classless = await declareNode(kubernetes, "classless", "none");
      await assert.rejects(
        wakeAlone(classless.open("admin"), 12, progress),
        /nothing makes the volume of its cache\. Fix: a default storage class in the cluster, or `storageClass`/,
      );
      await classless.undeclare();
    },
  );

  it("is reported with the fix where the namespace admits no privileged pod", async () => {
    await kubernetes.objects.createNamespace("baseline", { "pod-security.kubernetes.io/enforce": "baseline" });
    const configMapUid = await kubernetes.objects.declare("baseline", objectName, {
      data: {},
      secret: {},
      storageClass,
    });
    await assert.rejects(
      wake({ namespace: "baseline", configMapUid }),
      /the namespace admits no privileged pod \(PodSecurity "baseline:latest"\).*Fix: `kubectl label/,
    );
  });

  it("goes with what is declared, a running pod too", async () => {
    await wake();
    await declared.undeclare();
    const isEmpty = async () => (await kubernetes.objects.names(namespace)).length === 0;
    await waitFor("the namespace to be empty", isEmpty, 60, 500);
  });
});
