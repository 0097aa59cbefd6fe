import { readFileSync } from "node:fs";

/** The version of an installed package: Pulumi asks for a plugin of exactly its SDK's version. */
export function packageVersion(name: string): string {
  const { version } = JSON.parse(readFileSync(require.resolve(`${name}/package.json`), "utf8")) as { version: string };
  return version;
}
