import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import type { KubeConfig } from "@kubernetes/client-node" with { "resolution-mode": "import" };
import * as pulumi from "@pulumi/pulumi";

import { clusterSettings } from "../../../../components/nodes/kubernetes/declare/settings";
import { openCluster } from "../../../../components/nodes/kubernetes/run/cluster";
import { loadCluster } from "../../../../components/nodes/kubernetes/run/load";
import { KubernetesNode } from "../../../../components/nodes/kubernetes/run/node";
import { kubernetesNode } from "./kubernetesNode";
import { kubeconfigOf } from "./kubeconfig";

describe("the cluster of a Kubernetes node", () => {
  let folder: string;
  const kept = { HOME: process.env.HOME, KUBECONFIG: process.env.KUBECONFIG };

  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-kubeconfig-"));
    process.env.HOME = folder;
    process.env.KUBECONFIG = path.join(folder, "default");
    fs.writeFileSync(process.env.KUBECONFIG, JSON.stringify(kubeconfigOf("https://default.test")));
    fs.writeFileSync(path.join(folder, "own"), JSON.stringify(kubeconfigOf("https://own.test")));
  });

  after(() => {
    for (const [name, value] of Object.entries(kept)) {
      delete process.env[name];
      Object.assign(process.env, value !== undefined && { [name]: value });
    }
    fs.rmSync(folder, { recursive: true });
  });

  const settingsOf = (kubeconfig: unknown) => {
    const provider = { kubeconfig: pulumi.secret(kubeconfig) };
    return clusterSettings({ getProvider: () => provider } as unknown as pulumi.ComponentResource);
  };

  for (const [title, kubeconfig] of [
    ["an object", kubeconfigOf("https://own.test")],
    ["a text", JSON.stringify(kubeconfigOf("https://own.test"))],
    ["a path below the home folder", "~/own"],
  ] as const) {
    it(`is that of the provider whose kubeconfig is ${title}`, async () => {
      const { server } = await loadCluster("builder farm", await settingsOf(kubeconfig));
      assert.equal(server, "https://own.test");
    });
  }

  it("is reported with the fix where the program for its token is not there", async () => {
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "no-such-aws", args: ["eks", "get-token"] };
    const settings = await settingsOf(kubeconfigOf("https://own.test", {}, { exec }));
    const cluster = loadCluster("builder farm", settings);
    const node = new KubernetesNode(
      { tls: { ca: "", cert: "", key: "" }, builderName: "farm" },
      kubernetesNode,
      () => cluster,
    );
    await assert.rejects(
      node.wake(() => undefined),
      /^BuildError: node amd64 .* from the program no-such-aws, .*\(spawn no-such-aws ENOENT\)\. Fix: install it/,
    );
  });

  it("is the default one of a provider without a kubeconfig", async () => {
    const { server } = await loadCluster("builder farm", await settingsOf(undefined));
    assert.equal(server, "https://default.test");
  });
});

describe("the events of a Kubernetes node", () => {
  it("are of its Job, its claim and its pods, and of no node whose name begins as its own", async () => {
    const objects = [
      ["Job", "farm-x"],
      ["PersistentVolumeClaim", "farm-x"],
      ["Pod", "farm-x-b7k2p"],
      ["Job", "farm-x-arm64"],
      ["Job", "farm-x-2"],
      ["PersistentVolumeClaim", "farm-x-2"],
      ["Pod", "farm-x-2-b7k2p"],
      ["Pod", "farm-x-2"],
    ];
    const items = objects.map(([kind, name]) => ({ metadata: {}, involvedObject: { kind, name } }));
    const api = { listNamespacedEvent: () => Promise.resolve({ items }) };
    const none = { getCurrentCluster: () => null, getCurrentContext: () => "", getContextObject: () => null };
    const config = { makeApiClient: () => api, ...none } as unknown as KubeConfig;
    const client = { ApiException: class extends Error {} } as unknown as Parameters<typeof openCluster>[1];
    const events = await openCluster(config, client).listEvents("builds", "farm-x");
    assert.deepEqual(
      events.map(({ involvedObject: { kind, name } }) => [kind, name]),
      objects.slice(0, 3),
    );
  });
});
