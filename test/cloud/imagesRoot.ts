import { join } from "node:path";

import { cachedFolder } from "../hosts/cachedFolder";
import { bootstrapDebian } from "../hosts/debianSources";
import { prepareEmulators, withPrivateEmulators } from "../hosts/emulator";

/** The release of the AMI that nodes are made of. */
export const amiSuite = "trixie";

export type AmiArchitecture = "amd64" | "arm64";

// A subset of what Debian's own EC2 images hold: what works here has nothing that those lack. Without recommended
// packages there is neither iptables nor git nor runc nor curl.
const packages = [
  ...["apt-utils", "ca-certificates", "cloud-init", "dbus", "e2fsprogs", "fdisk", "iproute2", "iputils-ping"],
  ...["kmod", "libpam-systemd", "login", "netbase", "openssl", "procps", "python3", "sudo", "systemd"],
  ...["systemd-sysv", "udev", "xz-utils"],
];

/** What no test reads, and what an emulated processor would take long to unpack, also when packages are added. */
export const leftOut = ["share/doc", "share/info", "share/locale", "share/man"].map(
  (name) => `--dpkgopt=path-exclude=/usr/${name}/*`,
);

const options = ["--variant=minbase", "--format=tar", `--include=${packages.join(",")}`, ...leftOut];

/** A Debian system with systemd and cloud-init as a tar. The arm64 one takes minutes, because its packages' scripts run. */
export async function prepareAmiRoot(architecture: AmiArchitecture): Promise<string> {
  const foreign = architecture === "arm64";
  if (foreign) await prepareEmulators();
  const wrap = foreign ? (command: string[]) => withPrivateEmulators(["arm64"], command) : undefined;
  const folder = await cachedFolder(`ami-root-${architecture}`, { amiSuite, options }, (draft) =>
    bootstrapDebian([...options, `--arch=${architecture}`], join(draft, "root.tar"), draft, wrap, amiSuite),
  );
  return join(folder, "root.tar");
}
