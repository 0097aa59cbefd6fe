export type {
  BuildHost,
  BuildRecord,
  HostCertificates,
  HostPlatform,
  RemoteNode,
  TrustedRegistries,
} from "./buildHost";
export { type Authority, createAuthority, hoursFromNow, type Leaf, type LeafOptions, serverName } from "./certificates";
export { execute, waitUntil } from "./command";
export { type NamespaceNode, type NamespaceNodeOptions, startNamespaceNode } from "./namespaceNode";
export { buildkitPort, createNetwork, type NetworkHost, type TestNetwork } from "./network";
export { type Registry, type RegistryOptions, startRegistry } from "./registry";
export { type ObservedRequest, startTamperingProxy, type TamperingProxy } from "./tamper";
export { openRun, type TestRun } from "./testRun";
export { type Arm64Machine, type Arm64MachineOptions, startArm64Machine } from "./arm64Machine";
export { prepareArm64Image } from "./arm64Image";
export { pushBaseImage, pushDebianImage } from "./baseImage";
export { type DockerEngine, loadBuildkitImage, startDockerEngine } from "./dockerEngine";
export { type EmulatedArchitecture, withPrivateEmulators } from "./emulator";
export {
  type HostPart,
  hostPackages,
  hostParts,
  machineParts,
  missingRequirements,
  preparedParts,
  skipWithout,
} from "./requirements";
export { startDockerSshHost, type SshHost, startSshd, startSshHost } from "./sshHost";
