import type * as dockerBuild from "@pulumi/docker-build";

type Export = dockerBuild.types.output.Export;

/** Whether an export pushes: `registry` does unless it says that it does not. */
export function isRegistryExport({ registry, raw, image }: Export): boolean {
  const isTyped = (registry !== undefined && registry.push !== false) || image?.push === true;
  return isTyped || /type=registry|push=true/.test(raw ?? "");
}

/** The name that an image has in its registry: its first tag, or what the first export that pushes calls it. */
export function imageName(tags: readonly string[] = [], exports: readonly Export[] = []): string | undefined {
  const pushing = exports.filter((each) => each.disabled !== true && isRegistryExport(each));
  return tags[0] ?? pushing.map(exportedName).find((name) => name !== undefined);
}

function exportedName({ registry, image, raw }: Export): string | undefined {
  const [, ofRaw] = /(?:^|,)"?name=([^",]+)/.exec(raw ?? "") ?? [];
  return registry?.names?.[0] ?? image?.names?.[0] ?? ofRaw;
}
