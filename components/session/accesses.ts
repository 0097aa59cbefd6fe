import type { Access } from "../nodes/node";
import type { Progress } from "../support/progress";

/** All of them, or none. */
export async function acquireAll(accesses: readonly Access[], progress: Progress): Promise<void> {
  const outcomes = await Promise.allSettled(accesses.map((access) => access.acquire(progress)));
  const failure = outcomes.find((each) => each.status === "rejected");
  if (failure) {
    const held = accesses.filter((_, at) => outcomes[at].status === "fulfilled");
    await releaseAll(held, true);
    throw failure.reason;
  }
}

export async function releaseAll(accesses: readonly Access[], hasFailed: boolean): Promise<void> {
  await Promise.all(accesses.map((access) => access.release(hasFailed)));
}
