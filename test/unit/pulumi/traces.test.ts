import * as assert from "node:assert/strict";

import { withoutTraces } from "../../../components/pulumi/traces";

/** How the SDK makes an output's promise: loaded anew, since test/main/lazyModules.js has changed the one that is loaded. */
function loadDebuggablePromise(): (promise: Promise<unknown>, context: string) => Promise<unknown> {
  const file = require.resolve("@pulumi/pulumi/runtime/debuggable");
  const loaded = require.cache[file];
  delete require.cache[file];
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- the SDK has no types for it
    return (require(file) as { debuggablePromise: ReturnType<typeof loadDebuggablePromise> }).debuggablePromise;
  } finally {
    require.cache[file] = loaded;
  }
}

const debuggablePromise = loadDebuggablePromise();

function traceOfOutput(): unknown {
  const promise = Promise.resolve();
  void debuggablePromise(promise, "a test");
  return (promise as unknown as { _debugStackTrace: unknown })._debugStackTrace;
}

describe("resources that are declared without traces", () => {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- Node calls it so, too
  const before = Error.prepareStackTrace;
  const described: Error[] = [];

  beforeEach(() => {
    described.splice(0);
    Error.prepareStackTrace = (error) => {
      described.push(error);
      return "described";
    };
  });
  afterEach(() => {
    Error.prepareStackTrace = before;
    delete process.env.PULUMI_DEBUG_PROMISE_LEAKS;
  });

  it("have none of their outputs, and every other one", () => {
    assert.equal(traceOfOutput(), "described");
    const [ofOutput, own] = withoutTraces(() => [traceOfOutput(), new Error("own").stack]);
    assert.deepEqual([ofOutput, own], ["", "described"]);
    assert.equal(described.length, 2);
    assert.equal(traceOfOutput(), "described");
  });

  it("leave things as they were when they fail", () => {
    assert.throws(() => {
      withoutTraces(() => {
        throw new Error("refused");
      });
    }, /refused/);
    assert.equal(traceOfOutput(), "described");
  });

  it("have all of them where the SDK is asked to show them", () => {
    process.env.PULUMI_DEBUG_PROMISE_LEAKS = "1";
    assert.equal(withoutTraces(traceOfOutput), "described");
  });
});
