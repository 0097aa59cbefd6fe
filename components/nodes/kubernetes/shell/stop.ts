import { setTimeout as sleep } from "node:timers/promises";

import { BuildError } from "../../../support/errors";
import type { Progress } from "../../../support/progress";
import { endHolder, holdersIn } from "../../../transport/holders";
import { graceSeconds } from "../run/job";
import type { State } from "../run/state";
import { askNodes } from "./builderStatus";
import type { FoundBuilder } from "./find";
import { holdFolder } from "./hold";
import { inWords, type Place } from "./place";

const pollMilliseconds = 1_000;
/** A pod that does not end in its grace period is ended by its machine; that takes some seconds more. */
const timeoutMilliseconds = (graceSeconds + 60) * 1_000;

/** Asks a builder's pods to end, unless one builds or may do so, and gives up what `wake` holds here. Caches stay. */
export async function stopNodes(
  place: Place,
  builder: FoundBuilder,
  { force, wait }: { force: boolean; wait: boolean },
  progress: Progress,
): Promise<string> {
  const { builderName } = builder;
  const asked = await askNodes(place, builder);
  const reasons = asked.flatMap(({ name, seen, daemon }) => {
    const use = useOf(seen.state, daemon?.activeBuilds);
    return use === undefined ? [] : [`node ${name} ${use}`];
  });
  if (reasons.length > 0 && !force) {
    throw new BuildError(
      `builder ${builderName} is in use: ${reasons.join("; ")}. Fix: wait, or stop it even so with --force.`,
    );
  }
  // With --force others' builds go on, and this machine's are not cut either; those on a pod that ends are not done yet.
  const mayBuild = reasons.length > 0 || asked.some(({ seen }) => seen.state.kind === "ending");
  for (const holder of await holdersIn(holdFolder(builder))) {
    await endHolder(holder, mayBuild ? "yield" : "end");
  }
  const names = await inWords(place, Promise.all(builder.nodes.map((node) => node.stop())));
  const stopping = builder.nodes.filter((_, at) => names[at]);
  if (stopping.length === 0) {
    return `No node of ${builderName} runs.\n`;
  }
  if (wait) {
    progress(
      `waiting for the pods of ${builderName} to end${mayBuild ? `, which finish what they build: at most ${graceSeconds / 60} min` : ""}`,
    );
    await inWords(place, waitUntilGone(builder));
  }
  return `${wait ? "Stopped" : "Stopping"} ${stopping.map(({ name }) => name).join(", ")} of ${builderName}.\n`;
}

/** How a pod is in use, or may be, in words: one that does not answer says nothing of its builds. */
function useOf(state: State, activeBuilds: number | undefined): string | undefined {
  switch (state.kind) {
    case "ready":
      return activeBuilds === undefined
        ? "does not answer, and may build"
        : activeBuilds > 0
          ? `runs ${activeBuilds} build${activeBuilds === 1 ? "" : "s"}`
          : undefined;
    case "starting":
      return state.isRunning ? "runs, is not ready, and may build" : undefined;
    // The cluster has asked it to end before, and it does so when it has built.
    case "ending":
    case "ended":
    case "refused":
    case "absent":
      return undefined;
    default:
      return state satisfies never;
  }
}

async function waitUntilGone({ nodes, builderName }: FoundBuilder): Promise<void> {
  const deadline = Date.now() + timeoutMilliseconds;
  for (;;) {
    const seen = await Promise.all(nodes.map((node) => node.see()));
    if (seen.every(({ state }) => state.kind === "absent")) {
      return;
    }
    if (Date.now() > deadline) {
      throw new BuildError(
        `builder ${builderName}: a pod has not ended within ${timeoutMilliseconds / 60_000} min. Fix: \`kubectl delete pod --force\`.`,
      );
    }
    await sleep(pollMilliseconds);
  }
}
