import { Addon } from "@pulumi/aws/eks/addon";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace";
import type { Provider } from "@pulumi/kubernetes/provider";
import { StorageClass } from "@pulumi/kubernetes/storage/v1/storageClass";
import * as pulumi from "@pulumi/pulumi";
import { Builder } from "pulumi-multi-platform-image";

import { cluster, createRole, nodeGroups } from "./cluster";

/** A builder whose nodes are pods of the cluster that runs the image: `pulumi config set buildIn cluster`. */
export function createPods(provider: Provider): Builder {
  const driver = createVolumeDriver();
  const volumes = new StorageClass(
    "builds",
    {
      metadata: { name: "builds" },
      provisioner: "ebs.csi.aws.com",
      parameters: { type: "gp3", encrypted: "true" },
      // A volume is in one zone: that of the first pod's machine.
      volumeBindingMode: "WaitForFirstConsumer",
      allowVolumeExpansion: true,
    },
    { provider, dependsOn: driver },
  );
  const namespace = new Namespace(
    "builds",
    // BuildKit's container is privileged, in a user namespace of its own.
    { metadata: { name: "builds", labels: { "pod-security.kubernetes.io/enforce": "privileged" } } },
    { provider },
  );
  // Known when pods can be: builds wait for machines and volumes, and the caches go before these at `destroy`.
  const name = pulumi
    .all([namespace.metadata.name, volumes.metadata.name, ...nodeGroups.map(({ arn }) => arn)])
    .apply(([known]) => known);
  const node = { kind: "kubernetes", namespace: name, storageClass: "builds", cacheVolumeSizeGibibytes: 30 } as const;
  return new Builder(
    "builders",
    {
      nodes: [
        { ...node, platform: "linux/arm64" },
        { ...node, platform: "linux/amd64" },
      ],
    },
    { providers: [provider] },
  );
}

/** What makes volumes for claims: https://docs.aws.amazon.com/eks/latest/userguide/ebs-csi.html */
function createVolumeDriver(): Addon {
  const policies = ["service-role/AmazonEBSCSIDriverPolicy"];
  const role = createRole("volumes", "pods.eks.amazonaws.com", policies, ["sts:AssumeRole", "sts:TagSession"]);
  const agent = new Addon(
    "pod-identity",
    { clusterName: cluster.name, addonName: "eks-pod-identity-agent" },
    { dependsOn: nodeGroups },
  );
  return new Addon(
    "volumes",
    {
      clusterName: cluster.name,
      addonName: "aws-ebs-csi-driver",
      podIdentityAssociations: [{ serviceAccount: "ebs-csi-controller-sa", roleArn: role.role.arn }],
      // At `destroy` it goes with the cluster: a volume is deleted some seconds after its claim.
      preserve: true,
    },
    { dependsOn: [...role.policies, agent] },
  );
}
