import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import type * as kubernetes from "@kubernetes/client-node" with { "resolution-mode": "import" };
import type { KubeConfig } from "@kubernetes/client-node" with { "resolution-mode": "import" };

import { type Environment, proxyOf } from "../../../registry/proxy";
import { BuildError } from "../../../support/errors";
import type { ClusterSettings } from "../clusterSettings";
import { missingPackage } from "../missingPackage";
import { type Cluster, openCluster } from "./cluster";
import { signForEks } from "./eksAuth";

type Client = typeof kubernetes;

/** What the package calls its guess where nothing is found: a cluster at localhost:8080. */
const noneFound = "loaded-context";
const peer = "@kubernetes/client-node";

/**
 * The cluster that settings name. The package takes half a second, so that it is loaded by the first build that needs it.
 * @throws BuildError where the package or the kubeconfig is not there, or says nothing of a cluster.
 */
export async function loadCluster(
  owner: string,
  settings: ClusterSettings,
  fix = "give the kubernetes provider of the builder a `kubeconfig`, or set KUBECONFIG",
): Promise<Cluster> {
  let client: Client;
  try {
    // By import: it is a module of ECMAScript alone.
    client = await import("@kubernetes/client-node");
  } catch (error) {
    throw missingPackage(owner, peer, error);
  }
  const config = readConfig(owner, settings, fix, new client.KubeConfig());
  setProxy(owner, config, process.env);
  signForEks(owner, config);
  return openCluster(config, client);
}

function readConfig(owner: string, settings: ClusterSettings, fix: string, config: KubeConfig): KubeConfig {
  const { context, cluster } = settings;
  const kubeconfig = settings.kubeconfig === undefined ? undefined : expandHome(settings.kubeconfig);
  try {
    if (kubeconfig === undefined) {
      config.loadFromDefault();
    } else if (isText(kubeconfig)) {
      config.loadFromString(kubeconfig);
    } else {
      config.loadFromFile(kubeconfig);
    }
  } catch (error) {
    // A parser's message quotes what it has read, which holds keys.
    const cause = (error as NodeJS.ErrnoException).code ?? "it is no YAML of a kubeconfig";
    throw new BuildError(`${owner}: the kubeconfig can't be read (${cause}). Fix: ${fix}.`);
  }
  if (kubeconfig === undefined && config.currentContext === noneFound) {
    throw new BuildError(`${owner}: no kubeconfig was found. Fix: ${fix}.`);
  }
  if (context !== undefined) {
    config.setCurrentContext(context);
  }
  if (cluster !== undefined) {
    config.contexts = config.contexts.map((each) =>
      each.name === config.currentContext ? { ...each, cluster } : each,
    );
  }
  if (!config.getCurrentCluster() || !config.getCurrentUser()) {
    const known = config.contexts.map(({ name }) => name).join(", ") || "none";
    throw new BuildError(
      `${owner}: the kubeconfig has no context ${JSON.stringify(config.currentContext ?? "")} with a cluster and a user (contexts: ${known}). Fix: ${fix}, or correct its \`context\`.`,
    );
  }
  return config;
}

/**
 * kubectl and the provider take the proxy of the environment, where the kubeconfig names none; the package does not. What it
 * makes of it holds for port-forwards, too.
 * @see https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/#Cluster (`proxy-url`)
 */
function setProxy(owner: string, config: KubeConfig, environment: Environment): void {
  const current = config.getCurrentCluster();
  if (!current || current.proxyUrl || !URL.canParse(current.server)) {
    return;
  }
  let proxyUrl: string | undefined;
  try {
    proxyUrl = proxyOf(new URL(current.server), environment)?.href;
  } catch (error) {
    throw new BuildError(
      `${owner}: the cluster at ${current.server} can't be reached: ${(error as Error).message}. Fix: correct it, or name the cluster's host in NO_PROXY.`,
    );
  }
  config.clusters = config.clusters.map((each) => (each.name === current.name ? { ...each, proxyUrl } : each));
}

/**
 * No shell has read what is configured.
 * @see https://github.com/pulumi/pulumi-kubernetes/blob/v4.34.2/provider/pkg/provider/util.go (`parseKubeconfigString`)
 */
function expandHome(kubeconfig: string): string {
  return kubeconfig === "~" || kubeconfig.startsWith("~/") ? path.join(os.homedir(), kubeconfig.slice(1)) : kubeconfig;
}

/** As the provider tells the two apart: by whether there is such a file. */
function isText(kubeconfig: string): boolean {
  return kubeconfig.includes("\n") || kubeconfig.trimStart().startsWith("{") || !fs.existsSync(kubeconfig);
}
