import type { SeenNode } from "../run/node";
import type { FoundBuilder } from "./find";
import { inWords, type Place } from "./place";

/** What is more than anybody waits for a pod to begin. */
const moreSeconds = 60;

/**
 * Removes Jobs whose pod has never begun, and that nobody waits for any more: a caller that was killed has left them, and a machine
 * is added for nobody. All else that callers leave ends by itself.
 */
export async function cleanNodes(place: Place, builder: FoundBuilder): Promise<string[]> {
  const lines: string[] = [];
  for (const node of builder.nodes) {
    const seen = await inWords(place, node.see());
    if (isForgotten(seen, builder.wakeTimeoutSeconds, new Date())) {
      await inWords(place, node.stop());
      lines.push(
        `deleted Job ${place.namespace}/${seen.job?.metadata?.name} of ${builder.builderName}, which has not begun`,
      );
    }
  }
  return lines;
}

/** Whether a node's Job has not begun for longer than a build waits. */
export function isForgotten({ job, state }: SeenNode, wakeTimeoutSeconds: number, now: Date): boolean {
  const hasBegun = state.kind === "starting" ? state.isRunning : state.kind !== "refused";
  const made = job?.metadata?.creationTimestamp;
  const bound = (wakeTimeoutSeconds + moreSeconds) * 1_000;
  return made !== undefined && !hasBegun && now.getTime() - new Date(made).getTime() > bound;
}
