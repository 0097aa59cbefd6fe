// Pulumi's SDK loads TypeScript and npm's resolver for functions that are made into closures, OpenTelemetry for updates that
// are traced, and its Automation API with every program. No program of the tests needs these, or it loads them itself, and
// loading them takes most of a second of each of a thousand commands: here they are loaded when they are first used.
// The SDK notes the stack at each call of its own. Finding the sources' lines of each takes a seventh of a program's time.
const Module = require("node:module");

/** By what the SDK asks for; and whether it is compiled from a module of ECMAScript's, which `import` becoming code asks. */
const lazy = [
  { request: /^(typescript|@npmcli\/arborist)$/, __esModule: undefined },
  // The interfaces alone are asked at each call.
  { request: /^@opentelemetry\/(?!api$)/, __esModule: true },
  { request: /^\.\/automation$/, __esModule: true },
];
const load = Module._load;

Module._load = function (request, parent, ...more) {
  if (request === "source-map-support/register") {
    return {};
  }
  const found = lazy.find((each) => each.request.test(request));
  if (!found || !parent?.filename.includes("/@pulumi/pulumi/")) {
    return load.call(this, request, parent, ...more);
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
