import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import * as tar from "tar";
import { cacheDirectory } from "../components/support/paths";
import { publishFolder, sweepUnfinished, withLock } from "./cache";
import { type Log, say, withProgress } from "./progress";

type Architecture = "amd64" | "arm64";

export const ESBUILD_VERSION = "0.25.12";

/** esbuild's own static binaries, as npm packages; the integrity is npm's, of the packed file. */
const PACKAGES: Readonly<Record<Architecture, { name: string; integrity: string }>> = {
  amd64: {
    name: "@esbuild/linux-x64",
    integrity: "sha512-uqZMTLr/zR/ed4jIGnwSLkaHmPjOjJvnm6TVVitAa08SLS9Z0VM8wIRx7gWbJB5/J54YuIMInDquWyYvQLZkgw==",
  },
  arm64: {
    name: "@esbuild/linux-arm64",
    integrity: "sha512-8bwX7a8FghIgrupcxb4aUmYDLp8pX06rGh5HqDT7bB+8Rdells6mHvrFHHW2JAOPZUbnjUpKTLg6ECyzvas2AQ==",
  },
};

const CONTEXT = path.join(__dirname, "..", "examples", "esbuild", "context");

/** Fills the default example's context with the binaries that it copies. */
export async function prepareExample(log: Log = say): Promise<void> {
  await Promise.all((Object.keys(PACKAGES) as Architecture[]).map((architecture) => placeBinary(architecture, log)));
  // A file's mode is part of the context's hash, and git leaves it to the umask: another would be another image.
  await fs.chmod(CONTEXT, 0o755);
  await fs.chmod(path.join(CONTEXT, "Dockerfile"), 0o644);
  await fs.chmod(path.join(CONTEXT, ".dockerignore"), 0o644);
}

async function placeBinary(architecture: Architecture, log: Log): Promise<void> {
  const wanted = await fs.readFile(await cachedBinary(architecture, log));
  const folder = path.join(CONTEXT, architecture);
  const file = path.join(folder, "esbuild");
  const present = await fs.readFile(file).catch(() => undefined);
  if (!present?.equals(wanted)) {
    await fs.mkdir(folder, { recursive: true });
    const temporary = path.join(folder, `.esbuild-${process.pid}`);
    await fs.writeFile(temporary, wanted);
    await fs.rename(temporary, file);
  }
  await fs.chmod(folder, 0o755);
  await fs.chmod(file, 0o755);
}

/** esbuild for an architecture: fetched once. */
export async function cachedBinary(architecture: Architecture, log: Log = say): Promise<string> {
  const examples = path.join(cacheDirectory(), "examples");
  const final = path.join(examples, `esbuild-${ESBUILD_VERSION}-${architecture}`);
  const binary = path.join(final, "esbuild");
  const exists = () =>
    fs.access(binary).then(
      () => true,
      () => false,
    );
  if (!(await exists())) {
    await withLock(cacheDirectory(), `example-${architecture}`, log, async () => {
      if (!(await exists())) {
        await sweepUnfinished(examples, `esbuild-${architecture}`);
        await publishFolder(final, (folder) => fetchBinary(architecture, folder, log), `esbuild-${architecture}`);
      }
    });
  }
  return binary;
}

async function fetchBinary(architecture: Architecture, folder: string, log: Log): Promise<void> {
  const { name, integrity } = PACKAGES[architecture];
  const spec = `${name}@${ESBUILD_VERSION}`;
  const args = ["pack", spec, "--json", "--pack-destination", folder];
  await withProgress(`example: npm pack ${spec}`, () => promisify(execFile)("npm", args), log).catch(
    (error: Error & { stderr?: string }) => {
      throw new Error(
        `example: ${spec} can't be fetched, is npm's registry reachable? ${error.stderr || error.message}`,
      );
    },
  );
  const packed = (await fs.readdir(folder)).find((file) => file.endsWith(".tgz"));
  if (!packed) {
    throw new Error(`example: \`npm ${args.join(" ")}\` left no archive.`);
  }
  const archive = path.join(folder, packed);
  const got = `sha512-${createHash("sha512")
    .update(await fs.readFile(archive))
    .digest("base64")}`;
  if (got !== integrity) {
    throw new Error(`example: the checksum of ${spec} is wrong: expected ${integrity}, got ${got}. It was not used.`);
  }
  const entry = "package/bin/esbuild";
  await tar.extract({ file: archive, cwd: folder, strict: true, strip: 2, filter: (file) => file === entry });
  await fs.rm(archive);
}
