import type { ResourceType } from "../../protocol/resource";
import { isSameSet, type Properties } from "../../protocol/values";
import type { Aws } from "../client";
import { during, isAwsError } from "../errors";
import { tagged } from "../tags";
import { retryWhile, waitUntil } from "../wait";
import { fromEcsTags, retagEcs, toEcsTags } from "./ecsTags";
import { findService, type ServiceRecord, waitStable } from "./ecsServiceWait";

type Service = {
  cluster: string;
  deploymentCircuitBreaker?: { enable: boolean; rollback: boolean };
  deploymentMaximumPercent?: number;
  deploymentMinimumHealthyPercent?: number;
  desiredCount?: number;
  forceDelete?: boolean;
  launchType?: string;
  name: string;
  networkConfiguration?: { assignPublicIp?: boolean; securityGroups?: string[]; subnets: string[] };
  tagsAll?: Record<string, string>;
  taskDefinition?: string;
  waitForSteadyState?: boolean;
};

const waitSeconds = 1200;

/** https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ecs/service.go */
const type: ResourceType<Aws> = {
  autoName: { maxLength: 255 },
  attributes: {
    arn: { kind: "computed" },
    availabilityZoneRebalancing: { kind: "optional computed" },
    cluster: { kind: "optional computed", replaces: true },
    deploymentCircuitBreaker: {
      kind: "optional",
      block: { enable: { kind: "required" }, rollback: { kind: "required" } },
    },
    deploymentMaximumPercent: { kind: "optional", default: 200 },
    deploymentMinimumHealthyPercent: { kind: "optional", default: 100 },
    desiredCount: { kind: "optional" },
    enableEcsManagedTags: { kind: "optional", default: false },
    forceDelete: { kind: "optional", default: false },
    launchType: { kind: "optional computed", replaces: true },
    name: { kind: "optional computed", replaces: true },
    networkConfiguration: {
      kind: "optional",
      block: {
        assignPublicIp: { kind: "optional", default: false },
        securityGroups: { kind: "optional", isSame: isSameSet },
        subnets: { kind: "required", isSame: isSameSet },
      },
    },
    platformVersion: { kind: "optional computed" },
    schedulingStrategy: { kind: "optional", default: "REPLICA", replaces: true },
    taskDefinition: { kind: "optional" },
    waitForSteadyState: { kind: "optional", default: false },
  },
  async create(planned: Service, { ecs }) {
    const { cluster, desiredCount, launchType, name, taskDefinition, tagsAll } = planned;
    const operationTime = Date.now();
    const isPassing = (error: unknown): boolean =>
      isAwsError(error, "ClusterNotFoundException") || /Unable to assume the service linked role/.test(String(error));
    const { service } = await retryWhile(isPassing, 240, () =>
      ecs.call<{ service: ServiceRecord }>("CreateService", {
        ...{ cluster, desiredCount, launchType, serviceName: name, taskDefinition },
        deploymentConfiguration: deploymentOf(planned),
        networkConfiguration: networkOf(planned),
        tags: toEcsTags(tagsAll),
      }),
    ).catch(during(`creating ECS Service (${name})`));
    return { id: service.serviceArn, outputs: { operationTime } };
  },
  async settle(id, outputs, aws) {
    const { cluster, waitForSteadyState } = outputs as Service;
    const explain = during(`waiting for ECS Service (${id}) create`);
    const { operationTime } = outputs;
    // Of the provider alone.
    delete outputs.operationTime;
    if (waitForSteadyState) await waitStable(aws, id, cluster, Number(operationTime), waitSeconds).catch(explain);
  },
  async read(id, state, aws) {
    const service = await findService(aws, id, (state as Service).cluster, ["TAGS"]).catch(
      during(`reading ECS Service (${id})`),
    );
    return service?.status === "ACTIVE" ? outputsOf(service) : undefined;
  },
  async update(id, { planned, changed }, aws) {
    const own = [...changed].filter((name) => !["forceDelete", "tags", "tagsAll"].includes(name));
    if (own.length === 0) return;
    const service = planned as Service;
    const has = (name: string): boolean => own.some((each) => each.split(".")[0] === name);
    const operationTime = Date.now();
    await aws.ecs
      .call("UpdateService", {
        cluster: service.cluster,
        service: id,
        ...(has("desiredCount") && { desiredCount: service.desiredCount }),
        ...(own.some((name) => name.startsWith("deployment")) && { deploymentConfiguration: deploymentOf(service) }),
        ...(has("networkConfiguration") && { networkConfiguration: networkOf(service) }),
        ...(has("taskDefinition") && { taskDefinition: service.taskDefinition }),
      })
      .catch(during(`updating ECS Service (${id})`));
    if (!service.waitForSteadyState) return;
    const explain = during(`waiting for ECS Service (${id}) update`);
    await waitStable(aws, id, service.cluster, operationTime, waitSeconds).catch(explain);
  },
  async delete(id, state, aws) {
    const { cluster, forceDelete = false } = state as Service;
    const service = await findService(aws, id, cluster).catch(during(`reading ECS Service (${id})`));
    if (!service || service.status === "INACTIVE") return;
    if (service.status !== "DRAINING" && !forceDelete) {
      await aws.ecs
        .call("UpdateService", { cluster, service: id, desiredCount: 0 })
        .catch(during(`draining ECS Service (${id})`));
    }
    const isPassing = (error: unknown): boolean => /cannot be stopped while deployments are active/.test(String(error));
    const call = () => aws.ecs.call("DeleteService", { cluster, service: id, force: forceDelete });
    await retryWhile(isPassing, waitSeconds, call).catch(during(`deleting ECS Service (${id})`));
    await waitUntil(`ECS Service (${id}) delete`, waitSeconds, async () => {
      const { status = "INACTIVE" } = (await findService(aws, id, cluster)) ?? {};
      return status === "INACTIVE" ? true : undefined;
    });
  },
};

const deploymentOf = (service: Service): Properties => ({
  deploymentCircuitBreaker: service.deploymentCircuitBreaker,
  maximumPercent: service.deploymentMaximumPercent,
  minimumHealthyPercent: service.deploymentMinimumHealthyPercent,
});

function networkOf({ networkConfiguration: network }: Service): Properties | undefined {
  if (!network) return undefined;
  const { assignPublicIp, securityGroups, subnets } = network;
  return {
    awsvpcConfiguration: { assignPublicIp: assignPublicIp ? "ENABLED" : "DISABLED", securityGroups, subnets },
  };
}

function outputsOf(service: ServiceRecord): Properties {
  const { assignPublicIp, securityGroups, subnets } = service.networkConfiguration?.awsvpcConfiguration ?? {};
  const { deploymentCircuitBreaker, maximumPercent, minimumHealthyPercent } = service.deploymentConfiguration;
  return {
    arn: service.serviceArn,
    availabilityZoneRebalancing: service.availabilityZoneRebalancing,
    cluster: service.clusterArn,
    deploymentCircuitBreaker,
    deploymentMaximumPercent: maximumPercent,
    deploymentMinimumHealthyPercent: minimumHealthyPercent,
    desiredCount: service.desiredCount,
    enableEcsManagedTags: service.enableECSManagedTags,
    launchType: service.launchType,
    name: service.serviceName,
    networkConfiguration: { assignPublicIp: assignPublicIp === "ENABLED", securityGroups, subnets },
    platformVersion: service.platformVersion,
    schedulingStrategy: service.schedulingStrategy,
    tagsAll: fromEcsTags(service.tags),
    taskDefinition: service.taskDefinition,
  };
}

export const ecsService = tagged(type, retagEcs);
