import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { BuildError } from "./errors";

// Node 20 cuts a longer path silently and listens elsewhere: sun_path holds 104 bytes on macOS, 108 on Linux, with the
// closing NUL. https://man7.org/linux/man-pages/man7/unix.7.html
const longestSocketPathBytes = 103;

/** Where this machine keeps what can be made again: tools, local nodes, indexes that were read. */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  return (
    environment.MULTI_PLATFORM_IMAGE_CACHE ??
    path.join(environment.XDG_CACHE_HOME ?? path.join(os.homedir(), ".cache"), "multi-platform-image")
  );
}

/**
 * Where buildx keeps its builders.
 * @see https://github.com/docker/buildx/blob/v0.35.0/util/confutil/config.go
 */
export function buildxDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.BUILDX_CONFIG || path.join(dockerDirectory(environment), "buildx");
}

/** Where Docker's client keeps its configuration. */
export function dockerDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.DOCKER_CONFIG || path.join(os.homedir(), ".docker");
}

/** Where all folders for sockets of this user are. */
export function socketRoot(): string {
  return path.join(shortTemporaryDirectory(), `mpi-${os.userInfo().uid}`);
}

/** A folder for sockets with a short path of its own, open to this user only. */
export function socketDirectory(key: string): string {
  const root = socketRoot();
  const directory = path.join(root, shortHash(key));
  for (const each of [root, directory]) {
    fs.mkdirSync(each, { recursive: true, mode: 0o700 });
    assertOwn(each);
  }
  return directory;
}

/** The path of a socket, or an error where the operating system would cut it. */
export function socketPath(directory: string, name: string): string {
  const full = path.join(directory, name);
  const bytes = Buffer.byteLength(full);
  if (bytes > longestSocketPathBytes) {
    throw new BuildError(
      `the socket path ${full} has ${bytes} bytes, and at most ${longestSocketPathBytes} work: set TMPDIR to a shorter path`,
    );
  }
  return full;
}

/** The file that a program's name means on PATH, if it is there and can be run. */
export function findOnPath(program: string, environment: NodeJS.ProcessEnv = process.env): string | undefined {
  return (environment.PATH ?? "")
    .split(path.delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => path.join(folder, program))
    .find(isExecutable);
}

/** A few characters that stand for the text, the same on every machine. */
export function shortHash(text: string): string {
  return crypto.createHash("sha256").update(text).digest("hex").slice(0, 8);
}

/** Writes a file so that a reader sees the old content or the new, never a part. */
export function writeFileAtomically(file: string, content: string, temporaryDirectory = path.dirname(file)): void {
  const temporary = path.join(temporaryDirectory, `.tmp-${process.pid}-${crypto.randomBytes(4).toString("hex")}`);
  fs.writeFileSync(temporary, content, { mode: 0o600 });
  fs.renameSync(temporary, file);
}

/** A file that can be run as a program. */
export function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

function shortTemporaryDirectory(): string {
  // macOS gives every user a TMPDIR of some 50 bytes, half of what a socket's path may have.
  return os.platform() === "darwin" ? "/tmp" : os.tmpdir();
}

function assertOwn(directory: string): void {
  const found = fs.lstatSync(directory);
  if (!found.isDirectory() || found.uid !== os.userInfo().uid || (found.mode & 0o077) !== 0) {
    throw new BuildError(
      `${directory} must be a folder of this user alone (mode 0700), because sockets of build nodes lie in it: remove it`,
    );
  }
}

/** What a file of JSON holds; nothing where it is not there, or is no JSON. */
export function readJsonIfThere<T>(file: string): T | undefined {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8")) as T;
  } catch {
    return undefined;
  }
}
