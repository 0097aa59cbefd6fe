export { Builder } from "./builder/builder";
export type { BuilderArgs } from "./builder/builderArguments";
export type { BuilderConnection } from "./builder/builderConnection";
export type { BuildNode } from "./builder/builderSource";
export type { MultiPlatformImageArgs } from "./image/arguments/imageArguments";
export { MultiPlatformImage } from "./image/multiPlatformImage";
export type { CommonNodeArgs } from "./nodes/commonArguments";
export type { NodeArgs } from "./nodes/arguments";
export type { LocalNodeArgs } from "./nodes/local/arguments";
export type { RemoteDriver, RemoteNodeArgs, RemoteNodeTls } from "./nodes/remote/arguments";
export type { BuildkitReleaseArgs, Ec2Args, Ec2NodeArgs, Ec2Platform, IngressArgs } from "./nodes/ec2/arguments";
export type {
  KubernetesIsolation,
  KubernetesNodeArgs,
  KubernetesResources,
  KubernetesTaintEffect,
  KubernetesToleration,
  KubernetesTolerationOperator,
} from "./nodes/kubernetes/arguments";
export type { Platform } from "./support/platforms";
export type { ProvenanceMode } from "./provenance/statement";
export type { PlatformDigests } from "./registry/manifest";
export type { EcrRepository } from "./image/repository/ecr";
export type { ReportArgs } from "./insights/reportArguments";
export type { BuildCost, NodeCost } from "./insights/cost";
export type { BuildReport, Miss, MissKind, Phase, PlatformReport, StepReport, StepState } from "./insights/report";
