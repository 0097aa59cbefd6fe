import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";

import * as tar from "tar";

import { prepare } from "../prepare";
import type { Log } from "../progress";
import { TOOLS } from "../table";

const root = path.join(__dirname, "../..");
const run = promisify(execFile);

/** Also the folder's name in Go's archive. */
const goSdk = "multi-platform-image-sdk-go";

/** How Pulumi fetches a plugin's archives: https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/#package */
const serverSchemes = ["https", "http", "github", "gitlab"];

/** Refuses what Pulumi could not fetch an archive from. */
export function checkServer(server: string): void {
  if (!serverSchemes.some((scheme) => server.startsWith(`${scheme}://`))) {
    throw new Error(
      `--server "${server}" is no place that Pulumi fetches archives from: use a URL with ` +
        `${serverSchemes.join(", ")}, such as https://HOST/release or github://api.github.com/OWNER/REPOSITORY.`,
    );
  }
}

/** Pulumi's own generators, at the version of the pinned Pulumi. Its releases have them only inside of language hosts. */
export async function sdkGenerator(): Promise<string> {
  const table = {
    sdkgen: { version: TOOLS.pulumi.version, binary: "sdkgen", module: { recipe: "sdkgen", package: "." } },
  };
  const [tool] = await prepare(["sdkgen"], { table, recipes: path.join(__dirname, "../offline") });
  return tool.path;
}

/**
 * The SDKs as files: a wheel that pip takes, and an archive of a Go module.
 *
 * @param server where a program finds the plugin by itself: it is written into the SDKs
 */
export async function packSdks(options: {
  folder: string;
  out: string;
  server: string | undefined;
  log: Log;
}): Promise<string[]> {
  const { folder, out, server, log } = options;
  const generator = await sdkGenerator();
  const schema = JSON.parse(fs.readFileSync(path.join(root, "provider/schema.json"), "utf8")) as { version: string };
  const schemaFile = path.join(folder, "schema.json");
  fs.writeFileSync(schemaFile, JSON.stringify({ ...schema, ...(server && { pluginDownloadURL: server }) }));
  const sourceOf = async (language: string, name: string) => {
    const source = path.join(folder, name);
    await run(generator, [language, schemaFile, source]);
    fs.copyFileSync(path.join(root, "LICENSE"), path.join(source, "LICENSE"));
    return source;
  };
  fs.mkdirSync(out, { recursive: true });
  log("the SDK of Python, as a wheel");
  const wheel = await buildWheel(await sourceOf("python", "sdk-python"), out);
  log("the SDK of Go, as an archive");
  await sourceOf("go", goSdk);
  const archive = path.join(out, `${goSdk}-v${schema.version}.tar.gz`);
  await tar.create({ file: archive, cwd: folder, gzip: true, portable: true }, [goSdk]);
  return [wheel, archive];
}

async function buildWheel(source: string, out: string): Promise<string> {
  const wheels = path.join(source, "..", "wheels");
  const pip = ["-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps", "--wheel-dir", wheels];
  await run("python3", [...pip, source]).catch((error: Error) => {
    throw new Error(
      `The SDK of Python can't be built: ${error.message}\nFix: python3 with pip on PATH, which fetches setuptools.`,
    );
  });
  const [name] = fs.readdirSync(wheels);
  const wheel = path.join(out, name);
  fs.copyFileSync(path.join(wheels, name), wheel);
  return wheel;
}
