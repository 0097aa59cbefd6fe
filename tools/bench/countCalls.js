// Loaded before a program of the benchmark: counts the calls that it makes to Pulumi's engine, by their names, and writes them to
// the file that BENCH_CALLS names. Plain JavaScript, because Node loads it before anything else.
"use strict";
const fs = require("node:fs");
const Module = require("node:module");

const file = process.env.BENCH_CALLS;
const calls = {};
const load = Module._load;
let counting;

Module._load = function (request, ...more) {
  const loaded = load.call(this, request, ...more);
  if (!file || request !== "@grpc/grpc-js") {
    return loaded;
  }
  counting ??= { ...loaded, makeGenericClientConstructor: (service, ...rest) => counted(loaded, service, rest) };
  return counting;
};

/** A client of one of Pulumi's services, each of whose methods counts its calls. */
function counted({ makeGenericClientConstructor }, service, rest) {
  const client = makeGenericClientConstructor(service, ...rest);
  for (const name of Object.keys(service)) {
    const method = client.prototype[name];
    client.prototype[name] = function (...args) {
      calls[name] = (calls[name] ?? 0) + 1;
      return method.apply(this, args);
    };
  }
  return client;
}

// The language host starts other processes besides, which call nobody.
process.once("exit", () => {
  if (Object.keys(calls).length > 0) {
    fs.writeFileSync(file, JSON.stringify(calls));
  }
});
