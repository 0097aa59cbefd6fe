import * as assert from "node:assert/strict";
import { spawnSync } from "node:child_process";

import * as pulumi from "@pulumi/pulumi";

import { Builder, type BuilderArgs } from "../../../../components";
import { objectName } from "../../../../components/nodes/kubernetes/names";
import { idleSecondsOf } from "../../../../components/nodes/kubernetes/declare/nodes";
import { buildkitdToml } from "../../../../components/nodes/kubernetes/declare/buildkitdToml";
import { parseConnection } from "../../../../components/builder/builderConnection";
import { resolved } from "../../../../components/pulumi/resolved";
import { missingPackage } from "../../../../components/nodes/kubernetes/missingPackage";
import { jobOf } from "../../../../components/nodes/kubernetes/run/job";
import { guardScript } from "../../../../components/nodes/kubernetes/declare/guard";
import { kubernetesNode } from "./kubernetesNode";

const base = { kind: "kubernetes", platform: "linux/arm64", namespace: "builds" };

interface Declared {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

describe("Kubernetes nodes' arguments", () => {
  let declared: Declared[];

  before(async () => {
    await pulumi.runtime.setMocks(
      {
        newResource: ({ type, name, inputs }) => {
          declared.push({ type, name, inputs: inputs as Record<string, unknown> });
          return { id: `${name}_id`, state: inputs as object };
        },
        call: () => ({}),
      },
      "project",
      "stack",
    );
  });

  beforeEach(() => {
    declared = [];
  });

  function refusal(args: unknown): string {
    try {
      new Builder("refused", args as BuilderArgs);
    } catch (error) {
      assert.ok(pulumi.ResourceError.isInstance(error), `${String(error)} is printed with a stack trace`);
      assert.deepEqual(
        declared.filter(({ type }) => type.startsWith("kubernetes:")),
        [],
        "nothing is declared before",
      );
      return (error as Error).message;
    }
    return assert.fail("nothing was refused");
  }

  const refused: [title: string, args: unknown, expected: RegExp][] = [
    ["no namespace", { nodes: [{ ...base, namespace: undefined }] }, /`nodes\[0\]\.namespace` is missing: name one/],
    [
      "an isolation that is none",
      { nodes: [{ ...base, isolation: "rootless" }] },
      /`nodes\[0\]\.isolation` is "rootless": "userns", "privileged" are allowed/,
    ],
    [
      "a platform that Kubernetes has no machines for",
      { nodes: [{ ...base, platform: "linux/mips64" }] },
      /`nodes\[0\]\.platform` is "linux\/mips64": Kubernetes has nodes of .* name this one in `additionalPlatforms`/,
    ],
    [
      "memory that is no quantity",
      { nodes: [{ ...base, resources: { memory: "8 GB" } }] },
      /`nodes\[0\]\.resources\.memory` is "8 GB": write "8Gi"/,
    ],
    [
      "processors that are no quantity",
      { nodes: [{ ...base, resources: { cpu: "four" } }] },
      /`nodes\[0\]\.resources\.cpu` is "four": write "4" or "500m"/,
    ],
    [
      "a toleration's effect that is none",
      { nodes: [{ ...base, tolerations: [{ key: "arm", effect: "Never" }] }] },
      /`nodes\[0\]\.tolerations\[0\]\.effect` is "Never": NoSchedule, PreferNoSchedule, NoExecute are allowed/,
    ],
    [
      "a volume of no size",
      { nodes: [{ ...base, cacheVolumeSizeGibibytes: 0 }] },
      /`nodes\[0\]\.cacheVolumeSizeGibibytes` is 0: a whole number from 1 to 65536 is allowed/,
    ],
    [
      "nodes that stay",
      { nodes: [base], lifecycle: "persistent" },
      /`lifecycle` is "persistent": it is for nodes of kind "ec2", "local" and "remote"/,
    ],
    [
      "nodes that stay, beside others that do",
      { nodes: [base, { kind: "local", platform: "linux/amd64" }], lifecycle: "persistent" },
      /`lifecycle` is "persistent": pods .* leave it out/,
    ],
    [
      "an argument of another kind",
      { nodes: [{ ...base, instanceType: "c8g.large" }] },
      /`nodes\[0\]\.instanceType` is no argument/,
    ],
  ];
  for (const [title, args, expected] of refused) {
    it(`are refused with ${title}`, () => assert.match(refusal(args), expected));
  }

  it("declare a claim, a ConfigMap and two Secrets for each node, and no workload", async () => {
    const builder = new Builder("farm", {
      nodes: [
        { ...base, storageClass: "fast" },
        { ...base, platform: "linux/amd64" },
      ] as BuilderArgs["nodes"],
    });
    const nodes = await new Promise((resolve) => builder.nodes.apply(resolve));
    assert.deepEqual(nodes, [
      { name: "arm64", kind: "kubernetes", platform: "linux/arm64", native: true },
      { name: "amd64", kind: "kubernetes", platform: "linux/amd64", native: true },
    ]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const own = declared.filter(({ type }) => type.startsWith("kubernetes:"));
    const expected = ["farm-amd64", "farm-arm64"].flatMap((name) =>
      ["ConfigMap", "PersistentVolumeClaim", "Secret"].map((kind) => `${name} kubernetes:core/v1:${kind}`),
    );
    expected.push(...["farm-amd64", "farm-arm64"].map((name) => `${name}-connection kubernetes:core/v1:Secret`));
    assert.deepEqual(own.map(({ type, name }) => `${name} ${type}`).sort(), expected.sort());
    // Another class is another ConfigMap, and so ends the pod that has the old claim.
    const configMaps = own.filter(({ type }) => type.endsWith(":ConfigMap"));
    const classes = configMaps.map(({ name, inputs }) => [
      name,
      (inputs.data as Record<string, string>)["storage-class"],
    ]);
    assert.deepEqual(Object.fromEntries(classes), { "farm-arm64": "fast", "farm-amd64": undefined });
    for (const { type, name, inputs } of own.filter((each) => !each.type.endsWith(":PersistentVolumeClaim"))) {
      assert.equal(inputs.immutable, true, `${name} ${type} could be changed in place, and a pod would not know it`);
    }
  });

  it("are shared with other stacks by a secret that says all that their hooks need", async () => {
    const { connection } = new Builder("own", { nodes: [base] as BuilderArgs["nodes"] });
    assert.equal(await pulumi.isSecret(connection), true);
    const plain = await resolved(connection);
    assert.deepEqual(parseConnection("Builder shared", plain, true), plain);
    assert.deepEqual(
      plain.kubernetes?.nodes.map(({ name, namespace }) => [name, namespace]),
      [["arm64", "builds"]],
    );
    const own = plain.kubernetes;
    const wrong: [kubernetes: unknown, problem: RegExp][] = [
      [undefined, /lacks `kubernetes`/],
      [{ ...own, builderName: "other-0123abcd" }, /has another `builderName` in `kubernetes`/],
      [{ ...own, nodes: [] }, /has no pod for node arm64 in `kubernetes`/],
      [
        { ...own, nodes: [{ ...own.nodes[0], namespace: "../../x" }] },
        /a name in `kubernetes` that Kubernetes has not/,
      ],
    ];
    for (const [kubernetes, problem] of wrong) {
      assert.throws(() => parseConnection("Builder shared", { ...plain, kubernetes }, true), problem);
    }
  });
});

describe("what a Kubernetes node is made of", () => {
  it("has names that Kubernetes takes, one for each node", () => {
    assert.equal(objectName("builders-0123abcd", "arm64"), "builders-0123abcd-arm64");
    const names = [
      objectName("builders-0123abcd", "arm-v7"),
      objectName("builders-0123abcd", "arm.v7"),
      objectName("builders-0123abcd", "arm_v7"),
      objectName(`${"long".repeat(30)}-0123abcd`, "arm64"),
      objectName(`${"long".repeat(30)}-0123abcd`, "amd64"),
    ];
    assert.equal(new Set(names).size, names.length, names.join());
    for (const name of names) {
      assert.match(name, /^[a-z][a-z0-9-]{0,48}[a-z0-9]$/);
    }
  });

  it("asks for a machine of its platform, and may be there in spite of its taint", () => {
    const { spec } = jobOf({ ...kubernetesNode, nodeSelector: { pool: "builds" } });
    const pod = spec?.template.spec;
    assert.deepEqual(pod?.nodeSelector, { pool: "builds", "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64" });
    assert.deepEqual(pod?.tolerations, [{ key: "kubernetes.io/arch", operator: "Exists", effect: "NoSchedule" }]);
    assert.equal(spec?.backoffLimit, 0);
    assert.equal(spec?.activeDeadlineSeconds, kubernetesNode.lifetimeSeconds);
    assert.equal(pod?.automountServiceAccountToken, false);
  });

  it("is in a user namespace of its own unless it is asked not to be", () => {
    assert.equal(jobOf(kubernetesNode).spec?.template.spec?.hostUsers, false);
    assert.equal(jobOf({ ...kubernetesNode, isolation: "privileged" }).spec?.template.spec?.hostUsers, undefined);
  });

  it("is another one with each setting and each certificate", () => {
    const settings = (node: typeof kubernetesNode) => JSON.stringify(jobOf(node).metadata?.annotations);
    const own = settings(kubernetesNode);
    assert.equal(settings({ ...kubernetesNode }), own);
    assert.notEqual(settings({ ...kubernetesNode, secretUid: "another" }), own);
    assert.notEqual(settings({ ...kubernetesNode, configMapUid: "another" }), own);
    assert.notEqual(settings({ ...kubernetesNode, memory: "2Gi" }), own);
  });

  it("waits for the other nodes of a build before it counts as idle", () => {
    const builder = { builderName: pulumi.output(""), maxLifetimeMinutes: 720 };
    assert.equal(idleSecondsOf({ ...builder, idleTimeoutMinutes: 10, wakeTimeoutSeconds: 300 }), 600);
    assert.equal(idleSecondsOf({ ...builder, idleTimeoutMinutes: 1, wakeTimeoutSeconds: 300 }), 360);
  });

  it("listens on its own loopback alone, with TLS", () => {
    const text = buildkitdToml({ registryMirrors: {}, insecureRegistries: ["registry.local:5000"] });
    assert.match(text, /address = \["unix:\/\/\/run\/buildkit\/buildkitd\.sock", "tcp:\/\/127\.0\.0\.1:1234"\]/);
    assert.match(text, /\[grpc\.tls\]\nca = /);
    assert.match(text, /\[registry\."registry\.local:5000"\]\nhttp = true/);
  });

  it("has a guard that any sh reads", () => {
    const { status, stderr } = spawnSync("sh", ["-n"], { input: guardScript, encoding: "utf8" });
    assert.equal(stderr, "");
    assert.equal(status, 0);
    assert.match(guardScript, /:04D2\$/, "the port is that of buildkitd");
  });
});

describe("a package that only nodes on Kubernetes need", () => {
  it("is told with the fix where it is missing, and what is wrong with it otherwise", () => {
    const missing = Object.assign(new Error("Cannot find module '@pulumi/kubernetes/core/v1/secret'"), {
      code: "MODULE_NOT_FOUND",
    });
    assert.match(
      missingPackage("Builder farm", "@pulumi/kubernetes", missing).message,
      /Fix: npm install @pulumi\/kubernetes/,
    );
    const broken = new Error("something of its own");
    assert.equal(missingPackage("Builder farm", "@pulumi/kubernetes", broken), broken);
  });
});
