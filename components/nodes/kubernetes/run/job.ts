import type { V1Job, V1Volume } from "@kubernetes/client-node" with { "resolution-mode": "import" };

import { shortHash } from "../../../support/paths";
import { canonicalJson } from "../../../support/records";
import type { KubernetesConnectionNode } from "../connection";
import { labels, settingsAnnotation } from "../names";

/** How long a pod that is asked to end may go on with what it builds. */
export const graceSeconds = 900;
/** How long what has ended is kept, for whoever looks at its log. */
const keptSeconds = 300;

/** The container's name, for its log. */
export const containerName = "buildkitd";

/**
 * The Job that is a node while somebody builds. Its name is the node's, so that it is there once: whoever makes it second is
 * told so by Kubernetes. It belongs to the ConfigMap that is declared, and `pulumi destroy` takes it along.
 */
export function jobOf(node: KubernetesConnectionNode): V1Job {
  const job = plainJob(node);
  // Keys come sorted through a StackReference, and as the program has them from the builder's own stack: both mean one Job.
  job.metadata!.annotations = { [settingsAnnotation]: shortHash(canonicalJson([job, node.secretUid])) };
  return job;
}

/** Whether a Job was made of other settings. */
export function isOutdated(job: V1Job, wanted: V1Job): boolean {
  const [own, other] = [job, wanted].map(({ metadata }) => metadata?.annotations?.[settingsAnnotation]);
  return own !== other;
}

function plainJob(node: KubernetesConnectionNode): V1Job {
  const { objectName, isolation, cpu, memory, architecture } = node;
  const own = { ...labels.managedBy, [labels.node]: objectName };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: objectName,
      namespace: node.namespace,
      labels: own,
      ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: objectName, uid: node.configMapUid }],
    },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: node.lifetimeSeconds,
      ttlSecondsAfterFinished: keptSeconds,
      // Two pods never have one cache.
      podReplacementPolicy: "Failed",
      template: {
        metadata: {
          labels: own,
          annotations: {
            // A machine with a build on it is not for saving: https://karpenter.sh/docs/concepts/disruption/
            "karpenter.sh/do-not-disrupt": "true",
            "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
          },
        },
        spec: {
          restartPolicy: "Never",
          // The pod needs no right in the cluster.
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          ...(isolation === "userns" && { hostUsers: false }),
          terminationGracePeriodSeconds: graceSeconds,
          nodeSelector: { ...node.nodeSelector, "kubernetes.io/os": "linux", "kubernetes.io/arch": architecture },
          tolerations: [{ key: "kubernetes.io/arch", operator: "Exists", effect: "NoSchedule" }, ...node.tolerations],
          containers: [
            {
              name: containerName,
              image: node.image,
              command: ["/bin/sh", "/etc/buildkit/guard.sh"],
              env: [{ name: "IDLE_SECONDS", value: String(node.idleSeconds) }],
              securityContext: { privileged: true },
              resources: { requests: { cpu, memory }, limits: { memory } },
              readinessProbe: {
                exec: { command: ["buildctl", "debug", "workers"] },
                periodSeconds: 2,
                timeoutSeconds: 5,
              },
              volumeMounts: [
                { name: "cache", mountPath: "/var/lib/buildkit" },
                { name: "config", mountPath: "/etc/buildkit" },
                { name: "tls", mountPath: "/etc/multi-platform-image/tls" },
              ],
            },
          ],
          volumes: volumesOf(node),
        },
      },
    },
  };
}

function volumesOf({ objectName }: KubernetesConnectionNode): V1Volume[] {
  return [
    { name: "cache", persistentVolumeClaim: { claimName: objectName } },
    { name: "config", configMap: { name: objectName } },
    { name: "tls", secret: { secretName: objectName, defaultMode: 0o400 } },
  ];
}
