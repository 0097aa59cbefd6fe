import * as fs from "node:fs";
import * as path from "node:path";

import { cachedFolder } from "../hosts/cachedFolder";
import { javascript, transpileInto } from "../hosts/transpile";

const repository = path.resolve(__dirname, "../..");

const launcher = "pulumi-resource-multi-platform-image";

const links = {
  // The library under the name that it is published by.
  "provider/node_modules/pulumi-multi-platform-image": "../../components",
  // By its own name a package finds itself, too, as its `exports` say:
  // https://nodejs.org/api/packages.html#self-referencing-a-package-using-its-name
  "dist/index.js": "../components/index.js",
  // Where the launcher looks.
  "dist/provider": "../provider",
  // What is found by its place beside the library.
  node_modules: path.join(repository, "node_modules"),
  "package.json": path.join(repository, "package.json"),
  "components/nodes/ec2/machine": path.join(repository, "components/nodes/ec2/machine"),
};

let folder: Promise<string> | undefined;

/**
 * Where a program of the tests is, compiled, with the library. From its TypeScript, every command of Pulumi would compile
 * the library anew, which takes seconds of a core, a thousand times in a run. Users have it compiled, too.
 */
export async function compiled(program: string): Promise<string> {
  folder ??= compile();
  return path.join(await folder, path.relative(repository, program));
}

/** Where the plugin for other languages is, beside the compiled library. */
export async function compiledPlugin(): Promise<string> {
  return compiled(path.join(repository, "provider"));
}

/** What a process that runs such a program gets, so that it starts fast. */
export async function startsFast(): Promise<NodeJS.ProcessEnv> {
  folder ??= compile();
  return {
    NODE_OPTIONS: ["lazyModules.js", "keptModules.js"]
      .map((file) => `--require ${path.join(__dirname, file)}`)
      .join(" "),
    TEST_KEPT_MODULES: path.join(await folder, "programs.modules"),
  };
}

async function compile(): Promise<string> {
  const plugin = filesOf("provider").filter((file) => path.dirname(file) === "provider");
  const programs = [...filesOf("test"), ...filesOf("tools/bench")].filter((file) =>
    /(program\/[^/]+|\/exampleLibrary\.ts)$/i.test(file),
  );
  const sources = Object.fromEntries(
    [...filesOf("components"), ...plugin, ...programs].map((file) => [
      file,
      fs.readFileSync(path.join(repository, file), "utf8"),
    ]),
  );
  const copies = Object.fromEntries(
    ["schema.json", "arguments.json", launcher]
      .map((name) => path.join("provider", name))
      .map((file) => [file, fs.readFileSync(path.join(repository, file), "utf8")]),
  );
  return cachedFolder("compiled", { repository, sources, copies, links, javascript }, (draft) => {
    transpileInto(draft, sources);
    for (const [file, text] of Object.entries(copies)) {
      fs.writeFileSync(path.join(draft, file), text, { mode: 0o755 });
    }
    for (const [place, target] of Object.entries(links)) {
      fs.mkdirSync(path.dirname(path.join(draft, place)), { recursive: true });
      fs.symlinkSync(target, path.join(draft, place));
    }
    return Promise.resolve();
  });
}

function filesOf(under: string): string[] {
  return fs
    .readdirSync(path.join(repository, under), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.includes("node_modules"))
    .map((file) => path.join(under, file))
    .sort();
}
