import { strict as assert } from "node:assert";

import { buildRules, manageRules } from "../../components/nodes/kubernetes/policy";
import { prepareTools } from "../../tools";
import { pushBaseImage, skipWithout } from "../hosts";
import { inspectIndex, trusting } from "../main/image";
import { endLocalDaemons } from "../main/processes";
import { Stack, type StackOptions, temporaryDirectory, waitFor } from "../main/stack";
import { nightly } from "../tier";
import { addVolume, getKubernetes, kubernetesPulumiHome, type Kubernetes } from "./fixture";
import { nodeArguments } from "./node";

const namespace = "shared";
const project = "owner";

nightly.describe("a builder on Kubernetes", function () {
  this.timeout(600_000);
  let kubernetes: Kubernetes;
  let options: StackOptions;
  let owner: Stack;
  const builderWith = (...others: object[]) => ({
    nodes: [nodeArguments(namespace), ...others],
    idleTimeoutMinutes: 1,
    wakeTimeoutSeconds: 60,
  });

  before(async function () {
    skipWithout(this, ["kubernetes", "skopeo"]);
    kubernetes = await getKubernetes();
    const { cluster, objects, registry } = kubernetes;
    await objects.createNamespace(namespace, { "pod-security.kubernetes.io/enforce": "privileged" });
    await objects.setRole(namespace, "builder", [...buildRules, ...manageRules]);
    await addVolume("cache-4");
    options = {
      backend: temporaryDirectory("state"),
      environment: {
        ...trusting(registry),
        KUBECONFIG: cluster.kubeconfig("builder"),
        PULUMI_HOME: await kubernetesPulumiHome(kubernetes),
      },
    };
  });

  const image = (name: string) => ({
    [name]: { context: "./app", tags: [`${kubernetes.registry.host}/${name}:1`], platforms: ["linux/amd64"] },
  });

  it("serves two updates of two stacks at once from one pod", async () => {
    const base = await pushBaseImage(kubernetes.registry);
    const program = `${__dirname}/../farm/program`;
    owner = await Stack.create({ builder: builderWith(), images: {} }, { ...options, program, project });
    const declared = await owner.up();
    assert.equal(declared.code, 0, declared.output);
    owner.declare({ builder: builderWith(), images: image("first") });
    const spec = { builder: undefined, owner: `organization/${project}/dev`, images: image("second") };
    const other = await Stack.create(spec, { ...options, program, project: "other" });
    for (const [name, stack] of [["first", owner] as const, ["second", other] as const]) {
      stack.write("app/Dockerfile", `FROM ${base}\nRUN echo ${name} > /made && sleep 5\n`);
    }
    const both = await Promise.all([owner.up(), other.up()]);
    for (const { code, output } of both) {
      assert.equal(code, 0, output);
      assert.match(output, /node amd64 \(linux\/amd64, kubernetes shared\/farm-\S+\) is awake/);
    }
    assert.equal(both.filter(({ output }) => output.includes("starting it as Job")).length, 1);
    assert.equal((await kubernetes.objects.pods(namespace)).length, 1);
    const { code, output } = await owner.run("destroy", "--yes", "--skip-preview");
    assert.equal(code, 0, output);
    const isEmpty = async () => (await kubernetes.objects.names(namespace)).length === 0;
    await waitFor("the namespace to be empty", isEmpty, 60, 500);
  });

  nightly.it("makes one index of its own platform and of that of a node of another kind", async () => {
    const [name] = Object.keys(image("mixed"));
    const images = { [name]: { ...image(name)[name], platforms: ["linux/amd64", "linux/arm64"] } };
    const builder = builderWith({ kind: "local", platform: "linux/arm64" });
    await addVolume("cache-5");
    const onPath = await prepareTools(["buildkitd", "runc"]);
    const mixed = await Stack.create({ builder, images }, { ...options, project: name, onPath });
    mixed.write("app/Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY Dockerfile /${TARGETARCH}\n");
    try {
      const { code, output } = await mixed.up();
      assert.equal(code, 0, output);
      const { platformDigests } = await inspectIndex(kubernetes.registry, images[name].tags[0]);
      assert.deepEqual(Object.keys(platformDigests).sort(), ["linux/amd64", "linux/arm64"]);
    } finally {
      await mixed.run("destroy", "--yes", "--skip-preview");
      await endLocalDaemons(mixed);
    }
  });
});
