import { execFile } from "node:child_process";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";

import type { Registry } from "../hosts";
import { temporaryDirectory } from "./stack";

const run = promisify(execFile);

/** ELF's e_machine, at byte 18: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html */
export const elfMachines = { amd64: 62, arm64: 183, arm: 40 };

/** What makes Pulumi's program and the provider trust the registry. */
export function trusting(registry: Pick<Registry, "bundleFile">): NodeJS.ProcessEnv {
  return { SSL_CERT_FILE: registry.bundleFile };
}

/** The index of a tag as skopeo, which is no part of what is tested, reads it from the registry. */
export async function inspectIndex(
  registry: Pick<Registry, "certificateFolder">,
  tag: string,
  ...access: readonly string[]
) {
  const certificates = ["--cert-dir", registry.certificateFolder];
  const raw = await skopeo("inspect", "--raw", ...certificates, ...access, `docker://${tag}`);
  const { manifests = [] } = JSON.parse(raw) as {
    manifests?: { digest: string; platform: { os: string; architecture: string } }[];
  };
  return {
    digest: `sha256:${crypto.createHash("sha256").update(raw).digest("hex")}`,
    platformDigests: Object.fromEntries(
      manifests.map(({ digest, platform }) => [`${platform.os}/${platform.architecture}`, digest]),
    ),
  };
}

/** A folder with the files of one platform's image. */
export async function pullFiles(registry: Pick<Registry, "certificateFolder">, ref: string): Promise<string> {
  const pulled = temporaryDirectory("pulled");
  const files = temporaryDirectory("files");
  await skopeo("copy", "--src-cert-dir", registry.certificateFolder, `docker://${ref}`, `dir:${pulled}`);
  const manifest = JSON.parse(fs.readFileSync(path.join(pulled, "manifest.json"), "utf8")) as {
    layers: { digest: string }[];
  };
  for (const { digest } of manifest.layers) {
    await run("tar", ["-xf", path.join(pulled, digest.replace("sha256:", "")), "-C", files]);
  }
  return files;
}

/** skopeo, which is no part of what is tested, whatever signatures an image has. */
export async function skopeo(...args: string[]): Promise<string> {
  const { stdout } = await run("skopeo", ["--insecure-policy", ...args], { maxBuffer: 16 << 20 });
  return stdout;
}
