// Pulumi's SDK loads TypeScript, npm's resolver and V8's inspector for functions that are made into closures, OpenTelemetry
// for updates that are traced, and its Automation API with every program. No program of the tests needs these, or it loads
// them itself, and loading them takes most of a second of each of a thousand commands: here they are loaded when first used.
// The SDK notes the stack at each call of its own. Finding the sources' lines of each takes a seventh of a program's time,
// and the traces of its promises, which it shows in its debug mode alone, as much again, or most of a test with its mocks:
// https://github.com/pulumi/pulumi/blob/v3.248.0/sdk/nodejs/runtime/debuggable.ts
const Module = require("node:module");

/** By what the SDK asks for; and whether it is compiled from a module of ECMAScript's, which `import` becoming code asks. */
const lazy = [
  { request: /^(typescript|@npmcli\/arborist|normalize-package-data)$/, __esModule: undefined },
  // The interfaces alone are asked at each call.
  { request: /^@opentelemetry\/(?!api$)/, __esModule: true },
  { request: /^\.\/(automation|v8Hooks)$/, __esModule: true },
];

/** What a program waits for before it runs, so that a closure would know each file: a quarter of a second of it. */
const inspector = "../../runtime/closure/v8Hooks";
const load = Module._load;

/** The SDK still says which promises are left over. */
function withoutTraces(debuggable) {
  const note = debuggable.debuggablePromise;
  if (note.leavesNoTrace || process.env.PULUMI_DEBUG_PROMISE_LEAKS) {
    return;
  }
  debuggable.debuggablePromise = (...args) => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      return note(...args);
    } finally {
      Error.stackTraceLimit = limit;
    }
  };
  debuggable.debuggablePromise.leavesNoTrace = true;
}

Module._load = function (request, parent, ...more) {
  if (request === "source-map-support/register") {
    return {};
  }
  if (request === inspector && parent?.filename.endsWith("/cmd/run/index.js")) {
    return { isInitializedAsync: () => Promise.resolve() };
  }
  const found = lazy.find((each) => each.request.test(request));
  if (!found || !parent?.filename.includes("/@pulumi/pulumi/")) {
    const given = load.call(this, request, parent, ...more);
    if (request === "./debuggable" && given.debuggablePromise) {
      withoutTraces(given);
    }
    return given;
  }
  let loaded;
  const real = () => (loaded ??= load.call(this, request, parent, ...more));
  return new Proxy(function () {}, {
    get: (_, name) => (name === "__esModule" ? found.__esModule : real()[name]),
    has: (_, name) => name in real(),
    apply: (_, that, args) => real().apply(that, args),
    construct: (_, args) => new (real())(...args),
  });
};
