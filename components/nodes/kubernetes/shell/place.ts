import { BuildError } from "../../../support/errors";
import type { PlaceOptions } from "../../shell";
import type { ClusterSettings } from "../clusterSettings";
import type { Cluster } from "../run/cluster";
import { permanentError } from "../run/errors";
import { loadCluster } from "../run/load";

/** A namespace of a cluster, as the kubeconfig and the options of a command name them. */
export interface Place {
  cluster: Cluster;
  namespace: string;
  settings: ClusterSettings;
  /** In words. */
  words: string;
}

export async function openPlace({ context, namespace }: PlaceOptions): Promise<Place> {
  const settings = { context };
  const cluster = await loadCluster("multi-platform-image", settings, "correct --context, or set KUBECONFIG");
  // As kubectl has it.
  const chosen = namespace ?? cluster.namespace ?? "default";
  return { cluster, namespace: chosen, settings, words: `namespace ${chosen} of the cluster at ${cluster.server}` };
}

/** Turns a cluster's answer that is no success into an error in words, with the fix. */
export async function inWords<T>({ namespace, words }: Place, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof BuildError) {
      throw error;
    }
    throw permanentError(words, namespace, error) ?? new BuildError(`${words}: ${(error as Error).message}`);
  }
}
