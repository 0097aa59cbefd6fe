import type { CoreV1Event, V1Job, V1Pod } from "@kubernetes/client-node" with { "resolution-mode": "import" };

import { jobOf } from "../../../../components/nodes/kubernetes/run/job";
import { kubernetesNode } from "./kubernetesNode";

export const platform = "linux/amd64";
export const made = new Date("2026-11-01T10:00:00Z");
/** A node's Job as a cluster has it. */
export const running: V1Job = { ...jobOf(kubernetesNode), status: { active: 1 } };
running.metadata = { ...running.metadata, uid: "job-uid", creationTimestamp: made };

export function podOf(status: V1Pod["status"], more: V1Pod["metadata"] = {}): V1Pod {
  const ownerReferences = [{ apiVersion: "batch/v1", kind: "Job", name: "job", uid: "job-uid" }];
  return { metadata: { name: "farm-0123abcd-amd64-x7k2p", creationTimestamp: made, ownerReferences, ...more }, status };
}

export const readyPod = podOf({ phase: "Running", conditions: [{ type: "Ready", status: "True" }] });

export function eventOf(reason: string, message: string, type = "Warning"): CoreV1Event {
  return { involvedObject: { name: running.metadata?.name }, metadata: {}, type, reason, message, lastTimestamp: made };
}
