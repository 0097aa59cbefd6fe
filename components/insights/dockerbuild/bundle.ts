import * as crypto from "node:crypto";
import * as zlib from "node:zlib";

import { recordJson } from "./recordJson";
import { descriptorsOf, type ExportedBuild, type RecordDescriptor } from "./readExport";
import { tar } from "./tar";

const recordType = "application/vnd.buildkit.historyrecord.v0";
const manifestType = "application/vnd.oci.image.manifest.v1+json";
const indexType = "application/vnd.oci.image.index.v1+json";
const exportedTypeKey = "vnd.export-build.descriptor.mediatype";
const referenceKey = "vnd.buildkit.history.reference";

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  annotations?: Record<string, string>;
}

/**
 * A `.dockerbuild` file, as `buildx history export` writes it and Docker Desktop imports it: an OCI layout with a manifest for
 * each build.
 *
 * @see https://github.com/docker/buildx/blob/v0.35.0/util/desktop/bundle/export.go
 */
export function dockerbuild(builds: readonly ExportedBuild[]): Buffer {
  const blobs = new Map<string, Buffer>();
  const add = (mediaType: string, bytes: Buffer): Descriptor => {
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const manifests = builds.map((build) => {
    const own = new Map(descriptorsOf(build.record).map((each) => [each.digest, each]));
    own.forEach((_, digest) => add("", build.blobs.get(digest) ?? Buffer.alloc(0)));
    const config = add(recordType, json({ ...recordJson(build.record), DefaultPlatform: build.defaultPlatform }));
    const results = new Set(resultsOf(build).map(({ digest }) => digest));
    const layers = [...own.values()].map((each) => layerOf(each, results.has(each.digest)));
    return add(manifestType, json({ schemaVersion: 2, mediaType: manifestType, config, layers }));
  });
  const named = manifests.map((each, at) => ({ ...each, annotations: { [referenceKey]: builds[at].record.Ref } }));
  const root = manifests.length === 1 ? manifests[0] : add(indexType, json(indexOf(named)));
  return zlib.gzipSync(
    tar([
      { name: "blobs/", mode: 0o755 },
      { name: "blobs/sha256/", mode: 0o755 },
      ...[...blobs]
        .map(([digest, bytes]) => ({ name: `blobs/${digest.replace(":", "/")}`, mode: 0o444, bytes }))
        .sort((one, other) => (one.name < other.name ? -1 : 1)),
      { name: "index.json", mode: 0o644, bytes: Buffer.from(JSON.stringify(indexOf([root]))) },
      { name: "oci-layout", mode: 0o444, bytes: Buffer.from('{"imageLayoutVersion":"1.0.0"}') },
    ]),
  );
}

export function digestOf(bytes: Buffer): string {
  return `sha256:${crypto.createHash("sha256").update(bytes).digest("hex")}`;
}

function resultsOf({ record: { Result, Results } }: ExportedBuild): RecordDescriptor[] {
  return [...(Result ? [Result] : []), ...Object.values(Results)].flatMap((each) => Object.values(each.Results));
}

/** What was pushed has another type here: else its layers, which are not in the file, would be looked for. */
function layerOf({ media_type: type, digest, size, annotations }: RecordDescriptor, isResult: boolean): Descriptor {
  const all = { ...annotations, ...(isResult && { [exportedTypeKey]: type }) };
  return {
    mediaType: isResult ? "application/json" : type,
    digest,
    size: Number(size),
    ...(Object.keys(all).length > 0 && { annotations: all }),
  };
}

function indexOf(manifests: readonly Descriptor[]): object {
  return { schemaVersion: 2, mediaType: indexType, manifests };
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value, undefined, 2));
}
