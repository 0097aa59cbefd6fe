import * as fs from "node:fs";
import * as path from "node:path";

import { prepareTools, toolEnvironment } from "../../../tools";
import { temporaryDirectory } from "../stack";

/** Pulumi puts plugins into its home; the tests' own is shared. Of a plugin's folder it takes no link, but links in it. */
export async function ownPulumiHome(): Promise<string> {
  const { PULUMI_HOME: shared = "" } = toolEnvironment(await prepareTools(["pulumi-resource-docker-build"]));
  const home = temporaryDirectory("pulumi-home");
  for (const entry of fs.readdirSync(path.join(shared, "plugins"), { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const folder = path.join(home, "plugins", entry.name);
    fs.mkdirSync(folder, { recursive: true });
    for (const file of fs.readdirSync(path.join(shared, "plugins", entry.name))) {
      fs.symlinkSync(path.join(shared, "plugins", entry.name, file), path.join(folder, file));
    }
  }
  return home;
}
