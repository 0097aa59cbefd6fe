export { Builder, type BuilderArgs, type BuildNode } from "./builder";
export { MultiPlatformImage, type MultiPlatformImageArgs } from "./multiPlatformImage";
export type { CommonNodeArgs, LocalNodeArgs, NodeArgs, RemoteNodeArgs, RemoteNodeTls } from "./nodes/arguments";
export type { Platform } from "./platforms";
export type { PlatformDigests } from "./registry/manifest";
