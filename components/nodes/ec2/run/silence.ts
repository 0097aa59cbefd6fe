import type { Endpoint } from "../../../transport/endpoint";
import type { RunNode, Waiting } from "../../node";
import type { Progress } from "../../../support/progress";

const silentMilliseconds = 20_000;
/** While a node does not answer, `wake` is called each second. */
const pauseMilliseconds = 10_000;

/**
 * A `wake` that, while its node has an address and does not answer there, looks now and then whether it is this machine
 * that is not let in any more.
 */
export function letInWhileSilent(wake: RunNode["wake"], letIn: () => Promise<boolean>): RunNode["wake"] {
  let askedAt = 0;
  let silentSince: number | undefined;
  return async (progress: Progress): Promise<Endpoint | Waiting> => {
    const answer = await wake(progress);
    const now = Date.now();
    if ("waitingFor" in answer) {
      silentSince = undefined;
    } else if (silentSince === undefined || now - askedAt > pauseMilliseconds) {
      silentSince = now;
    } else if (now - silentSince >= silentMilliseconds) {
      silentSince = now;
      // Only a hint: where it can't be known, the node's own deadline ends the wait.
      await letIn().catch(() => false);
    }
    askedAt = now;
    return answer;
  };
}
