// Compiles the plugin to dist/provider, beside the library: for the npm package, and where Pulumi installs the plugin from a
// checkout (PulumiPlugin.yaml), with `--library` the library as well. Plain JavaScript, and without a look at types, which are
// checked before a commit: whoever installs a plugin waits for it, and has no memory for the types of @pulumi/aws.
const fs = require("node:fs");
const path = require("node:path");

const ts = require("typescript");

const root = path.resolve(__dirname, "..");
const dist = path.join(root, "dist");
const launcher = "#!/usr/bin/env node\n";

/** The name by which the library is published, and its folder in a checkout: beside it, it is found by its place. */
const library = /require\("(?:pulumi-multi-platform-image|\.\.\/components)(\/[^"]*)?"\)/g;

const compilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.Node16,
  moduleResolution: ts.ModuleResolutionKind.Node16,
  esModuleInterop: true,
};

function compile(from, to) {
  const { outputText } = ts.transpileModule(fs.readFileSync(from, "utf8"), { compilerOptions, fileName: from });
  fs.mkdirSync(path.dirname(to), { recursive: true });
  fs.writeFileSync(to, outputText.replace(library, 'require("..$1")'));
}

function compileFolder(from, to, { recursive }) {
  for (const file of fs.readdirSync(from, { recursive, encoding: "utf8" }).filter((name) => name.endsWith(".ts"))) {
    compile(path.join(from, file), path.join(to, file.replace(/\.ts$/, ".js")));
  }
}

if (process.argv.includes("--library")) {
  compileFolder(path.join(root, "components"), dist, { recursive: true });
}
const plugin = path.join(dist, "provider");
compileFolder(__dirname, plugin, { recursive: false });
for (const name of ["schema.json", "arguments.json"]) {
  fs.copyFileSync(path.join(__dirname, name), path.join(plugin, name));
}
// As a command of the npm package, which Pulumi finds on PATH: https://www.pulumi.com/docs/iac/concepts/plugins/
const main = path.join(plugin, "main.js");
fs.writeFileSync(main, launcher + fs.readFileSync(main, "utf8"), { mode: 0o755 });
