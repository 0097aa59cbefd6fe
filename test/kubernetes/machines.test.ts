import { strict as assert } from "node:assert";
import { readFile } from "node:fs/promises";

import { buildRules, manageRules } from "../../components/nodes/kubernetes/policy";
import { record } from "../ec2/timings";
import { diagnostics } from "../farm/outcome";
import { skipWithout } from "../hosts";
import { inspectIndex, trusting } from "../main/image";
import { Stack, waitFor } from "../main/stack";
import { nightly } from "../tier";
import { wakeAlone } from "./caller";
import { arm64MachineName, machineName } from "./cluster";
import { addArm64Machine, addVolume, getKubernetes, kubernetesPulumiHome, type Kubernetes } from "./fixture";
import { arm64BuildkitImage } from "./images";
import { declareNode, nodeArguments } from "./node";

const namespace = "crowd";
const names = Array.from({ length: 40 }, (_, at) => `image-${at + 1}`);
const arm64 = { platform: "linux/arm64", image: arm64BuildkitImage } as const;

nightly.describe("a cluster of two machines", function () {
  this.timeout(900_000);
  let kubernetes: Kubernetes;

  before(async function () {
    skipWithout(this, ["kubernetes", "skopeo"]);
    kubernetes = await getKubernetes();
    const { objects } = kubernetes;
    await addArm64Machine(kubernetes);
    await objects.createNamespace(namespace, { "pod-security.kubernetes.io/enforce": "privileged" });
    await objects.setRole(namespace, "builder", [...buildRules, ...manageRules]);
  });

  it("tells with the fix where the one for a platform keeps no pod in a user namespace", async () => {
    await addVolume("cache-8", arm64MachineName);
    const declared = await declareNode(kubernetes, namespace);
    const node = declared.open("admin", { ...arm64, architecture: "arm64", isolation: "userns" });
    await assert.rejects(
      wakeAlone(node, 15),
      /its machine can't keep the pod in a user namespace of its own\. Fix: machines with Linux 6\.3/,
    );
    await declared.undeclare();
    const isEmpty = async () => (await objects().names(namespace)).length === 0;
    await waitFor("the namespace to be empty", isEmpty, 60, 500);
  });

  const objects = () => kubernetes.objects;

  it("builds 40 images in one update on four nodes, and refuses none", async () => {
    const { registry, cluster } = kubernetes;
    for (const [at, machine] of [machineName, machineName, arm64MachineName, arm64MachineName].entries()) {
      await addVolume(`cache-crowd-${at}`, machine);
    }
    const amd64 = nodeArguments(namespace);
    const nodes = [amd64, { ...amd64, ...arm64 }, amd64, { ...amd64, ...arm64 }];
    const tagOf = (name: string) => `${registry.host}/${name}:1`;
    const images = names.map((name) => [name, { context: `./${name}`, tags: [tagOf(name)] }] as const);
    const builder = { nodes, idleTimeoutMinutes: 1, wakeTimeoutSeconds: 120 };
    const environment = { ...trusting(registry), PULUMI_HOME: await kubernetesPulumiHome(kubernetes) };
    const stack = await Stack.create(
      { builder, images: Object.fromEntries(images) },
      { program: `${__dirname}/../farm/program`, project: "crowd", environment },
    );
    for (const name of names) {
      stack.write(`${name}/Dockerfile`, "FROM scratch\nARG TARGETARCH\nCOPY name /out/${TARGETARCH}/name\n");
      stack.write(`${name}/name`, `${name}\n`);
    }
    // The default provider's, as text, with no KUBECONFIG beside it: hooks read it as the provider does.
    const kubeconfig = await readFile(cluster.kubeconfig("builder"), "utf8");
    const configured = await stack.run("config", "set", "--secret", "kubernetes:kubeconfig", kubeconfig);
    assert.equal(configured.code, 0, configured.output);
    try {
      const update = await stack.up();
      const { code, output, seconds } = update;
      assert.equal(code, 0, output);
      record("kubernetes", `${names.length} images on two arm64 and two amd64 nodes`, seconds);
      assert.equal(diagnostics(update).match(/ is awake: /g)?.length, 4, output);
      assert.doesNotMatch(output, /was lost|to build again|refused/);
      const pods = await objects().pods(namespace);
      const machines = pods.map(({ spec }) => spec?.nodeName).sort();
      assert.deepEqual(machines, [machineName, machineName, arm64MachineName, arm64MachineName]);
      const refused = (await cluster.audit()).filter((each) => /^builder .*pods\/portforward [45]/.test(each));
      assert.deepEqual(refused, []);
      const outputs = await stack.outputs<Record<string, { indexDigest: string }>>();
      assert.ok(names.every((name) => /^sha256:/.test(outputs[name].indexDigest)));
      const { digest, platformDigests } = await inspectIndex(registry, tagOf("image-40"));
      assert.equal(outputs["image-40"].indexDigest, digest);
      assert.deepEqual(Object.keys(platformDigests).sort(), ["linux/amd64", "linux/arm64"]);
    } finally {
      await stack.run("destroy", "--yes", "--skip-preview");
    }
  });
});
