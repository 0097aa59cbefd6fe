// TypeScript of a process of the tests, kept as JavaScript: each of a hundred processes would load TypeScript and swc, and have
// the same files transpiled, which takes half of its start. TEST_KEPT_TYPESCRIPT names the folder for it; without it, or where
// ts-node is there already, nothing is kept.
"use strict";
const crypto = require("node:crypto");
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");

const hashOf = (content) => crypto.createHash("sha256").update(content).digest("hex").slice(0, 16);

const folder = process.env.TEST_KEPT_TYPESCRIPT;
if (folder && !process[Symbol.for("ts-node.register.instance")]) {
  keepTypeScript(folder);
} else {
  require("ts-node/register/transpile-only");
}

/** As ts-node has it of swc, by tsconfig.json: https://typestrong.org/ts-node/docs/swc */
function transpiled(source, filename) {
  return require("@swc/core").transformSync(source, {
    filename,
    swcrc: false,
    sourceMaps: "inline",
    inlineSourcesContent: false,
    jsc: { parser: { syntax: "typescript" }, target: "es2022" },
    module: { type: "commonjs", ignoreDynamic: true },
  }).code;
}

function keepTypeScript(folder) {
  const version = `${require("@swc/core/package.json").version} ${hashOf(fs.readFileSync(__filename))}`;
  const outputs = new Map();
  require("@cspotcode/source-map-support").install({
    environment: "node",
    retrieveFile: (name) => outputs.get(name.replace(/^file:\/\//, "")) ?? "",
  });
  fs.mkdirSync(folder, { recursive: true });

  Module._extensions[".ts"] = function (module, filename) {
    const source = fs.readFileSync(filename, "utf8");
    const first = `// ${version} ${hashOf(source)}\n`;
    // One for each path, however often it changes.
    const file = path.join(folder, `${hashOf(filename)}.js`);
    let output = readIfThere(file);
    if (!output?.startsWith(first)) {
      output = first + transpiled(source, filename);
      write(file, output);
    }
    const code = output.slice(first.length);
    outputs.set(filename, code);
    module._compile(code, filename);
  };
}

function readIfThere(file) {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** By a rename: others read it. A folder that can't be written to keeps nothing. */
function write(file, content) {
  const draft = `${file}.${process.pid}`;
  try {
    fs.writeFileSync(draft, content);
    fs.renameSync(draft, file);
  } catch {
    fs.rmSync(draft, { force: true });
  }
}
