import type * as dockerBuild from "@pulumi/docker-build";

import type { ArgumentsOf } from "../../arguments/table";

const compressed = { compression: "text", compressionLevel: "number", forceCompression: "flag" } as const;
const image = { annotations: "record", names: "list", ociMediaTypes: "flag", ...compressed } as const;
const file = { dest: "text", tar: "flag" } as const;
const pushed = {
  danglingNamePrefix: "text",
  insecure: "flag",
  nameCanonical: "flag",
  push: "flag",
  pushByDigest: "flag",
  store: "flag",
  unpack: "flag",
} as const;

/** An entry of `exports`. */
export const exportEntry: ArgumentsOf<dockerBuild.types.input.ExportArgs> = {
  cacheonly: "any",
  disabled: "flag",
  docker: { ...image, ...file },
  image: { ...image, ...pushed },
  local: { dest: "text" },
  oci: { ...image, ...file },
  raw: "text",
  registry: { ...image, ...pushed },
  tar: { dest: "text" },
};
