import * as fs from "node:fs";
import * as path from "node:path";

import { preProcessFile } from "typescript";

import { moduleFile } from "./testing/references";

/** Who imports whom, also by type alone: of each file, or each folder, those that it imports. */
export type Imports = ReadonlyMap<string, ReadonlySet<string>>;

/** The imports of the TypeScript files below a folder, among each other. */
export function importsBelow(root: string): Imports {
  const files = fs
    .readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .sort();
  return new Map(
    files.map((file) => {
      const full = path.join(root, file);
      const { importedFiles } = preProcessFile(fs.readFileSync(full, "utf8"));
      const imported = importedFiles.flatMap(({ fileName }) => moduleFile(path.dirname(full), fileName) ?? []);
      return [file, new Set(imported.map((each) => path.relative(root, each)).filter((each) => files.includes(each)))];
    }),
  );
}

/** The same of folders: of all, or of those at most so deep, each with what is below it. */
export function byFolder(imports: Imports, depth = Infinity): Imports {
  const folderOf = (file: string) => path.dirname(file).split(path.sep).slice(0, depth).join(path.sep);
  const folders = new Map<string, Set<string>>();
  for (const [file, imported] of imports) {
    const folder = folderOf(file);
    const others = [...imported].map(folderOf).filter((each) => each !== folder);
    folders.set(folder, new Set([...(folders.get(folder) ?? []), ...others]));
  }
  return folders;
}

/** Groups that import each other in a circle. */
export function circlesOf(imports: Imports): string[][] {
  return groupsOf(imports).filter((group) => group.length > 1);
}

/** How many floors there are: on the lowest is what imports nothing. A circle is on one floor. */
export function floorsOf(imports: Imports): string[][] {
  const groups = groupsOf(imports);
  const groupOf = new Map(groups.flatMap((group) => group.map((each) => [each, group] as const)));
  const known = new Map<string[], number>();
  const floor = (group: string[]): number => {
    const lower = new Set(group.flatMap((each) => [...(imports.get(each) ?? [])].map((other) => groupOf.get(other)!)));
    lower.delete(group);
    const found = known.get(group) ?? 1 + Math.max(-1, ...[...lower].map(floor));
    known.set(group, found);
    return found;
  };
  const floors: string[][] = [];
  for (const group of groups) {
    (floors[floor(group)] ??= []).push(...group);
  }
  return floors;
}

/** One of the longest chains of imports, from the top to the ground. */
export function longestChain(imports: Imports): string[] {
  const floors = floorsOf(imports);
  const chain = floors.at(-1)!.slice(0, 1);
  for (const floor of floors.slice(0, -1).reverse()) {
    const next = floor.find((each) => imports.get(chain.at(-1)!)!.has(each));
    chain.push(...(next ? [next] : []));
  }
  return chain;
}

/** Strongly connected components: https://en.wikipedia.org/wiki/Tarjan%27s_strongly_connected_components_algorithm */
function groupsOf(imports: Imports): string[][] {
  const groups: string[][] = [];
  const number = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const visit = (node: string): number => {
    const own = number.size;
    number.set(node, own);
    lowest.set(node, own);
    open.push(node);
    for (const other of imports.get(node) ?? []) {
      const reached = number.has(other) ? (open.includes(other) ? number.get(other)! : own) : visit(other);
      lowest.set(node, Math.min(lowest.get(node)!, reached));
    }
    const low = lowest.get(node)!;
    if (low === own) {
      groups.push(open.splice(open.indexOf(node)));
    }
    return low;
  };
  for (const node of imports.keys()) {
    if (!number.has(node)) {
      visit(node);
    }
  }
  return groups;
}
