/** First program of the machine, from the initrd: makes the disk reachable and goes on from there. */
export const initScript = `#!/bin/busybox sh
b=/bin/busybox
$b mount -t devtmpfs dev /dev
$b mount -t proc proc /proc
for module in /modules/*; do $b insmod "$module"; done
until [ -b /dev/vda ]; do $b sleep 0.05; done
$b mount -t ext4 /dev/vda /disk
$b umount /proc
$b mount --move /dev /disk/dev
exec $b switch_root /disk /sbin/node
`;

/** The address comes on the kernel's command line, settings and certificates as a tar on the second disk. */
export const nodeScript = `#!/bin/busybox sh
b=/bin/busybox
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t cgroup2 cgroup /sys/fs/cgroup
$b mkdir -p /dev/pts /dev/shm
$b mount -t devpts devpts /dev/pts
$b mount -t tmpfs shm /dev/shm
$b mount -t tmpfs run /run
$b mount -t tmpfs tmp /tmp
address=$($b sed -n 's/.*node.address=\\([^ ]*\\).*/\\1/p' /proc/cmdline)
$b ip link set lo up
$b ip address add "$address" dev eth0
$b ip link set eth0 up
$b tar -xf /dev/vdb -C /etc/node
buildkitd --config /etc/node/buildkitd.toml &
daemon=$!
while read -r line; do
  if [ "$line" = stop ]; then break; fi
done
$b kill -TERM $daemon
wait $daemon
$b sync
$b mount -o remount,ro /
$b poweroff -f
`;
