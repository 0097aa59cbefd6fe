import * as fs from "node:fs";
import * as path from "node:path";

import { transpileInto } from "../hosts/transpile";
import { compiled } from "../main/compiled";
import type { Stack } from "../main/stack";

const root = path.resolve(__dirname, "../..");

/**
 * Puts the files of a project of this repository into a stack's folder: its programs compiled, with the library in place of the
 * package, and with other words in place of some.
 */
export async function layOutProject(stack: Stack, folder: string, words: Record<string, string>): Promise<void> {
  const own = (file: string) => !/node_modules|Pulumi\.yaml|package\.json|tsconfig\.json|README/.test(file);
  fs.cpSync(path.join(root, folder), stack.directory, { recursive: true, filter: own });
  const all = { ...words, "pulumi-multi-platform-image": await compiled(path.join(root, "components")) };
  const files = fs.readdirSync(stack.directory).filter((file) => file.endsWith(".ts"));
  const sources = files.map((file) => {
    const text = fs.readFileSync(path.join(stack.directory, file), "utf8");
    fs.rmSync(path.join(stack.directory, file));
    return [file, Object.entries(all).reduce((before, [word, other]) => before.replaceAll(word, other), text)];
  });
  transpileInto(stack.directory, Object.fromEntries(sources) as Record<string, string>);
}
