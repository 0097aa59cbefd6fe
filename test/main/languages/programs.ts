import * as fs from "node:fs";
import * as path from "node:path";

import { temporaryDirectory } from "../stack";

/** A folder with these programs, for a stack that finds no others beside what all stacks have. */
export function languagePrograms(files: readonly string[]): string {
  const folder = temporaryDirectory("programs");
  for (const file of files) {
    fs.symlinkSync(fs.realpathSync(file), path.join(folder, path.basename(file)));
  }
  return folder;
}

export function programOnPath(name: string): string {
  const folder = (process.env.PATH ?? "").split(path.delimiter).find((each) => fs.existsSync(path.join(each, name)));
  if (folder === undefined) {
    throw new Error(`${name} is not on PATH`);
  }
  return path.join(folder, name);
}
