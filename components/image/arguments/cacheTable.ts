import type * as dockerBuild from "@pulumi/docker-build";

import type { ArgumentsOf } from "../../arguments/table";

const keys = { accessKeyId: "text", secretAccessKey: "text", sessionToken: "text" } as const;
const bucket = { bucket: "text", region: "text", endpointUrl: "text", usePathStyle: "flag" } as const;
const objects = { name: "text", blobsPrefix: "text", manifestsPrefix: "text" } as const;
const azblob = { accountUrl: "text", name: "text", secretAccessKey: "text" } as const;
const compressed = { compression: "text", compressionLevel: "number", forceCompression: "flag" } as const;
const written = { ignoreError: "flag", mode: "text" } as const;

/** An entry of `cacheFrom`. */
export const cacheFrom: ArgumentsOf<dockerBuild.types.input.CacheFromArgs> = {
  azblob,
  disabled: "flag",
  gha: { scope: "text" },
  local: { digest: "text", src: "text" },
  raw: "text",
  registry: { ref: "text" },
  s3: { ...bucket, ...objects, ...keys },
};

/** An entry of `cacheTo`. */
export const cacheTo: ArgumentsOf<dockerBuild.types.input.CacheToArgs> = {
  azblob: { ...azblob, ...written },
  disabled: "flag",
  gha: { scope: "text", ...written },
  inline: "any",
  local: { dest: "text", ...written, ...compressed },
  raw: "text",
  registry: { ref: "text", imageManifest: "flag", ociMediaTypes: "flag", ...written, ...compressed },
  s3: { ...bucket, ...objects, ...keys, ...written },
};
