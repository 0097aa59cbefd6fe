import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

import type { HostPlatform } from "./buildHost";

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

/** What a platform's image holds, as a tar. */
export interface PlatformLayer {
  platform: HostPlatform;
  tar: string;
}

const media = (kind: string): string => `application/vnd.oci.image.${kind}`;

/**
 * Writes an OCI image layout with an index named `base`: https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md
 */
export async function writeLayout(folder: string, layers: readonly PlatformLayer[]): Promise<void> {
  await mkdir(join(folder, "blobs/sha256"), { recursive: true });
  const manifests: (Descriptor & { platform: object })[] = [];
  for (const { platform, tar } of layers) {
    const [os, architecture] = platform.split("/");
    const layer = await writeLayer(folder, tar);
    const config = await writeBlob(folder, media("config.v1+json"), {
      os,
      architecture,
      config: { Env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], Cmd: ["/bin/sh"] },
      rootfs: { type: "layers", diff_ids: [layer.diffId] },
    });
    const manifest = await writeBlob(folder, media("manifest.v1+json"), {
      schemaVersion: 2,
      mediaType: media("manifest.v1+json"),
      config,
      layers: [layer.descriptor],
    });
    manifests.push({ ...manifest, platform: { os, architecture } });
  }
  const index = { schemaVersion: 2, mediaType: media("index.v1+json"), manifests };
  const written = await writeBlob(folder, media("index.v1+json"), index);
  const named = { ...written, annotations: { "org.opencontainers.image.ref.name": "base" } };
  await writeFile(join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [named] }));
  await writeFile(join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
}

async function writeBlob(folder: string, mediaType: string, content: object): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify(content));
  const hash = createHash("sha256").update(bytes).digest("hex");
  await writeFile(join(folder, "blobs/sha256", hash), bytes);
  return { mediaType, digest: `sha256:${hash}`, size: bytes.length };
}

async function writeLayer(folder: string, tar: string): Promise<{ descriptor: Descriptor; diffId: string }> {
  const [plain, packed] = [createHash("sha256"), createHash("sha256")];
  const draft = join(folder, "layer");
  await pipeline(
    createReadStream(tar),
    observe((chunk) => plain.update(chunk)),
    createGzip({ level: 6 }),
    observe((chunk) => packed.update(chunk)),
    createWriteStream(draft),
  );
  const hash = packed.digest("hex");
  const { size } = await stat(draft);
  await rename(draft, join(folder, "blobs/sha256", hash));
  const descriptor = { mediaType: media("layer.v1.tar+gzip"), digest: `sha256:${hash}`, size };
  return { descriptor, diffId: `sha256:${plain.digest("hex")}` };
}

function observe(see: (chunk: Buffer) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      see(chunk);
      done(null, chunk);
    },
  });
}
