import { join } from "node:path";

import { cachedFolder } from "./cachedFolder";
import { bootstrapDebian, debianSuite } from "./debianSources";
import { foreignRoot } from "./foreignRoot";
import { installPackages, nodePackages, prepareRepository } from "./debianRepository";

export type DebianArchitecture = "amd64" | "arm64";

// A subset of what Debian's own EC2 images hold: what works here has nothing that those lack. Without recommended
// packages there is neither iptables nor git nor runc nor curl.
const packages = [
  ...["apt-utils", "ca-certificates", "cloud-init", "dbus", "e2fsprogs", "fdisk", "iproute2", "iputils-ping"],
  ...["kmod", "libpam-systemd", "login", "netbase", "openssl", "procps", "python3", "sudo", "systemd"],
  ...["systemd-sysv", "udev", "xz-utils"],
];

/** Of the arm64 system alone: "cloud" is the kernel of Debian's own EC2 images, without drivers of real devices. */
const arm64Packages = ["linux-image-cloud-arm64", "busybox-static", "runc"];

/** What no test reads, and what an emulated processor would take long to unpack. */
const leftOut = ["share/doc", "share/info", "share/locale", "share/man"].map(
  (name) => `--dpkgopt=path-exclude=/usr/${name}/*`,
);

/** A Debian system with systemd and cloud-init as a tar: what Debian's AMI is made of. */
export async function prepareDebianRoot(): Promise<string> {
  const options = ["--variant=minbase", "--format=tar", `--include=${packages.join(",")}`, ...leftOut];
  const folder = await cachedFolder("debian-root", { debianSuite, options }, (draft) =>
    bootstrapDebian([...options, "--arch=amd64"], join(draft, "root.tar"), draft),
  );
  return join(folder, "root.tar");
}

/** The same with the packages that a node installs at its first boot. */
export async function prepareNodeRoot(architecture: DebianArchitecture): Promise<string> {
  const plain = await prepareDebianRoot();
  const repository = await prepareRepository(plain);
  const native = await cachedFolder("node-root-amd64", { repository, nodePackages }, (draft) =>
    installPackages(repository, plain, join(draft, "root.tar"), draft),
  );
  const nativeTar = join(native, "root.tar");
  if (architecture === "amd64") return nativeTar;
  const inputs = { native, arm64Packages, leftOut, layout: 1 };
  const folder = await cachedFolder("node-root-arm64", inputs, (draft) =>
    foreignRoot(nativeTar, join(draft, "root.tar"), draft, { leftOut, more: arm64Packages }),
  );
  return join(folder, "root.tar");
}
