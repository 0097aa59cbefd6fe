// What a process of the tests reads of JavaScript, kept in one file: where each module is, its source, and what V8 made of it.
// Some 600 modules are found, read and compiled for each of a thousand commands, which takes most of their time. Node keeps
// what it compiled from 22.1 on alone (https://nodejs.org/api/module.html#module-compile-cache), and v8-compile-cache what is
// compiled before a module runs, which is little of it.
//
// TEST_KEPT_MODULES names the file; without it nothing is kept. Modules are taken from it that don't change: those of this
// repository's node_modules, which npm notes in a file, and those below the file's own folder.
"use strict";
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const vm = require("node:vm");

const FEW = 20;
const MILLISECONDS_UNTIL_KEPT = 1_000;

const file = process.env.TEST_KEPT_MODULES;
// It is this process's own: those that it starts load other modules.
delete process.env.TEST_KEPT_MODULES;
if (file) {
  keepModules(file);
}

/** A script that V8 compiled before can't import: https://github.com/nodejs/node/issues/43663. Node reads these. */
const imports = /\bimport\s*(\(|\/)/;

function keepModules(file) {
  const packages = fs.realpathSync(path.join(__dirname, "../../node_modules"));
  const folders = [packages, path.dirname(file)].map((folder) => folder + path.sep);
  const { mtimeMs, size } = fs.statSync(path.join(packages, ".package-lock.json"));
  const version = [process.version, process.arch, packages, mtimeMs, size].join(" ");
  const { resolved, modules, bytes } = read(file, version);
  const loaded = new Map();
  let added = 0;
  let timer;

  const isFixed = (name) => name.endsWith(".js") && folders.some((folder) => name.startsWith(folder));

  const resolveFilename = Module._resolveFilename;
  Module._resolveFilename = function (request, parent, isMain, options) {
    if (options || !parent?.filename || !isFixed(parent.filename)) {
      return resolveFilename.call(this, request, parent, isMain, options);
    }
    const key = `${parent.path}\0${request}`;
    if (resolved[key]) {
      return resolved[key];
    }
    const found = resolveFilename.call(this, request, parent, isMain);
    if (isFixed(found)) {
      resolved[key] = found;
    }
    return found;
  };

  const loadScript = Module._extensions[".js"];
  Module._extensions[".js"] = function (module, filename) {
    const kept = isFixed(filename) ? modules[filename] : undefined;
    if (kept) {
      run(module, filename, sourceOf(kept, bytes), bytes.subarray(kept.code, kept.code + kept.codeLength));
      return;
    }
    if (isFixed(filename)) {
      // Node reads it, and refuses what is no CommonJS.
      const compile = module._compile;
      module._compile = function (source, name, format) {
        if ((format && format !== "commonjs") || imports.test(source)) {
          return compile.call(this, source, name, format);
        }
        added += 1;
        clearTimeout(timer);
        // An engine ends its plugins without a word.
        timer = setTimeout(keep, MILLISECONDS_UNTIL_KEPT).unref();
        return run(this, name, source.replace(/^#!.*/, ""));
      };
    }
    loadScript(module, filename);
  };

  function run(module, filename, source, cachedData) {
    const columnOffset = -Module.wrapper[0].length;
    const script = new vm.Script(Module.wrap(source), { filename, columnOffset, cachedData });
    loaded.set(filename, { source, script });
    const main = script.runInThisContext();
    return main.call(module.exports, module.exports, requireOf(module), module, filename, path.dirname(filename));
  }

  function keep() {
    clearTimeout(timer);
    if (added < FEW) {
      return;
    }
    added = 0;
    const isLeft = ([name]) => !loaded.has(name);
    const parts = [
      ...[...loaded].map(([name, { source, script }]) => ({
        name,
        ...encoded(source),
        code: script.createCachedData(),
      })),
      ...Object.entries(modules)
        .filter(isLeft)
        .map(([name, kept]) => ({
          name,
          isLatin: kept.isLatin,
          text: bytes.subarray(kept.text, kept.text + kept.textLength),
          code: bytes.subarray(kept.code, kept.code + kept.codeLength),
        })),
    ];
    write(file, { version, resolved }, parts);
  }
  process.once("exit", keep);
}

/** As Node makes it, which has no function for it that leaves the module its place among the others. */
function requireOf(module) {
  const require = (id) => module.require(id);
  require.resolve = (request, options) => Module._resolveFilename(request, module, false, options);
  require.resolve.paths = (request) => Module._resolveLookupPaths(request, module);
  require.main = process.mainModule;
  require.extensions = Module._extensions;
  require.cache = Module._cache;
  return require;
}

const sourceOf = ({ isLatin, text, textLength }, bytes) =>
  bytes[isLatin ? "latin1Slice" : "utf8Slice"](text, text + textLength);

function encoded(source) {
  const isLatin = !/[^\0-\xff]/.test(source);
  return { isLatin, text: Buffer.from(source, isLatin ? "latin1" : "utf8") };
}

/** The length of the header, the header, and then all sources and code. */
function read(file, version) {
  try {
    const all = fs.readFileSync(file);
    const end = 4 + all.readUInt32LE(0);
    const header = JSON.parse(all.utf8Slice(4, end));
    if (header.version === version) {
      return { ...header, bytes: all.subarray(end) };
    }
  } catch {
    // There is none yet.
  }
  return { resolved: {}, modules: {}, bytes: Buffer.alloc(0) };
}

/** By a rename, because others read it. Two that write at once lose one's work, which the next one does again. */
function write(file, header, parts) {
  const modules = {};
  const bytes = [];
  let at = 0;
  const put = (part) => {
    bytes.push(part);
    at += part.length;
    return at - part.length;
  };
  for (const { name, isLatin, text, code } of parts) {
    modules[name] = { isLatin, text: put(text), textLength: text.length, code: put(code), codeLength: code.length };
  }
  const head = Buffer.from(JSON.stringify({ ...header, modules }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  const draft = `${file}.${process.pid}`;
  try {
    fs.writeFileSync(draft, Buffer.concat([length, head, ...bytes]));
    fs.renameSync(draft, file);
  } catch {
    fs.rmSync(draft, { force: true });
  }
}
