import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { type Options, transformFileSync } from "@swc/core";

import { cachedFolder } from "../hosts/cachedFolder";

const repository = path.resolve(__dirname, "../..");

/** TypeScript's own compiler takes half a minute of a core, most of it for types that a program has no use for. */
const settings: Options = {
  jsc: { parser: { syntax: "typescript" }, target: "es2022" },
  module: { type: "commonjs" },
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

async function compile(): Promise<string> {
  const library = sources("components");
  const programs = sources("test").filter((file) => /(program\/[^/]+|\/exampleLibrary\.ts)$/i.test(file));
  const hashes = [...library, ...programs].map((file) => [file, hashOf(file)]);
  return cachedFolder("compiled", { repository, hashes, settings }, (draft) => {
    for (const file of [...library, ...programs]) {
      const target = path.join(draft, file.replace(/\.ts$/, ".js"));
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.writeFileSync(target, transformFileSync(path.join(repository, file), settings).code);
    }
    // What is found by its place beside the library.
    for (const name of ["node_modules", "machine", "package.json"]) {
      fs.symlinkSync(path.join(repository, name), path.join(draft, name));
    }
    return Promise.resolve();
  });
}

function sources(under: string): string[] {
  return fs
    .readdirSync(path.join(repository, under), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.includes("node_modules"))
    .map((file) => path.join(under, file))
    .sort();
}

function hashOf(file: string): string {
  return createHash("sha256")
    .update(fs.readFileSync(path.join(repository, file)))
    .digest("hex");
}
