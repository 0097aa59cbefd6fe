import { isProperties, isSame, mapProperties, type Properties } from "../../protocol/values";

/**
 * Whether two texts of container definitions mean the same in network mode awsvpc: what ECS fills in, and the order that it
 * answers in, are no change.
 *
 * https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ecs/container_definitions.go
 */
export function areSameContainers(one: unknown, other: unknown): boolean {
  try {
    return isSame(reduced(one), reduced(other));
  } catch {
    return one === other;
  }
}

function reduced(text: unknown): Properties[] {
  const containers = (JSON.parse(String(text)) as Properties[]).map((each) => ({
    cpu: 0,
    essential: true,
    ...each,
    ...(isProperties(each.healthCheck) && {
      healthCheck: { interval: 30, retries: 3, timeout: 5, ...each.healthCheck },
    }),
    portMappings: ((each.portMappings ?? []) as Properties[]).map(port),
    environment: byName(each.environment),
    secrets: byName(each.secrets),
  }));
  return byName(containers).map((each) => mapProperties(each, (value) => (isEmptyList(value) ? undefined : value)));
}

const port = (mapping: Properties): Properties => ({
  ...mapping,
  protocol: mapping.protocol === "tcp" ? undefined : mapping.protocol,
  hostPort: mapping.hostPort || mapping.containerPort,
});

const byName = (list: unknown): Properties[] =>
  ((list ?? []) as Properties[]).toSorted((one, other) => String(one.name).localeCompare(String(other.name)));

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;
