import type { ResourceType } from "../../protocol/resource";
import type { Aws } from "../client";
import { during, isAwsError } from "../errors";
import { tagged } from "../tags";
import { retryWhile, waitUntil } from "../wait";
import { type EcsTag, fromEcsTags, retagEcs, toEcsTags } from "./ecsTags";

interface Cluster {
  clusterArn: string;
  clusterName: string;
  status: string;
  settings?: { name: string; value: string }[];
  tags?: EcsTag[];
}

const busy = [
  ...["ClusterContainsContainerInstancesException", "ClusterContainsServicesException"],
  ...["ClusterContainsTasksException", "UpdateInProgressException"],
];

/** https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ecs/cluster.go */
const type: ResourceType<Aws> = {
  autoName: { maxLength: 255 },
  attributes: {
    arn: { kind: "computed" },
    name: { kind: "optional computed", replaces: true },
    settings: { kind: "optional computed" },
  },
  async create(planned: { name: string; tagsAll?: Record<string, string> }, { ecs }) {
    const { name, tagsAll } = planned;
    const { cluster } = await ecs
      .call<{ cluster: Cluster }>("CreateCluster", { clusterName: name, tags: toEcsTags(tagsAll) })
      .catch(during(`creating ECS Cluster (${name})`));
    return { id: cluster.clusterArn };
  },
  async settle(id, _planned, aws) {
    const isActive = async () => ((await find(aws, id))?.status === "ACTIVE" ? true : undefined);
    await waitUntil(`ECS Cluster (${id}) create`, 600, isActive);
  },
  async read(id, _state, aws) {
    const cluster = await find(aws, id).catch(during(`reading ECS Cluster (${id})`));
    return (
      cluster && {
        arn: cluster.clusterArn,
        name: cluster.clusterName,
        settings: cluster.settings,
        tagsAll: fromEcsTags(cluster.tags),
      }
    );
  },
  async delete(id, _state, aws) {
    const isBusy = (error: unknown): boolean => isAwsError(error, ...busy);
    await retryWhile(isBusy, 600, () => aws.ecs.call("DeleteCluster", { cluster: id })).catch(
      during(`deleting ECS Cluster (${id})`),
    );
    await waitUntil(`ECS Cluster (${id}) delete`, 600, async () => ((await find(aws, id)) ? undefined : true));
  },
};

async function find({ ecs }: Aws, id: string): Promise<Cluster | undefined> {
  const include = ["TAGS", "CONFIGURATIONS", "SETTINGS"];
  const { clusters } = await ecs.call<{ clusters: Cluster[] }>("DescribeClusters", { clusters: [id], include });
  // One that is deleted is described for a while yet.
  return clusters.find(({ status }) => status !== "INACTIVE");
}

export const ecsCluster = tagged(type, retagEcs);
