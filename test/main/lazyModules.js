// Pulumi's SDK loads TypeScript and npm's resolver for functions that are made into closures. No program of the tests has
// one, and loading them takes half a second of each of a thousand commands: here they are loaded when they are first used.
// The SDK notes the stack at each call of its own. Finding the sources' lines of each takes a seventh of a program's time.
const Module = require("node:module");

const lazy = new Set(["typescript", "@npmcli/arborist"]);
const load = Module._load;

Module._load = function (request, parent, ...more) {
  if (request === "source-map-support/register") {
    return {};
  }
  if (!lazy.has(request) || !parent?.filename.includes("/@pulumi/pulumi/")) {
    return load.call(this, request, parent, ...more);
  }
  let loaded;
  const real = () => (loaded ??= load.call(this, request, parent, ...more));
  return new Proxy(function () {}, {
    // Asked for by the code that `import` becomes. Both are CommonJS.
    get: (_, name) => (name === "__esModule" ? undefined : real()[name]),
    has: (_, name) => name in real(),
    apply: (_, that, args) => real().apply(that, args),
    construct: (_, args) => new (real())(...args),
  });
};
