import * as fs from "node:fs";
import * as path from "node:path";

/** Of package-lock.json: https://docs.npmjs.com/cli/configuring-npm/package-lock-json#packages */
export interface LockedPackages {
  [place: string]: {
    dependencies?: Record<string, string>;
    peerDependencies?: Record<string, string>;
    version?: string;
  };
}

/** Where the packages are installed that the package at the root of the lock needs at run time, and all that those need. */
export function neededPackages(packages: LockedPackages): string[] {
  const found = new Set<string>();
  const add = (owner: string, name: string): void => {
    const place = locate(packages, owner, name);
    if (!found.has(place)) {
      found.add(place);
      Object.keys(packages[place].dependencies ?? {}).forEach((each) => add(place, each));
    }
  };
  const { dependencies = {}, peerDependencies = {} } = packages[""];
  Object.keys({ ...dependencies, ...peerDependencies }).forEach((name) => add("", name));
  return [...found].sort();
}

/** As Node looks for a package: in the package's own folder, then above it (https://nodejs.org/api/modules.html#loading-from-node_modules-folders). */
function locate(packages: LockedPackages, owner: string, name: string): string {
  for (let folder = owner; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const place = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    if (place in packages) {
      return place;
    }
    if (folder === "") {
      throw new Error(`package-lock.json has no ${name}, which ${owner || "this package"} needs. Fix: npm install`);
    }
  }
}

/** Declarations of types and maps of sources: nothing of them is read at run time, and they are most of the size. */
const unread = /\.(d\.[cm]?ts|map|tsbuildinfo)$/;

/** Copies a package as it runs, without the packages in it. */
export function copyPackage(from: string, to: string): void {
  const nested = path.join(from, "node_modules");
  fs.cpSync(from, to, {
    recursive: true,
    dereference: true,
    filter: (file) => file !== nested && !unread.test(file),
  });
}
