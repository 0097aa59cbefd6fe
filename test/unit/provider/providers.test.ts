import * as assert from "node:assert/strict";

import { Provider as AwsProvider } from "@pulumi/aws/provider";
import { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import { getResourcePackage } from "@pulumi/pulumi/runtime/rpc";

import { clusterSettings } from "../../../components/nodes/kubernetes/declare/settings";
import { resolved } from "../../../components/pulumi/resolved";
import { findProviders } from "../../../provider/providers";

/** The SDK's server asks in this way for what is in `providers`: node_modules/@pulumi/pulumi/provider/server.js. */
describe("a provider in `providers` of a program in another language", () => {
  const kubeconfig = "/home/somebody/.kube/other";

  before(async () => {
    await pulumi.runtime.setMocks({
      newResource: ({ inputs }) => ({ id: "", state: inputs as object }),
      call: () => ({}),
    });
    findProviders();
  });

  const find = (name: string, urn: string): pulumi.ProviderResource | undefined =>
    getResourcePackage(name, "")?.constructProvider("own", `pulumi:providers:${name}`, urn);

  it("of aws arrives as one that can be asked for its settings", async () => {
    const found = find("aws", await resolved(new AwsProvider("own", {}).urn));
    assert.ok(found instanceof AwsProvider);
    assert.equal(typeof found.terraformConfig, "function");
  });

  it("of kubernetes arrives with the cluster that it goes to, where hooks go, too", async () => {
    const own = new KubernetesProvider("own", { kubeconfig, context: "builds" });
    const found = find("kubernetes", await resolved(own.urn));
    assert.ok(found instanceof KubernetesProvider);
    class Component extends pulumi.ComponentResource {}
    const component = new Component("a:b:C", "builders", {}, { providers: [found] });
    assert.deepEqual(await clusterSettings(component), { kubeconfig, context: "builds", cluster: undefined });
  });
});
