import { join } from "node:path";

import type { HostPlatform } from "./buildHost";
import { cachedFolder } from "./cachedFolder";
import { bootstrapDebian, debianSuite } from "./debianSources";
import { prepareEmulators, withPrivateEmulators } from "./emulator";

// What no test reads, and what an emulated processor would take half a minute to unpack. Perl, of which perl-base stays,
// is needed until all packages are configured.
const leftOut = ["share/doc", "share/info", "share/locale", "share/man", "share/zoneinfo", "lib/*/gconv"].map(
  (name) => `--dpkgopt=path-exclude=/usr/${name}/*`,
);
const removedLast = '--customize-hook=rm -rf "$1"/usr/share/perl "$1"/usr/lib/*/perl';
const options = ["--variant=minbase", "--format=tar", ...leftOut, removedLast];

/** A whole Debian system of the platform as a tar, made from its packages: once on each machine. */
export async function prepareDebianRoot(platform: HostPlatform): Promise<string> {
  const architecture = platform.replace("linux/", "");
  // The packages' own scripts are programs of their platform, too.
  const foreign = platform === "linux/arm64";
  // The emulator is made ready here, because two folders are not made at once.
  if (foreign) await prepareEmulators();
  const wrap = foreign ? (command: string[]) => withPrivateEmulators(["arm64"], command) : undefined;
  const folder = await cachedFolder(`debian-${architecture}`, { debianSuite, options }, (draft) =>
    bootstrapDebian([...options, `--arch=${architecture}`], join(draft, "root.tar"), draft, wrap),
  );
  return join(folder, "root.tar");
}
