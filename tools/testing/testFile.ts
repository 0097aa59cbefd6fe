import * as fs from "node:fs";
import * as path from "node:path";

import { type HostPart, hostParts } from "../../test/hosts/requirements";
import type { Group } from "./groups";

export const ROOT = path.join(__dirname, "..", "..");

/** A file of tests, or a group that one process runs as a whole. */
export interface TestFile {
  group: Group;
  /** As it is shown: `ec2 life`. */
  name: string;
  paths: readonly string[];
  /** What its tests need of the machine, from their own `skipWithout`. */
  parts: readonly HostPart[];
  /** `npm run test:all` alone runs it: all that it describes is `nightly`. */
  isNightly: boolean;
}

/** Groups whose files run in one process: they take less time than starting one for each. */
const TOGETHER: readonly Group[] = ["unit", "tools"];

/** Files that need one of them run in one process, too, in which it is booted once. */
const SHARED: readonly HostPart[] = ["arm64 machine", "kubernetes"];

/** The files of a group, also in folders, of those that `isWanted`. */
export function testFiles(group: Group, isWanted: (file: string) => boolean = () => true): TestFile[] {
  const folder = path.join(ROOT, "test", group);
  const paths = fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts"))
    .sort()
    .map((file) => path.join(folder, file))
    .filter(isWanted);
  if (TOGETHER.includes(group)) {
    return paths.length === 0 ? [] : [{ group, name: group, paths, parts: partsOfAll(paths), isNightly: false }];
  }
  return paths.map((file) => ({
    group,
    name: nameOf(file),
    paths: [file],
    parts: partsOfAll([file]),
    isNightly: isNightly(fs.readFileSync(file, "utf8")),
  }));
}

/** `ec2 life`; of a file in a folder of its group `unit registry/http`. */
export function nameOf(file: string): string {
  return path
    .relative(path.join(ROOT, "test"), file)
    .replace(/\.test\.ts$/, "")
    .replace(path.sep, " ");
}

const partsOfAll = (paths: readonly string[]): HostPart[] => [
  ...new Set(paths.flatMap((file) => partsOf(fs.readFileSync(file, "utf8")))),
];

/** What the text of a test file passes to `skipWithout`. */
export function partsOf(source: string): HostPart[] {
  const lists = [...source.matchAll(/skipWithout\(this, \[([^\]]*)\]\)/g)].map(([, list]) => list);
  const names = lists.flatMap((list) => [...list.matchAll(/"([^"]+)"/g)].map(([, name]) => name));
  return hostParts.filter((part) => names.includes(part));
}

/** The same files, with those together that share a machine. */
export function together(files: readonly TestFile[]): TestFile[] {
  const shared = SHARED.flatMap((part) => {
    const sharing = files.filter(({ parts }) => parts.includes(part));
    const paths = sharing.flatMap((file) => file.paths);
    const parts = [...new Set(sharing.flatMap((file) => file.parts))];
    return sharing.length > 0 ? [{ group: sharing[0].group, name: part, paths, parts, isNightly: false }] : [];
  });
  return [...files.filter(({ parts }) => !SHARED.some((part) => parts.includes(part))), ...shared];
}

/** Whether all suites of a test file's text are of the nightly tier. */
export function isNightly(source: string): boolean {
  return /^nightly\.describe\(/m.test(source) && !/^(describe|it)\(/m.test(source);
}
