import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { gzipSync } from "node:zlib";

import * as tar from "tar";

import type { Registry } from "../hosts";
import { skopeo } from "../main/image";
import { temporaryDirectory } from "../main/stack";

export interface SmallImage {
  /** `REPOSITORY:TAG`. */
  name: string;
  platforms: readonly string[];
  /** Of its file. @default "base\n" */
  content?: string;
  /** One manifest, and no index of it. */
  isSingle?: boolean;
  /** The registry's name and password: `NAME:PASSWORD`. */
  credentials?: string;
}

/**
 * Pushes an image with one file, `/base`, which is the same for each platform.
 *
 * @returns its reference by digest: `HOST/REPOSITORY@sha256:…`
 */
export async function pushSmallImage(
  registry: Pick<Registry, "host" | "certificateFolder">,
  { name, platforms, content = "base\n", isSingle, credentials }: SmallImage,
): Promise<string> {
  const layout = temporaryDirectory("layout");
  const files = temporaryDirectory("files");
  fs.mkdirSync(path.join(layout, "blobs/sha256"), { recursive: true });
  fs.writeFileSync(path.join(files, "base"), content);
  const plain = Buffer.concat([...tar.create({ cwd: files, portable: true, sync: true }, ["base"])] as Buffer[]);
  const add = (kind: string, bytes: Buffer) => {
    const hash = sha256(bytes);
    fs.writeFileSync(path.join(layout, "blobs/sha256", hash), bytes);
    return { mediaType: `application/vnd.oci.image.${kind}`, digest: `sha256:${hash}`, size: bytes.length };
  };
  const addJson = (kind: string, value: object) => add(`${kind}.v1+json`, Buffer.from(JSON.stringify(value)));
  const layer = add("layer.v1.tar+gzip", gzipSync(plain));
  const manifests = platforms.map((platform) => {
    const [os, architecture, variant] = platform.split("/");
    const rootfs = { type: "layers", diff_ids: [`sha256:${sha256(plain)}`] };
    const config = addJson("config", { os, architecture, variant, config: {}, rootfs });
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const manifest = addJson("manifest", { schemaVersion: 2, mediaType, config, layers: [layer] });
    return { ...manifest, platform: { os, architecture, variant } };
  });
  const mediaType = "application/vnd.oci.image.index.v1+json";
  const whole = isSingle ? manifests[0] : addJson("index", { schemaVersion: 2, mediaType, manifests });
  const named = { ...whole, annotations: { "org.opencontainers.image.ref.name": "base" } };
  fs.writeFileSync(path.join(layout, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [named] }));
  fs.writeFileSync(path.join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  const to = ["--dest-cert-dir", registry.certificateFolder, ...(credentials ? ["--dest-creds", credentials] : [])];
  const images = [`oci:${layout}:base`, `docker://${registry.host}/${name}`];
  await skopeo("copy", "--quiet", "--all", ...to, ...images);
  return `${registry.host}/${name.split(":")[0]}@${whole.digest}`;
}

function sha256(bytes: Buffer): string {
  return crypto.createHash("sha256").update(bytes).digest("hex");
}
