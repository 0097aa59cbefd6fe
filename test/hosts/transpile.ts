import * as fs from "node:fs";
import * as path from "node:path";

import { type Options, transformSync } from "@swc/core";

/** What swc makes of a program of the tests. TypeScript's own compiler takes half a minute of a core, most of it for types. */
export const javascript: Options = {
  jsc: { parser: { syntax: "typescript" }, target: "es2022" },
  module: { type: "commonjs" },
};

/** Writes TypeScript files, by their names, as JavaScript. */
export function transpileInto(
  folder: string,
  sources: Readonly<Record<string, string>>,
  settings: Options = javascript,
): void {
  for (const [name, source] of Object.entries(sources)) {
    const target = path.join(folder, name.replace(/\.ts$/, ".js"));
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, transformSync(source, settings).code);
  }
}
