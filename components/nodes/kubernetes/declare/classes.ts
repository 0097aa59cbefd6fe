import type { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import type { PersistentVolumeClaim } from "@pulumi/kubernetes/core/v1/persistentVolumeClaim";
import type { Secret } from "@pulumi/kubernetes/core/v1/secret";

import { missingPackage } from "../missingPackage";

/** The classes of Pulumi's package that are needed. */
export interface KubernetesClasses {
  ConfigMap: typeof ConfigMap;
  PersistentVolumeClaim: typeof PersistentVolumeClaim;
  Secret: typeof Secret;
}

const peer = "@pulumi/kubernetes";

/**
 * Pulumi's package for Kubernetes, which only builders with such nodes need.
 * @throws BuildError where it is not installed.
 */
export function loadClasses(owner: string): KubernetesClasses {
  try {
    /* eslint-disable @typescript-eslint/no-require-imports -- it is optional, and the program goes on at once */
    const { ConfigMap } = require("@pulumi/kubernetes/core/v1/configMap") as Pick<KubernetesClasses, "ConfigMap">;
    const { Secret } = require("@pulumi/kubernetes/core/v1/secret") as Pick<KubernetesClasses, "Secret">;
    const claim = require("@pulumi/kubernetes/core/v1/persistentVolumeClaim") as Pick<
      KubernetesClasses,
      "PersistentVolumeClaim"
    >;
    /* eslint-enable @typescript-eslint/no-require-imports */
    return { ConfigMap, Secret, PersistentVolumeClaim: claim.PersistentVolumeClaim };
  } catch (error) {
    throw missingPackage(owner, peer, error);
  }
}
