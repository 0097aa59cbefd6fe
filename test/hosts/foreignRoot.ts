import { existsSync, readFileSync } from "node:fs";
import * as fs from "node:fs/promises";
import { basename, join } from "node:path";

import { execute } from "./command";
import { bootstrapDebian } from "./debianSources";

const nativeTriplet = "x86_64-linux-gnu";
const database = "var/lib/dpkg";

/** What a system of another architecture makes by itself, or has no use for. */
const notCopied = [
  ...[/^etc\/ld\.so\.cache$/, /^var\/(cache|log)\//, /^(dev|proc|run|sys|tmp)\//],
  ...[/^var\/lib\/apt\//, /^var\/lib\/dpkg\/(info\/|status)/],
];

/**
 * Makes an arm64 Debian system without running one of its programs: its packages are unpacked, and what their scripts would
 * have made (users, links of alternatives, enabled units, certificates) is taken from the same system for this machine,
 * where the scripts have run. An emulated processor takes minutes for the same.
 *
 * @param native the tar of that system
 * @param more packages that only the arm64 system has
 */
export async function foreignRoot(
  native: string,
  target: string,
  folder: string,
  options: { leftOut: readonly string[]; more: readonly string[] },
): Promise<void> {
  const [from, root] = [join(folder, "native"), join(folder, "foreign")];
  await fs.mkdir(from);
  await execute(["tar", "--extract", "--numeric-owner", "-C", from, "-f", native]);
  const packages = [...installedIn(from), ...options.more];
  const extract = ["--variant=extract", "--skip=cleanup/apt", "--arch=arm64", "--format=directory"];
  const include = `--include=${packages.join(",")}`;
  await bootstrapDebian([...extract, ...options.leftOut, include], root, folder);
  await copyConfiguration(from, root);
  await writeDatabase(root);
  await execute(["tar", "--create", "--numeric-owner", "--sort=name", "-C", root, "-f", target, "."]);
  for (const tree of [from, root]) await fs.rm(tree, { recursive: true });
}

function installedIn(root: string): string[] {
  const entries = readFileSync(join(root, database, "status"), "utf8").split("\n\n");
  return entries
    .filter((entry) => /^Status: install ok installed$/m.test(entry))
    .map((entry) => /^Package: (\S+)$/m.exec(entry)?.[1] ?? "");
}

/** Files that no package brought, and the owners and modes that scripts have given to others. */
async function copyConfiguration(from: string, to: string): Promise<void> {
  const shipped = await shippedIn(from);
  const found = await execute(["find", from, "-mindepth", "1", "-printf", "%P\\n"]);
  for (const path of found.trimEnd().split("\n")) {
    if (path.includes(nativeTriplet) || notCopied.some((pattern) => pattern.test(path))) continue;
    const [source, copy] = [join(from, path), join(to, path)];
    const original = await fs.lstat(source);
    if (!shipped.has(path)) await copyOne(source, copy);
    const there = await fs.lstat(copy).catch(() => undefined);
    if (!there) continue;
    await fs.lchown(copy, original.uid, original.gid);
    if (!there.isSymbolicLink()) await fs.chmod(copy, original.mode & 0o7777);
    if (original.isFile() && !shipped.has(path)) await fs.utimes(copy, original.atime, original.mtime);
  }
}

async function copyOne(source: string, copy: string): Promise<void> {
  const found = await fs.lstat(source);
  if (found.isDirectory()) {
    if (!existsSync(copy)) await fs.mkdir(copy);
  } else if (found.isSymbolicLink()) {
    await fs.rm(copy, { force: true });
    await fs.symlink(await fs.readlink(source), copy);
  } else if (found.isFile()) {
    await fs.copyFile(source, copy);
  }
}

/** Debian has moved /bin, /lib and /sbin below /usr: https://wiki.debian.org/UsrMerge */
async function shippedIn(root: string): Promise<Set<string>> {
  const info = join(root, database, "info");
  const lists = (await fs.readdir(info)).filter((name) => name.endsWith(".list"));
  const lines = lists.flatMap((name) => readFileSync(join(info, name), "utf8").split("\n"));
  return new Set(lines.map((line) => line.slice(1).replace(/^(bin|sbin|lib\d*)\//, "usr/$1/")));
}

/** dpkg's own record of what is installed: https://manpages.debian.org/trixie/dpkg/dpkg-query.1.en.html */
async function writeDatabase(root: string): Promise<void> {
  const archives = join(root, "var/cache/apt/archives");
  const info = join(root, database, "info");
  const entries: string[] = [];
  for (const name of (await fs.readdir(archives)).filter((file) => file.endsWith(".deb")).sort()) {
    const archive = join(archives, name);
    const control = join(root, "tmp", basename(name, ".deb"));
    await execute(["dpkg-deb", "--control", archive, control]);
    const fields = (await fs.readFile(join(control, "control"), "utf8")).trimEnd();
    const [, own] = /^Package: (\S+)/m.exec(fields) as unknown as [string, string];
    const prefix = join(info, /^Multi-Arch: same$/m.test(fields) ? `${own}:arm64` : own);
    for (const part of (await fs.readdir(control)).filter((each) => each !== "control")) {
      await fs.copyFile(join(control, part), `${prefix}.${part}`);
    }
    const listed = await execute(["sh", "-euc", 'dpkg-deb --fsys-tarfile "$1" | tar --list', "sh", archive]);
    await fs.writeFile(
      `${prefix}.list`,
      listed.replaceAll(/^\.(.*?)\/?$/gm, (_, path: string) => path || "/."),
    );
    entries.push(fields.replace(/^Package: .*$/m, "$&\nStatus: install ok installed"));
    await fs.rm(control, { recursive: true });
    await fs.rm(archive);
  }
  await fs.writeFile(join(root, database, "status"), `${entries.join("\n\n")}\n`);
  await fs.writeFile(join(info, "format"), "1\n");
}
