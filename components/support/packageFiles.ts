import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as path from "node:path";

import { BuildError } from "./errors";
import { readJsonIfThere } from "./paths";

const packageName = "pulumi-multi-platform-image";

/** Where this package's files are. */
interface OwnPackage {
  /** Its `package.json`, and the program of EC2 nodes. */
  folder: string;
  /** Its modules. */
  library: string;
}

/**
 * A folder or file at the package's root, such as `components/nodes/ec2/machine`.
 * @throws BuildError where a bundler has left it out.
 */
export function packageFile(name: string): string {
  return path.join(findPackage().folder, name);
}

/**
 * The file of one of the package's modules, such as `nodes/local/run/watch`: to run it as a program of its own.
 * @throws BuildError where a bundler has left it out.
 */
export function moduleFile(name: string): string {
  const file = path.join(findPackage().library, name);
  return fs.existsSync(`${file}.js`) ? `${file}.js` : `${file}.ts`;
}

/**
 * Finds the package beside this module, or, where a bundler has put this module into a file of the program's, by its name, as that
 * file would find it.
 */
export function findPackage(
  ownFolder: string | null = typeof __dirname === "string" ? __dirname : null,
  workingFolder = process.cwd(),
): OwnPackage {
  const library = ownFolder === null ? null : path.dirname(ownFolder);
  if (library !== null && isOwn(path.dirname(library))) {
    return { folder: path.dirname(library), library };
  }
  for (const folder of [ownFolder, workingFolder]) {
    const found = folder === null ? undefined : findFrom(folder);
    if (found !== undefined && isOwn(found)) {
      return { folder: found, library: path.join(found, "dist") };
    }
  }
  throw new BuildError(
    "files of the package pulumi-multi-platform-image are missing: " +
      `this program was bundled, and the package is not found from ` +
      `${workingFolder}. Fix: have the bundler leave it alone (\`--external:${packageName}\` of esbuild), and install it ` +
      "where the program runs.",
  );
}

function findFrom(folder: string): string | undefined {
  try {
    return path.dirname(createRequire(path.join(folder, "program.js")).resolve(`${packageName}/package.json`));
  } catch {
    return undefined;
  }
}

function isOwn(folder: string): boolean {
  return readJsonIfThere<{ name?: string } | null>(path.join(folder, "package.json"))?.name === packageName;
}
