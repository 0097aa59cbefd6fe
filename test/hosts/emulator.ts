import { readFileSync } from "node:fs";

/** Architectures that a host can emulate, with the handler that qemu-user-static brings: with the F flag, so that it
 * serves containers, too. */
const handlers = { arm64: "/usr/lib/binfmt.d/qemu-aarch64.conf" };

export type EmulatedArchitecture = keyof typeof handlers;

/**
 * The command line that runs `command` with emulators which only it and its children see: binfmt_misc belongs to a user
 * namespace since Linux 6.7. The machine's own table stays as it is, whatever is killed, and no other run can see them.
 *
 * @see https://docs.kernel.org/admin-guide/binfmt-misc.html
 */
export function withPrivateEmulators(architectures: EmulatedArchitecture[], command: string[]): string[] {
  const entries = architectures.map((architecture) => readFileSync(handlers[architecture], "utf8").trim());
  return ["bash", "-euc", outside, "outside", inside, String(entries.length), ...entries, ...command];
}

// The new namespace keeps all ids as they are, so that files and mounts work as before; only a process outside may map
// them so (user_namespaces(7)): one that is left behind for that moment.
const outside = `
(
  self=$$
  until [ "$(readlink /proc/$self/ns/user)" != "$(readlink /proc/self/ns/user)" ]; do sleep 0.01; done
  echo "0 0 4294967295" > /proc/$self/uid_map
  echo "0 0 4294967295" > /proc/$self/gid_map
) &
exec unshare --user --mount -- bash -euc "$1" inside "\${@:2}"
`;

const inside = `
until [ -s /proc/self/gid_map ] && [ "$(wc -l < /proc/self/gid_map)" -gt 0 ]; do sleep 0.01; done
mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
count=$1
shift
for _ in $(seq "$count"); do
  printf '%s' "$1" > /proc/sys/fs/binfmt_misc/register
  shift
done
exec "$@"
`;
