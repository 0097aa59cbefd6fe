export { Builder } from "./builder";
export type { BuilderArgs } from "./builderArguments";
export type { BuilderConnection } from "./builderConnection";
export type { BuildNode } from "./builderSource";
export type { MultiPlatformImageArgs } from "./imageArguments";
export { MultiPlatformImage } from "./multiPlatformImage";
export type {
  CommonNodeArgs,
  LocalNodeArgs,
  NodeArgs,
  RemoteDriver,
  RemoteNodeArgs,
  RemoteNodeTls,
} from "./nodes/arguments";
export type { BuildkitReleaseArgs, Ec2Args, Ec2NodeArgs, Ec2Platform, IngressArgs } from "./nodes/ec2/arguments";
export type {
  KubernetesIsolation,
  KubernetesNodeArgs,
  KubernetesResources,
  KubernetesTaintEffect,
  KubernetesToleration,
  KubernetesTolerationOperator,
} from "./nodes/kubernetes/arguments";
export type { Platform } from "./platforms";
export type { ProvenanceMode } from "./provenance/statement";
export type { PlatformDigests } from "./registry/manifest";
export type { EcrRepository } from "./repository/ecr";
