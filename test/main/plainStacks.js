// Pulumi notes a stack trace for each of its promises, which it shows in its own debug mode alone:
// https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/nodejs/runtime/debuggable.ts. ts-node looks up each of their lines in the
// source maps, which takes three quarters of the time of a test with Pulumi's mocks. An error's own trace is still looked up.
"use strict";
const mapped = Error.prepareStackTrace;
if (mapped && !process.env.PULUMI_DEBUG_PROMISE_LEAKS) {
  Error.prepareStackTrace = (error, frames) =>
    frames[0]?.getFunctionName() === "debuggablePromise" ? "" : mapped(error, frames);
}
