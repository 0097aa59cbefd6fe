import * as fs from "node:fs";

/** What both programs of the benchmark declare: see sides.ts. */
export interface BenchSpec {
  builder: { name?: string };
  images: Record<string, { context: { location: string }; platforms: string[]; tags: string[] }>;
}

/** `spec.json` of the project's folder. */
export function readSpec(): BenchSpec {
  return JSON.parse(fs.readFileSync("spec.json", "utf8")) as BenchSpec;
}
