import { strict as assert } from "node:assert";

import { buildRules, manageRules } from "../../components/nodes/kubernetes/policy";
import { startCloud } from "../cloud/cloud";
import { absolute } from "../ec2/fixture";
import { skipWithout } from "../hosts";
import { inspectIndex, trusting } from "../main/image";
import { Stack, waitFor } from "../main/stack";
import { nightly } from "../tier";
import { arm64MachineName } from "./cluster";
import { addArm64Machine, addVolume, getKubernetes, kubernetesPulumiHome, type Kubernetes } from "./fixture";
import { arm64BuildkitImage } from "./images";
import { nodeArguments } from "./node";

const namespace = "clouds";

/** On EC2 x86, because such an instance boots in seconds; the pod's BuildKit calls itself arm64. Which is which, no code asks. */
nightly.describe("a builder of an EC2 instance and of a pod", function () {
  this.timeout(600_000);
  let kubernetes: Kubernetes;
  let stack: Stack;
  let tag: string;

  before(async function () {
    skipWithout(this, ["kubernetes", "cloud", "debian roots", "skopeo"]);
    kubernetes = await getKubernetes();
    const { run, network, authority, registry, cluster, objects } = kubernetes;
    const cloud = await startCloud(run, network, authority, { minuteSeconds: 20 });
    await addArm64Machine(kubernetes);
    await objects.createNamespace(namespace, { "pod-security.kubernetes.io/enforce": "privileged" });
    await objects.setRole(namespace, "builder", [...buildRules, ...manageRules]);
    await addVolume("cache-clouds", arm64MachineName);
    tag = `${registry.host}/clouds:1`;
    const { versions, archives } = cloud.downloads;
    const builder = {
      nodes: [
        { kind: "ec2", platform: "linux/amd64" },
        { ...nodeArguments(namespace), platform: "linux/arm64", image: arm64BuildkitImage },
      ],
      idleTimeoutMinutes: 1,
      wakeTimeoutSeconds: 120,
      ec2: {
        buildkit: { version: versions.current, archives: archives.current },
        ingress: { from: "caller", address: cloud.vpc.callerAddress },
      },
    };
    const environment = {
      ...trusting(registry),
      ...cloud.environment(),
      KUBECONFIG: cluster.kubeconfig("builder"),
      PULUMI_HOME: await kubernetesPulumiHome(kubernetes),
    };
    const images = { app: { context: "./app", tags: [tag] } };
    const enter = (command: string[]) => absolute(cloud.enter(command));
    stack = await Stack.create({ builder, images }, { environment, enter });
    stack.write("app/Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY Dockerfile /${TARGETARCH}\n");
  });

  it("makes one index of what both have built", async () => {
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    assert.match(output, /node amd64 \(linux\/amd64, .*i-[0-9a-f]+.*\) is awake/);
    assert.match(output, /node arm64 \(linux\/arm64, kubernetes clouds\/\S+\) is awake/);
    const { platformDigests } = await inspectIndex(kubernetes.registry, tag);
    assert.deepEqual(Object.keys(platformDigests).sort(), ["linux/amd64", "linux/arm64"]);
  });

  it("is destroyed in both", async () => {
    const { code, output } = await stack.run("destroy", "--yes", "--skip-preview");
    assert.equal(code, 0, output);
    const isEmpty = async () => (await kubernetes.objects.names(namespace)).length === 0;
    await waitFor("the namespace to be empty", isEmpty, 60, 500);
  });
});
