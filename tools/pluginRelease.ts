/**
 * `npm run release:plugin -- [--out FOLDER] [--server URL] [--node FILE] [OS/ARCHITECTURE…]`: the plugin for other languages as
 * archives that need no Node on the machine, the SDKs of Python and Go, and the checksums of all of them.
 */
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parseArgs, promisify } from "node:util";

import { runCommand } from "./command";
import { sha256 } from "./download";
import { machinePlatform, toolPlatforms, type ToolPlatform } from "./platform";
import { layOutPlugin, packPlugin } from "./pluginRelease/archive";
import { fetchNode } from "./pluginRelease/nodeBinary";
import { checkServer, packSdks } from "./pluginRelease/sdks";

const root = path.join(__dirname, "..");
const run = promisify(execFile);
const log = (line: string): void => console.log(line);

runCommand(async (args) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      out: { type: "string", default: "release" },
      server: { type: "string" },
      node: { type: "string" },
    },
  });
  const { out, server } = values;
  if (server !== undefined) {
    checkServer(server);
  }
  const platforms = wantedPlatforms(positionals, values.node);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "plugin-release-"));
  try {
    const files = await packSdks({ folder, out, server, log });
    log("npm pack");
    const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder], { cwd: root });
    const [{ filename }] = JSON.parse(stdout) as { filename: string }[];
    const plugin = path.join(folder, "plugin");
    fs.mkdirSync(plugin);
    await layOutPlugin(path.join(folder, filename), plugin);
    for (const platform of platforms) {
      const node = values.node ?? path.join(folder, "node");
      if (values.node === undefined) {
        await fetchNode(process.version, platform, node, folder, log);
      }
      files.push(await packPlugin(plugin, node, platform, out));
    }
    const sums: string[] = [];
    for (const file of files) {
      log(`${file}: ${(fs.statSync(file).size / 1e6).toFixed(2)} MB`);
      sums.push(`${await sha256(file)}  ${path.basename(file)}`);
    }
    fs.writeFileSync(path.join(out, "checksums.txt"), sums.join("\n") + "\n");
    return 0;
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

function wantedPlatforms(names: string[], node: string | undefined): ToolPlatform[] {
  const unknown = names.find((name) => !(toolPlatforms as string[]).includes(name));
  if (unknown !== undefined) {
    throw new Error(`"${unknown}" is no platform of the plugin: use ${toolPlatforms.join(", ")}.`);
  }
  if (node !== undefined) {
    if (names.length > 1) {
      throw new Error(`--node is one binary, and ${names.join(", ")} are several platforms: name one of them.`);
    }
    return names.length === 1 ? (names as ToolPlatform[]) : [machinePlatform()];
  }
  return names.length > 0 ? (names as ToolPlatform[]) : toolPlatforms;
}
