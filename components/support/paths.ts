import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { BuildError } from "./errors";

/** This user's number. It need not have a name: containers run as any number, and `os.userInfo` fails for one without. */
export function userId(): number {
  return process.getuid?.() ?? os.userInfo().uid;
}

/**
 * The folder of this user's own files.
 * @throws BuildError where there is none: without HOME it comes from the user's entry in /etc/passwd.
 */
export function homeDirectory(): string {
  let home = "";
  try {
    home = os.homedir();
  } catch {
    // Told below.
  }
  if (home === "") {
    throw new BuildError(
      `this user (number ${userId()}) has no home folder: set HOME to a folder that it alone can write to`,
    );
  }
  return home;
}

/** A file as AWS's own settings name it: below this user's home. */
export function expandedHome(file: string): string {
  return file.startsWith("~/") ? path.join(homeDirectory(), file.slice(2)) : file;
}

/** Where this machine keeps what can be made again: tools, local nodes, indexes that were read. */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const { MULTI_PLATFORM_IMAGE_CACHE: own, XDG_CACHE_HOME: common } = environment;
  return absolute(own) ?? path.join(absolute(common) ?? path.join(homeDirectory(), ".cache"), "multi-platform-image");
}

/**
 * A folder of a variable that has one. An empty one, or a relative one, which would be another in each project, counts as not set.
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
function absolute(folder: string | undefined): string | undefined {
  return folder && path.isAbsolute(folder) ? folder : undefined;
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
  return environment.DOCKER_CONFIG || path.join(homeDirectory(), ".docker");
}

/** Whether a name is that of an entry of a folder, and leads nowhere else. */
export function isEntryName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name);
}

/** The entries of a folder that may not be there, in the order of their names. */
export function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** Part of the name of a file: names of resources and stacks may have any character. */
export function safeName(name: string): string {
  return name.replace(/[^\w.-]+/g, "-").slice(0, 100);
}

/**
 * The path of an entry of a folder, for names that come from elsewhere.
 * @throws BuildError of a name that leads out of the folder.
 */
export function entryIn(folder: string, name: string): string {
  if (!isEntryName(name)) {
    throw new BuildError(`${JSON.stringify(name)} is no name for a file in ${folder}: it would lie elsewhere`);
  }
  return path.join(folder, name);
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
export function writeFileAtomically(
  file: string,
  content: string | Uint8Array,
  temporaryDirectory = path.dirname(file),
): void {
  const temporary = path.join(temporaryDirectory, `.tmp-${process.pid}-${crypto.randomBytes(4).toString("hex")}`);
  try {
    fs.writeFileSync(temporary, content, { mode: 0o600 });
    fs.renameSync(temporary, file);
  } catch (error) {
    // A part of it is there when the disk is full.
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}

/** The same of an object whose values are all of one kind; undefined also where it is of another shape. */
export function readRecordIfThere<T>(
  file: string,
  isValue: (value: unknown) => value is T,
): Record<string, T> | undefined {
  const found = readJsonIfThere<unknown>(file);
  const isRecord = typeof found === "object" && found !== null && Object.values(found).every(isValue);
  return isRecord ? (found as Record<string, T>) : undefined;
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

/** What a file of JSON holds; nothing where it is not there, or is no JSON. */
export function readJsonIfThere<T>(file: string): T | undefined {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8")) as T;
  } catch {
    return undefined;
  }
}
