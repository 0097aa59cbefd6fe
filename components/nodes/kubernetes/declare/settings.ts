import * as pulumi from "@pulumi/pulumi";

import { resolved } from "../../../pulumi/resolved";
import { isRecord } from "../../../support/records";
import type { ClusterSettings } from "../clusterSettings";

const names = ["kubeconfig", "context", "cluster"] as const;

/** Any resource of the package asks for the same provider. */
const configMapType = "kubernetes:core/v1:ConfigMap";

/**
 * How hooks reach the cluster: as the builder's own kubernetes provider does. Asked when the first hook needs it.
 *
 * The SDK keeps a provider's inputs on it, whatever its class declares.
 * @see https://github.com/pulumi/pulumi/blob/v3.248.0/sdk/nodejs/runtime/resource.ts (`transferProperties`)
 */
export async function clusterSettings(component: pulumi.ComponentResource): Promise<ClusterSettings> {
  const provider = component.getProvider(configMapType) as Partial<Record<string, pulumi.Output<unknown>>> | undefined;
  const config = new pulumi.Config("kubernetes");
  const entries = names.map(async (name) => {
    const own = provider?.[name];
    const value = provider ? own && (await resolved(pulumi.output(own))) : config.get(name);
    return [name, textOf(value)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/**
 * The provider takes a kubeconfig as an object, too, as the packages of clusters have it.
 * @see https://github.com/pulumi/pulumi-kubernetes/blob/v4.34.2/provider/pkg/provider/util.go (`parseKubeconfigPropertyValue`)
 */
function textOf(value: unknown): string | undefined {
  const text = isRecord(value) ? JSON.stringify(value) : value;
  return typeof text === "string" && text !== "" ? text : undefined;
}
