import type { CacheFrom, CacheTo } from "./cacheLocations";
import { formatCacheText } from "./cacheText";

type Fields<Kind> = { [field in keyof Required<Kind>]: string };

/**
 * What buildx's command line calls the fields of caches that docker-build 0.0.22 passes on in part: of `s3` it leaves the
 * region out, without which BuildKit refuses it, and refuses `usePathStyle` itself; of `local` the mode.
 *
 * @see https://docs.docker.com/build/cache/backends/
 * @see https://github.com/pulumi/pulumi-docker-build/blob/v0.0.22/provider/internal/cache.go
 */
const s3Fields: Fields<NonNullable<CacheTo["s3"]>> = {
  bucket: "bucket",
  region: "region",
  name: "name",
  endpointUrl: "endpoint_url",
  usePathStyle: "use_path_style",
  blobsPrefix: "blobs_prefix",
  manifestsPrefix: "manifests_prefix",
  accessKeyId: "access_key_id",
  secretAccessKey: "secret_access_key",
  sessionToken: "session_token",
  mode: "mode",
  ignoreError: "ignore-error",
};
const localFields: Fields<NonNullable<CacheTo["local"]>> = {
  dest: "dest",
  mode: "mode",
  compression: "compression",
  compressionLevel: "compression-level",
  forceCompression: "force-compression",
  ignoreError: "ignore-error",
};

/** An export that docker-build passes on whole. */
export function wholeExport({ s3, local, ...others }: CacheTo): CacheTo {
  if (s3) {
    return { ...others, raw: rawOf("s3", s3Fields, s3) };
  }
  return local ? { ...others, raw: rawOf("local", localFields, local) } : others;
}

/** An import that docker-build passes on whole. */
export function wholeImport({ s3, ...others }: CacheFrom): CacheFrom {
  return s3 ? { ...others, raw: rawOf("s3", s3Fields, s3) } : others;
}

/** Whether it holds a key that only the owner of the bucket may know: of the typed form docker-build makes it a secret. */
export function hasKey({ s3 }: CacheTo | CacheFrom): boolean {
  return Boolean(s3?.secretAccessKey || s3?.sessionToken);
}

function rawOf<Kind extends object>(type: string, names: { [field in keyof Kind]: string }, given: Kind): string {
  const attributes = (Object.keys(names) as (keyof Kind)[])
    .filter((field) => given[field] !== undefined && given[field] !== "")
    .map((field): [string, string] => [names[field], String(given[field])]);
  return formatCacheText({ type, attributes });
}
