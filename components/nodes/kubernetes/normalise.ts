import type * as pulumi from "@pulumi/pulumi";

import { containerImage } from "../../buildkit/containerImage";
import type { BuildkitdSettings } from "../../buildkit/toml";
import { argumentError } from "../../support/errors";
import type { Platform } from "../../support/platforms";
import { checkNumber, checkWholeNumber } from "../../support/numbers";
import type { KubernetesIsolation, KubernetesNodeArgs, KubernetesToleration } from "./arguments";
import { architectureOf } from "./platforms";

/** A node's arguments with every default filled in. */
export interface NormalKubernetesNode {
  name: string;
  platform: Platform;
  additionalPlatforms: readonly Platform[] | undefined;
  architecture: string;
  namespace: pulumi.Input<string>;
  isolation: KubernetesIsolation;
  cpu: string;
  memory: string;
  cacheVolumeSizeGibibytes: number;
  /** `undefined`: the cluster's default. */
  storageClass: string | undefined;
  nodeSelector: Readonly<Record<string, string>>;
  tolerations: readonly KubernetesToleration[];
  image: pulumi.Input<string>;
  settings: BuildkitdSettings;
}

type NamedKubernetesNode = KubernetesNodeArgs & { name: string };

const isolations: readonly KubernetesIsolation[] = ["userns", "privileged"];
const operators = ["Equal", "Exists"];
const effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
/** EBS' own limit, https://docs.aws.amazon.com/ebs/latest/userguide/volume_constraints.html; other clouds' are not above it. */
const mostGibibytes = 65_536;
const defaultGibibytes = 50;

// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
const cpuPattern = /^(\d+(\.\d+)?|\d+m)$/;
const memoryPattern = /^\d+(\.\d+)?([KMGT]i?|k)?$/;

/**
 * One node's arguments with their defaults.
 * @param place its place among the nodes: `nodes[0]`
 * @throws BuildError that names the argument.
 */
export function normaliseKubernetes(owner: string, place: string, node: NamedKubernetesNode): NormalKubernetesNode {
  const refuse = (argument: string, value: unknown, remedy: string) =>
    argumentError(owner, `${place}.${argument}`, value, remedy);
  const { name, platform, namespace, isolation = "userns", resources = {}, tolerations = [] } = node;
  const architecture = architectureOf(platform);
  if (!architecture) {
    const remedy =
      "Kubernetes has nodes of linux/amd64, arm64, arm, ppc64le, riscv64 and s390x; name this one in `additionalPlatforms` of another";
    throw refuse("platform", platform, remedy);
  }
  if (namespace === undefined || namespace === "") {
    throw refuse("namespace", namespace || undefined, 'name one that is there, for instance "builds"');
  }
  if (!isolations.includes(isolation)) {
    throw refuse("isolation", isolation, `${isolations.map((each) => `"${each}"`).join(", ")} are allowed`);
  }
  const { cpu = "1", memory = "4Gi" } = resources;
  if (!cpuPattern.test(cpu)) {
    throw refuse("resources.cpu", cpu, 'write "4" or "500m"');
  }
  if (!memoryPattern.test(memory)) {
    throw refuse("resources.memory", memory, 'write "8Gi" or "512Mi"');
  }
  for (const [at, { operator, effect }] of tolerations.entries()) {
    if (operator !== undefined && !operators.includes(operator)) {
      throw refuse(`tolerations[${at}].operator`, operator, `${operators.join(" and ")} are allowed`);
    }
    if (effect !== undefined && !effects.includes(effect)) {
      throw refuse(`tolerations[${at}].effect`, effect, `${effects.join(", ")} are allowed`);
    }
  }
  const { cacheVolumeSizeGibibytes = defaultGibibytes } = node;
  checkNumber(owner, `${place}.cacheVolumeSizeGibibytes`, cacheVolumeSizeGibibytes, 1, mostGibibytes);
  const { maxParallelism, registryMirrors = {}, insecureRegistries = [] } = node;
  if (maxParallelism !== undefined) {
    checkWholeNumber(owner, `${place}.maxParallelism`, maxParallelism, 1);
  }
  return {
    name,
    platform,
    additionalPlatforms: node.additionalPlatforms,
    architecture,
    namespace,
    isolation,
    cpu,
    memory,
    cacheVolumeSizeGibibytes,
    storageClass: node.storageClass,
    nodeSelector: node.nodeSelector ?? {},
    tolerations,
    image: node.image ?? `docker.io/${containerImage}`,
    settings: { ...(maxParallelism && { maxParallelism }), registryMirrors, insecureRegistries },
  };
}
