import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { clusterSettings } from "../../../../components/nodes/kubernetes/declare/settings";
import { loadCluster } from "../../../../components/nodes/kubernetes/run/load";
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
    Object.assign(process.env, kept);
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

  it("is the default one of a provider without a kubeconfig", async () => {
    const { server } = await loadCluster("builder farm", await settingsOf(undefined));
    assert.equal(server, "https://default.test");
  });
});
