import type { KubernetesConnectionNode } from "../../../../components/nodes/kubernetes/connection";

/** A node as hooks know it. */
export const kubernetesNode: KubernetesConnectionNode = {
  name: "amd64",
  platform: "linux/amd64",
  objectName: "farm-0123abcd-amd64",
  namespace: "builds",
  configMapUid: "config-uid",
  secretUid: "secret-uid",
  architecture: "amd64",
  isolation: "userns",
  cpu: "1",
  memory: "4Gi",
  nodeSelector: {},
  tolerations: [],
  image: "docker.io/moby/buildkit:v0.33.1",
  idleSeconds: 600,
  lifetimeSeconds: 43_200,
};
