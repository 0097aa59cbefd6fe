import * as fs from "node:fs";
import * as path from "node:path";

import * as prettier from "prettier";

/** Writes a page of docs/ as `npm run format` would leave it. */
export async function writePage(name: string, text: string): Promise<void> {
  const file = path.join(__dirname, "../../docs", name);
  const options = await prettier.resolveConfig(file);
  fs.writeFileSync(file, await prettier.format(text, { ...options, filepath: file }));
}
