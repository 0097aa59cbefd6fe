import type { BuilderArgs } from "./builderArguments";
import type { NodeArgs } from "../nodes/arguments";
import type { ArgumentsOf } from "../arguments/table";

/** The arguments of `Builder`. */
export const builderArguments: ArgumentsOf<BuilderArgs> = {
  ec2: {
    addressing: "plain text",
    backstop: "plain flag",
    buildkit: { archives: "any", version: "plain text" },
    ingress: { address: "text", cidrs: "plain list", from: "plain text" },
    insecureRegistries: "plain list",
    registryMirrors: "plain record",
    tags: "plain record",
  },
  idleTimeoutMinutes: "plain number",
  lifecycle: "plain text",
  maxLifetimeMinutes: "plain number",
  nodes: "plain list",
  wakeTimeoutSeconds: "plain number",
};

const common = {
  additionalPlatforms: "plain list",
  kind: "plain text",
  name: "plain text",
  platform: "plain text",
} as const;

/** The arguments of a node, by its kind. */
export const nodeArguments: { readonly [K in NodeArgs["kind"]]: ArgumentsOf<Extract<NodeArgs, { kind: K }>> } = {
  ec2: {
    ...common,
    ami: "text",
    cacheVolumeIops: "plain number",
    cacheVolumeSizeGibibytes: "plain number",
    cacheVolumeThroughputMebibytes: "plain number",
    capacityType: "plain text",
    instanceType: "text",
    instanceTypes: "plain list",
    maxParallelism: "plain number",
    rootVolumeSizeGibibytes: "plain number",
    subnetId: "text",
    subnetIds: "plain list",
  },
  kubernetes: {
    ...common,
    cacheVolumeSizeGibibytes: "plain number",
    image: "text",
    insecureRegistries: "plain list",
    isolation: "plain text",
    maxParallelism: "plain number",
    namespace: "text",
    nodeSelector: "plain record",
    registryMirrors: "plain record",
    resources: { cpu: "plain text", memory: "plain text" },
    storageClass: "plain text",
    tolerations: "plain list",
  },
  local: {
    ...common,
    insecureRegistries: "plain list",
    maxParallelism: "plain number",
    registryMirrors: "plain record",
  },
  remote: {
    ...common,
    driver: "plain text",
    endpoint: "text",
    image: "text",
    tls: { ca: "text", cert: "text", key: "text", serverName: "text" },
  },
};
