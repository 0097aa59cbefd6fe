import type { Aws } from "../client";
import { unless } from "../errors";
import { waitUntil } from "../wait";
import type { EcsTag } from "./ecsTags";

export interface ServiceRecord {
  serviceArn: string;
  serviceName: string;
  clusterArn: string;
  status: string;
  availabilityZoneRebalancing?: string;
  desiredCount: number;
  runningCount: number;
  enableECSManagedTags?: boolean;
  launchType: string;
  platformVersion: string;
  schedulingStrategy: string;
  taskDefinition: string;
  deploymentConfiguration: {
    deploymentCircuitBreaker?: { enable: boolean; rollback: boolean };
    maximumPercent?: number;
    minimumHealthyPercent?: number;
  };
  networkConfiguration?: {
    awsvpcConfiguration: { assignPublicIp?: string; securityGroups?: string[]; subnets?: string[] };
  };
  deployments: { id: string; status: string; createdAt: number }[];
  tags?: EcsTag[];
}

interface Deployment {
  serviceDeploymentArn: string;
  targetServiceRevisionArn: string;
  status: string;
  statusReason?: string;
}

interface Deployments {
  serviceDeployments: Deployment[];
}

export async function findService(
  { ecs }: Aws,
  id: string,
  cluster: string,
  include?: string[],
): Promise<ServiceRecord | undefined> {
  const answer = await ecs
    .call<{ services: ServiceRecord[] }>("DescribeServices", { cluster, services: [id], include })
    .catch(unless("ClusterNotFoundException", "ServiceNotFoundException"));
  return answer?.services[0];
}

/**
 * `waitServiceStable`: of a deployment that this operation has made its own status, otherwise the number of tasks.
 * https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ecs/service.go
 */
export async function waitStable(
  aws: Aws,
  id: string,
  cluster: string,
  operationTime: number,
  seconds: number,
): Promise<void> {
  let primary: ServiceRecord["deployments"][number] | undefined;
  let deployment: string | undefined;
  await waitUntil(`state to become 'tfSTABLE' of ${id}`, seconds, async () => {
    const service = await findService(aws, id, cluster);
    if (service?.status !== "ACTIVE") return undefined;
    // The first that is seen: after a rollback the one of before would be it again.
    primary ??= service.deployments.find(({ status }) => status === "PRIMARY");
    if (!primary || primary.createdAt * 1000 <= operationTime) {
      return service.deployments.length === 1 && service.runningCount === service.desiredCount ? true : undefined;
    }
    deployment ??= await deploymentOf(aws, service, cluster, primary.id, operationTime);
    return deployment === undefined ? undefined : hasSucceeded(aws, deployment);
  });
}

async function deploymentOf(
  { ecs }: Aws,
  { serviceName }: ServiceRecord,
  cluster: string,
  taskSet: string,
  operationTime: number,
): Promise<string | undefined> {
  const createdAt = { after: operationTime / 1000 };
  const input = { cluster, service: serviceName, createdAt };
  const { serviceDeployments } = await ecs.call<Deployments>("ListServiceDeployments", input);
  const [, number = ""] = taskSet.split("/");
  return serviceDeployments.find(({ targetServiceRevisionArn }) => targetServiceRevisionArn.includes(number))
    ?.serviceDeploymentArn;
}

async function hasSucceeded({ ecs }: Aws, arn: string): Promise<true | undefined> {
  const input = { serviceDeploymentArns: [arn] };
  const { serviceDeployments } = await ecs.call<Deployments>("DescribeServiceDeployments", input);
  const { status, statusReason = "Deployment failed" } = serviceDeployments[0] ?? {};
  if (["STOPPED", "ROLLBACK_FAILED", "ROLLBACK_SUCCESSFUL"].includes(status ?? "")) throw new Error(statusReason);
  return status === "SUCCESSFUL" ? true : undefined;
}
