import { strict as assert } from "node:assert";

import { buildRules, manageRules } from "../../components/nodes/kubernetes/policy";
import { pushBaseImage, skipWithout } from "../hosts";
import { skopeo, trusting } from "../main/image";
import { Stack, waitFor } from "../main/stack";
import { addVolume, getKubernetes, kubernetesPulumiHome, type Kubernetes, namespace, storageClass } from "./fixture";
import { buildkitImage } from "./images";

interface InspectedImage {
  Architecture: string;
}

describe("an image that a pod of a real cluster builds", function () {
  this.timeout(900_000);
  let kubernetes: Kubernetes;
  let stack: Stack;
  let tag: string;

  before(async function () {
    skipWithout(this, ["kubernetes", "skopeo"]);
    kubernetes = await getKubernetes();
    const { registry, cluster, objects } = kubernetes;
    // All of it with the rights that are documented, and no other.
    await objects.setRole(namespace, "builder", [...buildRules, ...manageRules]);
    await addVolume("cache-1");
    tag = `${registry.host}/app:1`;
    const base = await pushBaseImage(registry);
    const node = {
      kind: "kubernetes",
      platform: "linux/amd64",
      namespace,
      isolation: "privileged",
      image: buildkitImage,
      storageClass,
      cacheVolumeSizeGibibytes: 1,
      resources: { cpu: "100m", memory: "1Gi" },
    };
    const builder = { nodes: [node], idleTimeoutMinutes: 1, wakeTimeoutSeconds: 60 };
    const image = { context: "./app", tags: [tag], platforms: ["linux/amd64"] };
    const environment = {
      ...trusting(registry),
      KUBECONFIG: cluster.kubeconfig("builder"),
      PULUMI_HOME: await kubernetesPulumiHome(kubernetes),
    };
    stack = await Stack.create({ builder, images: { app: image } }, { environment });
    stack.write("app/Dockerfile", `FROM ${base}\nRUN uname -m > /machine\nCOPY data /data\n`);
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

  it("leaves a pod that ends by itself when it is idle, and its cache for the next", async () => {
    const isOver = async () => {
      const pods = await kubernetes.objects.pods(namespace);
      return pods.every(({ status }) => status?.phase === "Succeeded");
    };
    await waitFor("the pod's own end", isOver, 240, 1_000);
    const [pod] = await kubernetes.objects.pods(namespace);
    assert.match(await kubernetes.objects.log(namespace, pod.metadata?.name ?? ""), /guard: idle for 1\d\d s: ending/);
    stack.write("app/data", "another content\n");
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    assert.match(output, /CACHED/);
  });

  it("is destroyed with all that was made in the cluster", async () => {
    const { code, output } = await stack.run("destroy", "--yes", "--skip-preview");
    assert.equal(code, 0, output);
    const isEmpty = async () => (await kubernetes.objects.names(namespace)).length === 0;
    await waitFor("the namespace to be empty", isEmpty, 60, 500);
  });
});
