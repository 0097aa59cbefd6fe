import { metadataAddress } from "./imagesFiles";

/**
 * First program of the arm64 machine. The disk is found by its label: which NVMe device is the first one, a cache volume
 * that was there at boot decides, too. The network's addresses come on the kernel's command line, in place of DHCP.
 */
export const arm64Init = `#!/bin/busybox sh
b=/bin/busybox
$b mount -t devtmpfs dev /dev
$b mount -t proc proc /proc
for module in /modules/*; do $b insmod "$module"; done
until disk=$($b findfs LABEL=root 2>/dev/null); do $b sleep 0.05; done
address=$($b sed -n 's/.*machine.address=\\([^ ]*\\).*/\\1/p' /proc/cmdline)
gateway=$($b sed -n 's/.*machine.gateway=\\([^ ]*\\).*/\\1/p' /proc/cmdline)
$b ip link set lo up
$b ip address add "$address" dev eth0
$b ip link set eth0 up
$b ip route add default via "$gateway"
$b mount -t ext4 "$disk" /disk
$b umount /proc
$b mount --move /dev /disk/dev
exec $b switch_root /disk /sbin/init
`;

const powerButton = "hardware-power-button.service";
const userDataService = "user-data.service";

/**
 * Stands in for cloud-init, whose Python takes an emulated processor half a minute: runs the instance's user data at its
 * first boot, or, where they are a boothook, at each. x86 machines have the real one.
 * https://docs.cloud-init.io/en/25.1/explanation/format.html
 */
const runUserData = `#!/bin/bash -eu
ask() {
  exec 3<> /dev/tcp/${metadataAddress}/80
  printf '%s /latest/%s HTTP/1.0\\r\\nHost: ${metadataAddress}\\r\\n%s\\r\\n\\r\\n' "$1" "$2" "$3" >&3
  sed '1,/^\\r$/d' <&3
}
token=$(ask PUT api/token "X-aws-ec2-metadata-token-ttl-seconds: 60")
get() { ask GET "$1" "X-aws-ec2-metadata-token: $token"; }
folder=/var/lib/cloud/instances/$(get meta-data/instance-id)
if [ ! -e "$folder" ]; then
  mkdir -p "$folder"
  get user-data > "$folder/user-data"
  isFirst=yes
fi
read -r kind < "$folder/user-data"
if [ "$kind" = "#cloud-boothook" ]; then
  sed 1d "$folder/user-data" > "$folder/part"
elif [ "\${isFirst:-}" ]; then
  cp "$folder/user-data" "$folder/part"
else
  exit
fi
chmod 700 "$folder/part"
exec "$folder/part"
`;

/** What the arm64 machine's system has beyond `amiFiles`. */
export const arm64Files: Record<string, string> = {
  // A line on the second console is the power button: Debian's kernel for clouds has no driver for the one of qemu's
  // machine, and without firmware no table tells of another.
  [`etc/systemd/system/${powerButton}`]: `[Unit]
Description=Power button of the machine that the tests emulate
DefaultDependencies=no
Conflicts=shutdown.target
Before=shutdown.target

[Service]
ExecStart=/bin/sh -c "read -r press < /dev/hvc0 && exec systemctl poweroff --no-block"
`,
  "usr/local/sbin/run-user-data": runUserData,
  [`etc/systemd/system/${userDataService}`]: `[Unit]
Description=User data of the instance
After=sysinit.target local-fs.target

[Service]
Type=oneshot
ExecStart=/bin/bash /usr/local/sbin/run-user-data
StandardOutput=journal+console
StandardError=journal+console
`,
  // The few devices that a rule of udev gives a name, a link or a program.
  "etc/systemd/system/systemd-udev-trigger.service.d/devices.conf": `[Service]
ExecStart=
ExecStart=udevadm trigger --action=add --subsystem-match=block --subsystem-match=net --subsystem-match=nvme
`,
};

/** Links of the same system: what is started at each boot, and what is not. */
export const arm64Links: Record<string, string> = {
  [`etc/systemd/system/sysinit.target.wants/${powerButton}`]: `../${powerButton}`,
  [`etc/systemd/system/multi-user.target.wants/${userDataService}`]: `../${userDataService}`,
  ...masks("etc/systemd/system-generators", [
    ...["cloud-init-generator", "systemd-debug-generator", "systemd-getty-generator", "systemd-gpt-auto-generator"],
    ...["systemd-hibernate-resume-generator", "systemd-rc-local-generator", "systemd-run-generator"],
    ...["systemd-ssh-generator", "systemd-system-update-generator", "systemd-sysv-generator", "systemd-tpm2-generator"],
  ]),
  // Nothing of a build node needs them, and each costs the emulated processor a second or more.
  ...masks("etc/systemd/system", [
    ...["dev-hugepages.mount", "dev-mqueue.mount", "kmod-static-nodes.service", "ldconfig.service"],
    ...["modprobe@.service", "proc-sys-fs-binfmt_misc.automount", "proc-sys-fs-binfmt_misc.mount"],
    ...["sys-fs-fuse-connections.mount"],
    ...["sys-kernel-config.mount", "sys-kernel-debug.mount", "sys-kernel-tracing.mount", "systemd-binfmt.service"],
    ...["systemd-journal-catalog-update.service", "systemd-journal-flush.service", "systemd-modules-load.service"],
    ...["systemd-random-seed.service", "systemd-sysusers.service", "systemd-tmpfiles-setup-dev-early.service"],
    ...["systemd-tmpfiles-setup-dev.service", "systemd-udev-load-credentials.service", "systemd-update-done.service"],
  ]),
};

function masks(folder: string, names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [`${folder}/${name}`, "/dev/null"]));
}
