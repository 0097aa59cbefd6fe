import * as fs from "node:fs";
import * as path from "node:path";

import { isListening } from "../transport/listening";
import { namesIn } from "../support/paths";

/** Removes what nobody listens on from a folder of sockets, and the folder if nothing is left. Says how many. */
export async function removeDeadSockets(directory: string): Promise<number> {
  let removed = 0;
  for (const name of namesIn(directory)) {
    const file = path.join(directory, name);
    if (isSocketOrLink(file) && !(await isListening(file))) {
      fs.rmSync(file, { force: true });
      removed += 1;
    }
  }
  if (removed > 0 && namesIn(directory).length === 0) {
    fs.rmdirSync(directory);
  }
  return removed;
}

function isSocketOrLink(file: string): boolean {
  try {
    const found = fs.lstatSync(file);
    return found.isSocket() || found.isSymbolicLink();
  } catch {
    return false;
  }
}
