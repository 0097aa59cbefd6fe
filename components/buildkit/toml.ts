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
