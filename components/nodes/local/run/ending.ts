const hangMinutes = 10;

/** Whether a daemon is to end, and why. */
export function reasonToEnd(
  since: { activityMilliseconds: number; answerMilliseconds: number },
  idleTimeoutMinutes: number | null,
): "idle" | "silent" | undefined {
  // One that is starting or busy may be silent for a while.
  if (since.answerMilliseconds > hangMinutes * 60_000) {
    return "silent";
  }
  return idleTimeoutMinutes !== null && since.activityMilliseconds > idleTimeoutMinutes * 60_000 ? "idle" : undefined;
}
