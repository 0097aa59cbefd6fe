/** `npm run docs`, its second half: each caller's policy as a file, with a placeholder for the builder's name. */
import * as fs from "node:fs";
import * as path from "node:path";

import { format, resolveConfig } from "prettier";

import { callerPolicy, callerRoles } from "../components/nodes/ec2/policies/policyTable";
import { runCommand } from "./command";

const folder = path.join(__dirname, "../docs/policies");

runCommand(async () => {
  fs.mkdirSync(folder, { recursive: true });
  for (const role of callerRoles) {
    const filepath = path.join(folder, `${role}.json`);
    const text = JSON.stringify(callerPolicy(role, { builder: "BUILDER" }));
    fs.writeFileSync(filepath, await format(text, { ...(await resolveConfig(filepath)), filepath }));
  }
  return 0;
});
