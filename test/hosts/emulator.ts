import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { cachedFolder } from "./cachedFolder";
import { execute } from "./command";

/** Architectures that a host can emulate, and what the handler and the program are called. */
const emulators = { arm64: "aarch64" };

export type EmulatedArchitecture = keyof typeof emulators;

const qemuPackage = "qemu-user-static";

/**
 * The command line that runs `command` with emulators which only it and its children see: binfmt_misc belongs to a user
 * namespace since Linux 6.7. The machine's own table stays as it is, whatever is killed, and no other run can see them.
 *
 * @see https://docs.kernel.org/admin-guide/binfmt-misc.html
 */
export async function withPrivateEmulators(
  architectures: EmulatedArchitecture[],
  command: string[],
): Promise<string[]> {
  const folder = await prepareEmulators();
  const entries = await Promise.all(architectures.map((architecture) => binfmtEntry(folder, emulators[architecture])));
  return ["bash", "-euc", outside, "outside", inside, String(entries.length), ...entries, ...command];
}

/** Unpacked, not installed: its installation registers all emulators for the whole machine. */
export function prepareEmulators(): Promise<string> {
  const script = 'cd "$1" && apt-get download "$2" && dpkg-deb --extract "$2"_*.deb . && rm "$2"_*.deb';
  return cachedFolder("qemu-user", { qemuPackage }, async (folder) => {
    await execute(["sh", "-euc", script, "sh", folder, qemuPackage], { timeoutMilliseconds: 600_000 });
  });
}

/** The package's own entry, with the program where it is; with the flag F, so that it serves containers, too. */
async function binfmtEntry(folder: string, name: string): Promise<string> {
  const entry = (await readFile(join(folder, `usr/lib/binfmt.d/qemu-${name}.conf`), "utf8")).trim();
  const fields = entry.split(":");
  const flags = fields.pop() ?? "";
  const program = join(folder, fields.pop() ?? "");
  // The kernel's limit of an interpreter's path: https://docs.kernel.org/admin-guide/binfmt-misc.html
  if (program.length > 127) throw new Error(`${program}: too long for a binfmt handler; use a shorter cache directory`);
  return [...fields, program, flags.includes("F") ? flags : `${flags}F`].join(":");
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
until [ -n "$(cat /proc/self/gid_map)" ]; do sleep 0.01; done
mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
count=$1
shift
for _ in $(seq "$count"); do
  printf '%s' "$1" > /proc/sys/fs/binfmt_misc/register
  shift
done
exec "$@"
`;
