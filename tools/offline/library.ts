import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { findOnPath } from "../../components/support/paths";
import { type Log, withProgress } from "../progress";
import type { CLibrary } from "../recipe";

const SYSTEM_HEADERS = "/usr/include";
const APT_TIMEOUT_MILLISECONDS = 120_000;

/** What keeps apt from renewing its own files below /var/cache: what is here is read, nothing of the system is written. */
const APT_READS_ONLY = ["-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache="];

export interface LibrarySearch {
  /** Removed by the caller after the build; made only if the library's package is fetched. */
  folder: string;
  env: NodeJS.ProcessEnv;
  log: Log;
}

/** What Go needs to find a C library: the machine's own, otherwise its Debian package, unpacked in `folder` only. */
export async function libraryEnvironment(
  tool: string,
  library: CLibrary,
  search: LibrarySearch,
): Promise<NodeJS.ProcessEnv> {
  const { env } = search;
  if (await isKnownToPkgConfig(library, env)) {
    return {};
  }
  if (fs.existsSync(path.join(SYSTEM_HEADERS, library.header))) {
    return withoutPkgConfig(env, [], [`-l${library.link}`]);
  }
  if (findOnPath("apt-get", env) && findOnPath("dpkg-deb", env)) {
    return fromPackage(tool, library, search);
  }
  throw new Error(
    `${tool}: neither ${SYSTEM_HEADERS}/${library.header} nor pkg-config's ${library.pkgConfig} is on this machine, ` +
      `nor apt-get to fetch them, and ${tool} is linked against ${library.pkgConfig}. ${fixes(tool, library)}`,
  );
}

function fixes(tool: string, library: CLibrary): string {
  return (
    `Fix: install ${library.pkgConfig} with its headers (Debian, Ubuntu: ${library.debianPackage}), ` +
    `or a ${tool} that has ${library.pkgConfig} on PATH.`
  );
}

async function isKnownToPkgConfig(library: CLibrary, env: NodeJS.ProcessEnv): Promise<boolean> {
  const file = findOnPath(env.PKG_CONFIG || "pkg-config", env);
  return (
    file !== undefined &&
    run(file, ["--exists", library.pkgConfig], { env }).then(
      () => true,
      () => false,
    )
  );
}

/** The packages' `#cgo pkg-config` lines ask a command that says nothing; the flags come from here. */
function withoutPkgConfig(
  env: NodeJS.ProcessEnv,
  compile: readonly string[],
  link: readonly string[],
): NodeJS.ProcessEnv {
  return {
    PKG_CONFIG: "true",
    CGO_CFLAGS: [env.CGO_CFLAGS ?? "-O2 -g", ...compile].join(" "),
    CGO_LDFLAGS: [env.CGO_LDFLAGS ?? "-O2 -g", ...link].join(" "),
  };
}

/** Links the package's static archive, so that what is built needs nothing of the folder later. */
async function fromPackage(
  tool: string,
  library: CLibrary,
  { folder, env, log }: LibrarySearch,
): Promise<NodeJS.ProcessEnv> {
  const { debianPackage } = library;
  const unpacked = path.join(folder, "unpacked");
  fs.mkdirSync(unpacked, { recursive: true });
  const fetch = async () => {
    const options = { cwd: folder, env: { ...env, LC_ALL: "C" } };
    await run("apt-get", [...APT_READS_ONLY, "download", debianPackage], options);
    const packed = fs.readdirSync(folder).find((file) => file.endsWith(".deb"));
    await run("dpkg-deb", ["-x", packed ?? `${debianPackage}.deb`, unpacked], options);
  };
  const title = `${tool}: fetching ${debianPackage} from this machine's package sources, to link against`;
  await withProgress(title, fetch, log).catch((error: Error) => {
    throw new Error(
      `${tool}: ${error.message}\n${debianPackage} is needed to build ${tool}. If apt's lists are empty or old, ` +
        `run \`apt-get update\` as root; if not, is a package source reachable? ${fixes(tool, library)}`,
      { cause: error },
    );
  });
  const archive = fs
    .readdirSync(unpacked, { recursive: true, encoding: "utf8" })
    .find((file) => path.basename(file) === `lib${library.link}.a`);
  if (!archive) {
    throw new Error(`${tool}: ${debianPackage} holds no lib${library.link}.a to link against. ${fixes(tool, library)}`);
  }
  return withoutPkgConfig(
    env,
    [`"-I${path.join(unpacked, "usr", "include")}"`],
    [`"-L${path.join(unpacked, path.dirname(archive))}"`, `-l:lib${library.link}.a`],
  );
}

function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env: NodeJS.ProcessEnv },
): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { ...options, timeout: APT_TIMEOUT_MILLISECONDS }, (error, _stdout, stderr) => {
      if (error) {
        const ending = error.killed
          ? `did not end within ${APT_TIMEOUT_MILLISECONDS / 1000} s`
          : `ended with ${error.code}`;
        reject(new Error(`\`${command} ${args.join(" ")}\` ${ending}: ${stderr.trim() || error.message}`));
      } else {
        resolve();
      }
    });
  });
}
