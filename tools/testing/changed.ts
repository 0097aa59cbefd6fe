import { execFileSync } from "node:child_process";
import * as path from "node:path";

import { References } from "./references";
import { ROOT } from "./testFile";

/** What every test depends on. */
const COMMON = /^(package(-lock)?\.json|tsconfig.*\.json|\.mocharc\.json|tools\/(testing\/|test\.ts|run\.js))/;

/** Says of a test file whether it has to do with what changed since main, committed or not. */
export function touchedByChanges(changed: readonly string[] = changedFiles()): (file: string) => boolean {
  if (changed.some((file) => COMMON.test(file))) {
    return () => true;
  }
  const references = new References(ROOT);
  const files = changed.map((file) => path.join(ROOT, file));
  return (testFile) => {
    const all = references.allOf(testFile);
    return files.some((file) => all.has(file));
  };
}

function changedFiles(): string[] {
  const base = ["origin/main", "main"]
    .map((name) => git("merge-base", "HEAD", name))
    .find((found) => found !== undefined);
  if (base === undefined) {
    throw new Error("--changed: there is neither `origin/main` nor `main` to compare with; fetch one of them.");
  }
  const lines = [git("diff", "--name-only", base.trim()), git("ls-files", "--others", "--exclude-standard")];
  return lines.flatMap((text) => (text ?? "").split("\n")).filter((file) => file !== "");
}

function git(...args: string[]): string | undefined {
  try {
    return execFileSync("git", args, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return undefined;
  }
}
