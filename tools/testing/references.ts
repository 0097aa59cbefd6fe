import * as fs from "node:fs";
import * as path from "node:path";

import { preProcessFile } from "typescript";

/**
 * What a file of this repository refers to: what it imports, what it names by a path (`"../../components/nodes/ec2/machine"`,
 * `` `${__dirname}/program` ``), and programs of other languages in its own folder.
 */
export class References {
  private readonly known = new Map<string, readonly string[]>();

  constructor(private readonly root: string) {}

  /** The file, and all files that it refers to, directly or through others. */
  allOf(file: string): Set<string> {
    const all = new Set<string>();
    const add = (each: string): void => {
      if (!all.has(each)) {
        all.add(each);
        this.directlyOf(each).forEach(add);
      }
    };
    add(file);
    return all;
  }

  private directlyOf(file: string): readonly string[] {
    const known = this.known.get(file) ?? (file.endsWith(".ts") ? this.read(file) : []);
    this.known.set(file, known);
    return known;
  }

  private read(file: string): string[] {
    const text = fs.readFileSync(file, "utf8");
    const folder = path.dirname(file);
    const modules = preProcessFile(text).importedFiles.map(({ fileName }) => fileName);
    const named = pathsIn(text)
      .filter((name) => !modules.includes(name))
      .flatMap((name) => [path.join(folder, name), path.join(this.root, name)])
      .filter((each) => this.isOwn(each));
    return [
      ...modules.flatMap((name) => moduleFile(folder, name) ?? []),
      ...named.flatMap(filesAt),
      ...(folder === this.root ? [] : foreignPrograms(folder)),
    ];
  }

  private isOwn(file: string): boolean {
    const [first = ""] = path.relative(this.root, file).split(path.sep);
    return !["", "..", "node_modules"].includes(first) && (first === ".github" || !first.startsWith("."));
  }
}

/** The file of a module that is imported by a relative path from a folder. */
export function moduleFile(folder: string, name: string): string | undefined {
  const candidates = [`${name}.ts`, `${name}/index.ts`].map((each) => path.join(folder, each));
  return name.startsWith(".") ? candidates.find((each) => fs.existsSync(each)) : undefined;
}

/** Texts with a slash: `${__dirname}/program` is `/program`. */
const pathsIn = (text: string): string[] =>
  [...text.matchAll(/["'`]([^"'`\s]*\/[^"'`\s]*)["'`]/g)]
    .map(([, literal]) => literal.replaceAll(/\$\{[^}]*\}/g, ""))
    .filter((name) => /\w/.test(name));

function filesAt(place: string): string[] {
  const found = fs.statSync(place, { throwIfNoEntry: false });
  if (found?.isFile()) {
    return [place];
  }
  return found?.isDirectory() ? filesBelow(place) : [];
}

function filesBelow(folder: string): string[] {
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== "node_modules" && !name.startsWith("."))
    .flatMap((entry) => {
      const full = path.join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(full) : [full];
    });
}

/** A program in another language lies in a folder beside what starts it. */
const foreignPrograms = (folder: string): string[] =>
  filesBelow(folder).filter((file) => /\.(py|go|sh|mod|sum|txt)$/.test(file));
