import type { ResourceType } from "../../protocol/resource";
import { isSameSet, type Properties } from "../../protocol/values";
import type { Aws } from "../client";
import { during } from "../errors";
import { tagged } from "../tags";
import { areSameContainers } from "./containerDefinitions";
import { type EcsTag, fromEcsTags, retagEcs, toEcsTags } from "./ecsTags";

type TaskDefinition = {
  containerDefinitions: string;
  cpu?: string;
  executionRoleArn?: string;
  family: string;
  memory?: string;
  networkMode?: string;
  requiresCompatibilities?: string[];
  runtimePlatform?: { cpuArchitecture?: string; operatingSystemFamily?: string };
  tagsAll?: Record<string, string>;
};

interface Described {
  taskDefinition: Omit<TaskDefinition, "containerDefinitions"> & {
    taskDefinitionArn: string;
    containerDefinitions: Properties[];
    revision: number;
    status: string;
  };
  tags?: EcsTag[];
}

/** A change of anything but tags is another revision: https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ecs/task_definition.go */
const type: ResourceType<Aws> = {
  attributes: {
    arn: { kind: "computed" },
    arnWithoutRevision: { kind: "computed" },
    containerDefinitions: { kind: "required", replaces: true, isSame: areSameContainers },
    cpu: { kind: "optional", replaces: true },
    executionRoleArn: { kind: "optional", replaces: true },
    family: { kind: "required", replaces: true },
    memory: { kind: "optional", replaces: true },
    networkMode: { kind: "optional computed", replaces: true },
    requiresCompatibilities: { kind: "optional", replaces: true, isSame: isSameSet },
    revision: { kind: "computed" },
    runtimePlatform: {
      kind: "optional",
      block: {
        cpuArchitecture: { kind: "optional", replaces: true },
        operatingSystemFamily: { kind: "optional", replaces: true },
      },
    },
    skipDestroy: { kind: "optional", default: false },
    trackLatest: { kind: "optional", default: false },
  },
  check(inputs) {
    const { family, containerDefinitions } = inputs as Partial<TaskDefinition>;
    return {
      ...(!/^[0-9A-Za-z_-]{1,255}$/.test(String(family)) && { family: `invalid value for family (${String(family)})` }),
      ...(containerDefinitions !== undefined &&
        !isJson(containerDefinitions) && {
          containerDefinitions: "ECS Task Definition container_definitions is invalid",
        }),
    };
  },
  async create(planned: TaskDefinition, { ecs }) {
    const { tagsAll, containerDefinitions, ...given } = planned;
    const { cpu, executionRoleArn, family, memory, networkMode, requiresCompatibilities, runtimePlatform } = given;
    const { taskDefinition } = await ecs
      .call<Described>("RegisterTaskDefinition", {
        ...{ cpu, executionRoleArn, family, memory, networkMode, requiresCompatibilities, runtimePlatform },
        containerDefinitions: JSON.parse(containerDefinitions) as unknown,
        tags: toEcsTags(tagsAll),
      })
      .catch(during(`creating ECS Task Definition (${family})`));
    return { id: family, outputs: { arn: taskDefinition.taskDefinitionArn } };
  },
  async read(id, { arn }, { ecs }) {
    const { taskDefinition, tags } = await ecs
      .call<Described>("DescribeTaskDefinition", { taskDefinition: arn, include: ["TAGS"] })
      .catch(during(`reading ECS Task Definition (${id})`));
    const { taskDefinitionArn, containerDefinitions, status, ...found } = taskDefinition;
    if (status === "INACTIVE") return undefined;
    const { cpu, executionRoleArn, family, memory, networkMode, requiresCompatibilities, revision } = found;
    return {
      ...{ cpu, executionRoleArn, family, memory, networkMode, requiresCompatibilities, revision },
      arn: taskDefinitionArn,
      arnWithoutRevision: taskDefinitionArn.replace(/:\d+$/, ""),
      containerDefinitions: JSON.stringify(containerDefinitions),
      runtimePlatform: found.runtimePlatform,
      tagsAll: fromEcsTags(tags),
    };
  },
  async update() {
    // Tags alone, which are no part of it.
  },
  async delete(id, { arn, skipDestroy }, { ecs }) {
    if (skipDestroy) return;
    await ecs
      .call("DeregisterTaskDefinition", { taskDefinition: arn })
      .catch(during(`deleting ECS Task Definition (${id})`));
  },
};

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

export const taskDefinition = tagged(type, retagEcs);
