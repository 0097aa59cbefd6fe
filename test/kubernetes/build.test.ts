import { strict as assert } from "node:assert";
import * as fs from "node:fs";
import * as path from "node:path";

import { buildRules, manageRules } from "../../components/nodes/kubernetes/policy";
import { pushBaseImage, skipWithout } from "../hosts";
import { skopeo, trusting } from "../main/image";
import { crash } from "../main/processes";
import { Stack, type StartedCommand, temporaryDirectory, waitFor } from "../main/stack";
import { nightly } from "../tier";
import { machineName } from "./cluster";
import { cordon, drain } from "./drain";
import { addVolume, getKubernetes, kubernetesPulumiHome, type Kubernetes, namespace } from "./fixture";
import { type ApiFront, startFront } from "./front";
import { nodeArguments } from "./node";

interface InspectedImage {
  Architecture: string;
}

nightly.describe("an image that a pod of a real cluster builds", function () {
  this.timeout(900_000);
  let kubernetes: Kubernetes;
  let stack: Stack;
  let tag: string;
  let dockerfile: string;
  let front: ApiFront;

  const builderWith = (changes: object = {}) => ({
    nodes: [{ ...nodeArguments(namespace), ...changes }],
    idleTimeoutMinutes: 1,
    wakeTimeoutSeconds: 60,
  });

  before(async function () {
    skipWithout(this, ["kubernetes", "skopeo"]);
    kubernetes = await getKubernetes();
    const { registry, objects } = kubernetes;
    // All of it with the rights that are documented, and no other.
    await objects.setRole(namespace, "builder", [...buildRules, ...manageRules]);
    await addVolume("cache-1");
    tag = `${registry.host}/app:1`;
    const base = await pushBaseImage(registry);
    const image = { context: "./app", tags: [tag], platforms: ["linux/amd64"] };
    front = await startFront(kubernetes);
    const kubeconfig = path.join(temporaryDirectory("kubeconfig"), "config");
    fs.writeFileSync(kubeconfig, await front.kubeconfig("builder"));
    const environment = {
      ...trusting(registry),
      KUBECONFIG: kubeconfig,
      PULUMI_HOME: await kubernetesPulumiHome(kubernetes),
    };
    stack = await Stack.create({ builder: builderWith(), images: { app: image } }, { environment });
    dockerfile = `FROM ${base}\nRUN uname -m > /machine\nCOPY data /data\n`;
    stack.write("app/Dockerfile", dockerfile);
    stack.write("app/data", "of the context\n");
  });

  it("is pushed by the first update, which makes the pod, as its log says", async () => {
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    assert.match(output, /starting it as Job builders-[0-9a-f]{8}-amd64 in namespace builds/);
    assert.match(output, /node amd64 \(linux\/amd64, kubernetes builds\/\S+\) is awake: BuildKit/);
    const certificates = ["--cert-dir", kubernetes.registry.certificateFolder];
    const { Architecture } = JSON.parse(await skopeo("inspect", ...certificates, `docker://${tag}`)) as InspectedImage;
    assert.equal(Architecture, "amd64");
    const [pod] = await kubernetes.objects.pods(namespace);
    assert.equal(pod.status?.phase, "Running");
  });

  it("is not built by the second, which asks the cluster for nothing but what its provider does", async () => {
    const before = await kubernetes.cluster.audit();
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    assert.doesNotMatch(output, /node amd64/);
    const asked = (await kubernetes.cluster.audit()).slice(before.length);
    const ofHooks = asked.filter((each) => /^builder .*(jobs|pods|events)/.test(each));
    assert.deepEqual(ofHooks, []);
  });

  /** An update whose build is at a step that takes as long as that. */
  async function beginBuild(seconds: number): Promise<StartedCommand> {
    stack.write("app/Dockerfile", `${dockerfile}RUN sleep ${seconds}\n`);
    stack.write("app/data", `for ${seconds} s\n`);
    const update = stack.start("up", "--yes", "--skip-preview");
    await waitFor("the build", () => new RegExp(`RUN sleep ${seconds}`).test(update.output()), 60);
    return update;
  }

  it("is pushed by the same update when its pod is gone in the middle of it", async () => {
    const update = await beginBuild(7);
    const [pod] = await kubernetes.objects.pods(namespace);
    await kubernetes.objects.deletePod(namespace, pod.metadata?.name ?? "", 0);
    const { code, output } = await update.done;
    assert.equal(code, 0, output);
    const names = (await kubernetes.objects.pods(namespace)).map(({ metadata }) => metadata?.name);
    assert.ok(!names.includes(pod.metadata?.name), names.join());
    assert.match(output, /node amd64 was lost during the build; waking it to build again \(1 of 3\)/);
  });

  it("is pushed by the same update when what is before the API ends all connections in the middle of it", async () => {
    const update = await beginBuild(8);
    assert.ok(front.cut() > 0);
    const { code, output } = await update.done;
    assert.equal(code, 0, output);
    assert.match(output, /node amd64 was lost during the build; waking it to build again \(1 of 3\)/);
    assert.doesNotMatch(output, /starting it as Job/);
  });

  it("is finished by a pod whose machine is drained in the middle of it", async () => {
    const update = await beginBuild(9);
    const draining = drain(kubernetes.objects, machineName, namespace);
    const { code, output } = await update.done;
    assert.equal(code, 0, output);
    assert.doesNotMatch(output, /was lost/);
    assert.equal((await draining).length, 1);
    await cordon(kubernetes.objects, machineName, false);
  });

  it("leaves a pod that ends by itself after a crash of its update, and its cache for the next", async () => {
    const update = await beginBuild(300);
    await crash(update);
    const isOver = async () => {
      const pods = await kubernetes.objects.pods(namespace);
      return pods.every(({ status }) => status?.phase === "Succeeded");
    };
    await waitFor("the pod's own end", isOver, 240, 1_000);
    const [pod] = await kubernetes.objects.pods(namespace);
    assert.match(await kubernetes.objects.log(namespace, pod.metadata?.name ?? ""), /guard: idle for 1\d\d s: ending/);
  });

  nightly.it("leaves a claim, a ConfigMap and two Secrets alone five minutes later", async () => {
    const isGone = async () => (await kubernetes.objects.jobs(namespace)).length === 0;
    await waitFor("the end of what has ended", isGone, 330, 1_000);
    const kinds = (await kubernetes.objects.names(namespace)).map((name) => name.split("/")[0]);
    assert.deepEqual(kinds, ["claim", "secret", "secret", "configMap"]);
  });

  it("is pushed by the next update with the cache that the pod has left", async () => {
    await stack.run("cancel", "--yes");
    stack.write("app/Dockerfile", dockerfile);
    stack.write("app/data", "another content\n");
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    assert.match(output, /CACHED/);
  });

  it("is pushed with another volume where another storage class is asked for, whose old one a pod still has", async () => {
    const other = "other";
    await kubernetes.objects.createStorageClass(other);
    await addVolume("cache-other", machineName, other);
    const [before] = await kubernetes.objects.pods(namespace);
    assert.equal(before.status?.phase, "Running");
    stack.declare({ ...stack.spec(), builder: builderWith({ storageClass: other }) });
    stack.write("app/data", "on another volume\n");
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    assert.match(output, /starting it as Job/);
    const [after] = await kubernetes.objects.pods(namespace);
    assert.notEqual(after.metadata?.name, before.metadata?.name);
  });

  it("is destroyed with all that was made in the cluster", async () => {
    const { code, output } = await stack.run("destroy", "--yes", "--skip-preview");
    assert.equal(code, 0, output);
    const isEmpty = async () => (await kubernetes.objects.names(namespace)).length === 0;
    await waitFor("the namespace to be empty", isEmpty, 60, 500);
  });
});
