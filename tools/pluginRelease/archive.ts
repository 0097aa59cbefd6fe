import * as fs from "node:fs";
import * as path from "node:path";

import * as tar from "tar";

import { splitPlatform, type ToolPlatform } from "../platform";
import { copyPackage, type LockedPackages, neededPackages } from "./packages";

const root = path.join(__dirname, "../..");
const plugin = "pulumi-resource-multi-platform-image";

/**
 * What Pulumi starts. In a shell that needs nothing on PATH, and becomes Node, so that the engine stays its parent.
 * Not one file of Node's own (https://nodejs.org/api/single-executable-applications.html): such a one loads no other files,
 * and the library starts a script of its own, and reads programs for nodes and protocols.
 */
const launcher = `#!/bin/sh
exec "\${0%/*}/node" "\${0%/*}/package/dist/provider/main.js" "$@"
`;

/** The plugin without Node's binary: of each platform it is the same. */
export async function layOutPlugin(npmPackage: string, folder: string): Promise<void> {
  await tar.extract({ file: npmPackage, cwd: folder, strict: true });
  const { packages } = readJson<{ packages: LockedPackages }>(path.join(root, "package-lock.json"));
  for (const place of neededPackages(packages)) {
    copyPackage(path.join(root, place), path.join(folder, "package", place));
  }
  fs.writeFileSync(path.join(folder, plugin), launcher, { mode: 0o755 });
}

/**
 * Packs a plugin, laid out in `folder`, with this binary of Node, under the name by which Pulumi looks for it:
 * https://www.pulumi.com/docs/iac/guides/building-extending/packages/packaging/
 */
export async function packPlugin(folder: string, node: string, platform: ToolPlatform, out: string): Promise<string> {
  const { version } = readJson<{ version: string }>(path.join(folder, "package/package.json"));
  const { os, arch } = splitPlatform(platform);
  const file = path.join(out, `${plugin}-v${version}-${os}-${arch}.tar.gz`);
  const target = path.join(folder, "node");
  fs.copyFileSync(node, target);
  fs.chmodSync(target, 0o755);
  fs.mkdirSync(out, { recursive: true });
  await tar.create({ file, cwd: folder, gzip: true, portable: true }, [plugin, "node", "package"]);
  return file;
}

function readJson<T>(file: string): T {
  return JSON.parse(fs.readFileSync(file, "utf8")) as T;
}
