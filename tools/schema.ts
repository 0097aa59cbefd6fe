/** `npm run schema`: the schema of the component for other languages, from its types in TypeScript. */
import * as fs from "node:fs";
import * as path from "node:path";

import { format, resolveConfig } from "prettier";

import { makeSchema } from "../provider/schema/package";
import { runCommand } from "./command";

const folder = path.join(__dirname, "../provider");

runCommand(async () => {
  const { schema, facts } = makeSchema();
  for (const [name, value] of Object.entries({ schema, arguments: facts })) {
    const filepath = path.join(folder, `${name}.json`);
    const text = JSON.stringify(value, undefined, 2);
    fs.writeFileSync(filepath, await format(text, { ...(await resolveConfig(filepath)), filepath }));
  }
  return 0;
});
