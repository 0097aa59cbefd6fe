import * as fs from "node:fs";
import * as path from "node:path";

import { buildxDirectory } from "../support/paths";

/**
 * The builds that buildx has begun for a node since then: it writes a file for each.
 * @param isWanted of such a file
 * @see https://github.com/docker/buildx/blob/v0.35.0/localstate/localstate.go
 */
export function startedRefs(
  builderName: string,
  nodeName: string,
  since: number,
  isWanted: (file: string) => boolean,
): string[] {
  const folder = path.join(buildxDirectory(), "refs", builderName, nodeName);
  try {
    return fs.readdirSync(folder).filter((ref) => {
      const file = path.join(folder, ref);
      // A file system may keep whole seconds.
      return fs.statSync(file).mtimeMs >= since - 1_000 && isWanted(file);
    });
  } catch {
    return [];
  }
}
