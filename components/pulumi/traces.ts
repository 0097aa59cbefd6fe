/** What makes the text of an error's stack: a package that looks up lines in source maps sets it. */
type Describe = NonNullable<typeof Error.prepareStackTrace>;

/** Set, the SDK shows the traces that it keeps. */
const leaksVariable = "PULUMI_DEBUG_PROMISE_LEAKS";

/**
 * Declares resources without the stack traces that the SDK keeps of each of their outputs, to show them in its own debug mode alone. For each
 * line of them source maps are looked up, which takes a quarter of the time of a program of 20 images. All other traces stay as they are.
 *
 * @see https://github.com/pulumi/pulumi/blob/v3.248.0/sdk/nodejs/runtime/debuggable.ts
 */
export function withoutTraces<T>(declare: () => T): T {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- Node calls it so, too
  const describe: Describe | undefined = Error.prepareStackTrace;
  if (!describe || process.env[leaksVariable]) {
    return declare();
  }
  const isKept = (frames: readonly NodeJS.CallSite[]) => frames[0]?.getFunctionName() !== "debuggablePromise";
  const quick: Describe = (error, frames) => (isKept(frames) ? (describe(error, frames) as unknown) : "");
  Error.prepareStackTrace = quick;
  try {
    return declare();
  } finally {
    // Whoever has set another one meanwhile keeps it.
    if (Error.prepareStackTrace === quick) {
      Error.prepareStackTrace = describe;
    }
  }
}
