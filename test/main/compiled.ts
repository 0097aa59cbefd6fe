import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { cachedFolder } from "../hosts/cachedFolder";
import { execute } from "../hosts";

const repository = path.resolve(__dirname, "../..");
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
  const hashes = [...library, ...programs, "tsconfig.json"].map((file) => [file, hashOf(file)]);
  return cachedFolder("compiled", { repository, hashes }, async (draft) => {
    const settings = path.join(draft, "tsconfig.json");
    const compilerOptions = { noEmit: false, noCheck: true, types: [], rootDir: repository, outDir: draft };
    const files = [...library, ...programs].map((file) => path.join(repository, file));
    const text = { extends: path.join(repository, "tsconfig.json"), compilerOptions, files, include: [] };
    fs.writeFileSync(settings, JSON.stringify(text));
    // What is found by its place beside the library.
    for (const name of ["node_modules", "machine", "package.json"]) {
      fs.symlinkSync(path.join(repository, name), path.join(draft, name));
    }
    await execute([process.execPath, require.resolve("typescript/bin/tsc"), "--project", settings], {
      timeoutMilliseconds: 300_000,
    });
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
