import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";

import type { KubernetesConnectionNode } from "../../components/nodes/kubernetes/connection";
import { buildRules, type Rule } from "../../components/nodes/kubernetes/policy";
import type { RunNode } from "../../components/nodes/node";
import { wakeNode } from "../../components/session/wakeNodes";
import { Relay } from "../../components/transport/relay";
import { skipWithout } from "../hosts";
import { waitFor } from "../main/stack";
import { nightly } from "../tier";
import { addVolume, getKubernetes, type Kubernetes } from "./fixture";
import { buildkitImage, pauseImage } from "./images";
import { declareNode, type DeclaredPod } from "./node";

const namespace = "rights";

nightly.describe("the Role of docs/kubernetes.md, on a real cluster", function () {
  this.timeout(300_000);
  let kubernetes: Kubernetes;
  let declared: DeclaredPod;

  before(async function () {
    skipWithout(this, ["kubernetes"]);
    kubernetes = await getKubernetes();
    await kubernetes.objects.createNamespace(namespace, { "pod-security.kubernetes.io/enforce": "privileged" });
    await addVolume("cache-3");
    declared = await declareNode(kubernetes, namespace);
  });

  after(() => declared?.undeclare());

  /** The node, for one who has all of the Role but some rights. */
  async function open(without: readonly string[], changes: Partial<KubernetesConnectionNode> = {}): Promise<RunNode> {
    await kubernetes.objects.setRole(namespace, "builder", rulesWithout(without));
    return declared.open("builder", changes);
  }

  async function isRefused(right: string, changes: Partial<KubernetesConnectionNode> = {}): Promise<void> {
    const node = await open([right], changes);
    const [verb, resource] = right.split(" ");
    const rule = `\\{ apiGroups: .*, resources: \\["${resource}"\\], verbs: \\["${verb}"\\] \\}`;
    await assert.rejects(
      node.wake(() => undefined),
      new RegExp(
        `no right to ${right} in namespace rights \\(.*\\)\\. Fix: a Role in that namespace with the rule ${rule}`,
      ),
    );
  }

  /** No machine has the label. */
  const nowhere = { nodeSelector: { "tests/none": "here" } };
  const hasPod = async () => (await kubernetes.objects.pods(namespace)).length > 0;
  const hasNone = async () => (await kubernetes.objects.jobs(namespace)).length === 0;

  it("has no right too many: without one to Jobs, pods or events a node says which is missing", async () => {
    await isRefused("get jobs");
    await isRefused("create jobs");
    await (await open([], nowhere)).wake(() => undefined);
    await waitFor("its pod", hasPod, 20, 100);
    await isRefused("list pods", nowhere);
    await isRefused("list events", nowhere);
    await isRefused("delete jobs", { ...nowhere, cpu: "200m" });
    await (await open([], nowhere)).giveUp?.(() => undefined);
    await waitFor("the end of its Job", hasNone, 20, 100);
  });

  nightly.it("and without one to a pod's log or port", async () => {
    await (await open([], { image: pauseImage })).wake(() => undefined);
    const hasFailed = async () => (await kubernetes.objects.jobs(namespace)).some(({ status }) => status?.failed === 1);
    await waitFor("the failure of a pod that has no shell", hasFailed, 30, 200);
    await isRefused("get pods/log", { image: pauseImage });
    await (await open([], { image: pauseImage })).wake(() => undefined);
    await waitFor("the end of its Job", hasNone, 20, 100);

    const pod = { image: buildkitImage };
    const relay = new Relay(randomUUID(), ["amd64"]);
    await relay.claim();
    await wakeNode(await open([], pod), relay, 120, () => undefined);
    for (const right of ["get pods/portforward", "create pods/portforward"]) {
      const node = await open([right], pod);
      const other = new Relay(randomUUID(), ["amd64"]);
      await other.claim();
      await assert.rejects(
        wakeNode(node, other, 20, () => undefined),
        /no right to get and create pods\/portforward in namespace rights/,
      );
    }
  });
});

/** A rule without a verb is none. */
function rulesWithout(rights: readonly string[]): Rule[] {
  const single = buildRules.flatMap((rule) => rule.resources.map((name) => ({ ...rule, resources: [name] })));
  const left = single.map((rule) => ({
    ...rule,
    verbs: rule.verbs.filter((verb) => !rights.includes(`${verb} ${rule.resources[0]}`)),
  }));
  return left.filter(({ verbs }) => verbs.length > 0);
}
