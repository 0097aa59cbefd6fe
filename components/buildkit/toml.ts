/** What of a node's arguments its daemon has to know. */
export interface BuildkitdSettings {
  /** `undefined`: no limit. */
  maxParallelism?: number;
  registryMirrors: Readonly<Record<string, readonly string[]>>;
  /** Reached without TLS. */
  insecureRegistries: readonly string[];
}

/** Whether nothing is set: then a daemon is as BuildKit makes it. */
export function isPlain(settings: BuildkitdSettings): boolean {
  return parallelismLine(settings) === "" && registryTables(settings) === "";
}

/** The line of a worker's table in buildkitd.toml. */
export function parallelismLine({ maxParallelism }: BuildkitdSettings): string {
  return maxParallelism === undefined ? "" : `max-parallelism = ${maxParallelism}\n`;
}

/** The end of buildkitd.toml: a table for each registry, which may have mirrors and be insecure itself. */
export function registryTables({ registryMirrors, insecureRegistries }: BuildkitdSettings): string {
  const names = [...new Set([...Object.keys(registryMirrors), ...insecureRegistries])].sort();
  const tables = names.map((name) => {
    const mirrors = registryMirrors[name];
    const lines = [
      `[registry.${text(name)}]`,
      ...(mirrors ? [`mirrors = [${mirrors.map(text).join(", ")}]`] : []),
      ...(insecureRegistries.includes(name) ? ["http = true"] : []),
    ];
    return `\n${lines.join("\n")}\n`;
  });
  return tables.join("");
}

/** JSON's strings are TOML's, too. */
const text = (value: string): string => JSON.stringify(value);

/** What every node of ours has, whose daemon is there for builds alone. */
export const nodeTables = `# Devices would be an entitlement that every build has.
[cdi]
disabled = true

# Logs and build arguments, which every client of the node can read.
[history]
maxAge = "24h"
maxEntries = 100

[worker.containerd]
enabled = false
`;

/**
 * Garbage collection of a node with a volume of its own goes by how much of it is free. Ages are of the clock, and a node is
 * away most of the time: BuildKit's own rules would throw cache mounts away over a weekend, and their cap of 100 GB would
 * waste larger volumes.
 * @see https://github.com/moby/buildkit/blob/v0.33.1/cache/manager.go (`calculateKeepBytes`, `pruneOnce`)
 */
export const volumePolicies = `# What is copied anew anyway, or only makes builds faster.
[[worker.oci.gcpolicy]]
filters = ["type==source.local", "type==source.git.checkout", "type==exec.cachemount"]
keepDuration = "720h"
maxUsedSpace = "30%"

# A fifth of the volume stays free: BuildKit rounds its percentages. Without a maximum it removes a record each time.
[[worker.oci.gcpolicy]]
reservedSpace = "10%"
minFreeSpace = "22%"
maxUsedSpace = "100%"

[[worker.oci.gcpolicy]]
all = true
reservedSpace = "10%"
minFreeSpace = "22%"
maxUsedSpace = "100%"
`;
