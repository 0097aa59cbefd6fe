import * as os from "node:os";
import * as path from "node:path";

import { contextsFolder } from "./folders";

const nameElements = 2;
/** Of a folder that has another name each time. */
const neutralName = "context";
const hashPattern = /^([0-9a-f]{32})(?:\/|$)/;

/** Where the copy is of files with this hash. */
export function copyLocation(hash: string, name: string): string {
  return `${contextsFolder}/${hash}/${name}`;
}

/** The hash in a location that is one of ours; none in another one. Copies of releases before 0.4 have no name in theirs. */
export function hashIn(location: string): string | undefined {
  const folder = [contextsFolder, path.resolve(contextsFolder)].find((each) => location.startsWith(`${each}/`));
  return folder === undefined ? undefined : hashPattern.exec(location.slice(folder.length + 1))?.[1];
}

/**
 * The last element of a copy's path. It stays when the files change: buildx gives it to BuildKit as the key of a context,
 * and a node that has a context with that key is sent only the files that differ.
 *
 * It is the same in each checkout: made of where the folder is, as seen from the project's. A temporary folder has
 * another name each time, and would be another location each time.
 *
 * @param folder the context, absolute or from the project's folder.
 * @param project the name for the project's folder itself and those around it.
 * @see https://github.com/docker/buildx/blob/v0.35.0/build/opt.go#L857
 */
export function copyName(folder: string, project: string): string {
  const fromProject = path.relative("", folder);
  if (isTemporary(path.resolve(folder)) && fromProject.startsWith("..") && !isTemporary(process.cwd())) {
    return neutralName;
  }
  const elements = fromProject.split(path.sep).filter((element) => element !== "" && element !== "..");
  const name = elements
    .slice(-nameElements)
    .join("-")
    .replace(/[^\w.-]+/g, "-");
  return name || project;
}

function isTemporary(folder: string): boolean {
  return folder.startsWith(`${os.tmpdir()}${path.sep}`);
}
