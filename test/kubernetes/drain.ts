import { strict as assert } from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";

import type { V1Pod } from "@kubernetes/client-node" with { "resolution-mode": "import" };

import type { Objects } from "./objects";

// As kubectl waits: https://github.com/kubernetes/kubectl/blob/v0.35.4/pkg/drain/drain.go
const refusedSeconds = 5;
const lookMilliseconds = 1_000;

/**
 * What `kubectl drain MACHINE` does, without `--force` and `--delete-emptydir-data`: the machine takes no new pod, each pod is asked to
 * end by the Eviction API, with its own grace period, again while a disruption budget refuses that; and all are waited for.
 * @param namespace whose pods alone are asked: those of other tests stay
 * @returns the pods that have gone
 */
export async function drain({ core }: Objects, machine: string, namespace: string): Promise<string[]> {
  await cordon({ core }, machine, true);
  const fieldSelector = `spec.nodeName=${machine}`;
  const { items } = await core.listNamespacedPod({ namespace, fieldSelector });
  for (const pod of items) {
    assert.equal(whyRefused(pod), undefined);
  }
  const names = items.map(({ metadata }) => metadata?.name ?? "");
  await Promise.all(
    names.map(async (name) => {
      const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } };
      for (;;) {
        try {
          await core.createNamespacedPodEviction({ namespace, name, body });
          break;
        } catch (error) {
          if ((error as { code?: number }).code !== 429) throw error;
          await sleep(refusedSeconds * 1_000);
        }
      }
      const isThere = async () => {
        const { items: left } = await core.listNamespacedPod({ namespace, fieldSelector });
        return left.some(({ metadata }) => metadata?.name === name);
      };
      while (await isThere()) await sleep(lookMilliseconds);
    }),
  );
  return names;
}

/** Why kubectl would ask for another flag: https://github.com/kubernetes/kubectl/blob/v0.35.4/pkg/drain/filters.go */
function whyRefused({ metadata, spec, status }: V1Pod): string | undefined {
  if (status?.phase === "Succeeded" || status?.phase === "Failed") return undefined;
  if (!metadata?.ownerReferences?.some(({ controller }) => controller))
    return "cannot delete Pods that declare no controller";
  return spec?.volumes?.some(({ emptyDir }) => emptyDir) ? "cannot delete Pods with local storage" : undefined;
}

/** Whether a machine takes new pods. */
export async function cordon({ core }: Pick<Objects, "core">, name: string, unschedulable: boolean): Promise<void> {
  const machine = await core.readNode({ name });
  await core.replaceNode({ name, body: { ...machine, spec: { ...machine.spec, unschedulable } } });
}
