import { join } from "node:path";

import { prepareTools } from "../../tools";
import { prepare } from "../../tools/prepare";
import type { PreparedTool, ToolRecipe, ToolTable } from "../../tools/recipe";
import { TOOLS } from "../../tools/table";
import type { HostPlatform } from "../hosts/buildHost";

/** The version that nodes start with, and one that they are upgraded to: the same program, which says another version. */
export const buildkitVersions = { current: TOOLS.buildkitd.version, next: "0.33.2-test" } as const;

/** BuildKit's own release holds these plugins of this version: https://github.com/moby/buildkit/blob/v0.33.1/Dockerfile */
const pluginVersion = "1.9.1";
const plugins = {
  "buildkit-cni-bridge": "main/bridge",
  "buildkit-cni-firewall": "meta/firewall",
  "buildkit-cni-host-local": "ipam/host-local",
  "buildkit-cni-loopback": "main/loopback",
};

const pluginTable: ToolTable = Object.fromEntries(
  Object.entries(plugins).map(([name, path]): [string, ToolRecipe] => {
    const module = `github.com/containernetworking/plugins`;
    const variables = { [`${module}/pkg/utils/buildversion.BuildVersion`]: `v${pluginVersion}` };
    const recipe = { recipe: "cni", package: `${module}/plugins/${path}`, variables };
    return [name, { version: pluginVersion, binary: name, os: "linux", module: recipe }];
  }),
);

const nextTable: ToolTable = {
  buildkitd: {
    version: buildkitVersions.next,
    binary: "buildkitd",
    os: "linux",
    module: {
      recipe: "buildkit",
      package: "github.com/moby/buildkit/cmd/buildkitd",
      variables: {
        "github.com/moby/buildkit/version.Version": `v${buildkitVersions.next}`,
        "github.com/moby/buildkit/version.Package": "github.com/moby/buildkit",
      },
    },
  },
};

/** All programs of a release archive but runc, which is built for this machine only. */
export async function releaseTools(version: string, platform: HostPlatform): Promise<PreparedTool[]> {
  const current = await prepareTools(["buildkitd", "buildctl"], { platform });
  const next = { table: nextTable, recipes: join(__dirname, "../../tools/offline"), platform };
  const daemon = version === buildkitVersions.next ? await prepare(["buildkitd"], next) : [];
  const cni = { table: pluginTable, recipes: join(__dirname, "downloads"), platform };
  const network = await prepare(Object.keys(plugins), cni);
  return [...current.filter(({ name }) => daemon.every((other) => other.name !== name)), ...daemon, ...network];
}
