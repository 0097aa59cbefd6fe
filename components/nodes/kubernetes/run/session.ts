import type { RunNode } from "../../node";
import type { ClusterSettings } from "../clusterSettings";
import type { KubernetesConnection } from "../connection";
import type { Cluster } from "./cluster";
import { loadCluster } from "./load";
import { KubernetesNode } from "./node";

/** The nodes of a builder on Kubernetes. Calls nobody before one is used. */
export function kubernetesNodes(
  connection: KubernetesConnection,
  askSettings: () => Promise<ClusterSettings>,
): RunNode[] {
  let cluster: Promise<Cluster> | undefined;
  const open = () => {
    // A failure is forgotten, for the next build.
    cluster ??= askSettings()
      .then((settings) => loadCluster(`builder ${connection.builderName}`, settings))
      .catch((error: unknown) => {
        cluster = undefined;
        throw error;
      });
    return cluster;
  };
  return connection.nodes.map((node) => new KubernetesNode(connection, node, open));
}
