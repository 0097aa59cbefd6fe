import * as fs from "node:fs";
import * as path from "node:path";

import { isRemoteLocation } from "./remoteLocation";
import { copyName } from "./copies";
import { isFile, isFolder, readIgnored, readRootIgnored } from "./files";
import { stageContext, type StagedContext } from "./stage";

/** The arguments of docker-build that name files, with known values. */
export interface KnownContext {
  context?: { location: string; named?: Record<string, { location: string }> };
  dockerfile?: { location?: string; inline?: string };
}

/** The same with other locations of contexts. */
export async function mapLocations(
  { context, dockerfile }: KnownContext,
  change: (location: string, name?: string) => string | Promise<string>,
): Promise<KnownContext> {
  if (!context) {
    return { context, dockerfile };
  }
  const { location, named } = context;
  const changed = Object.entries(named ?? {}).map(async ([name, each]) => [
    name,
    { ...each, location: await change(each.location, name) },
  ]);
  const entries = Object.fromEntries(await Promise.all(changed)) as typeof named;
  return { context: { location: await change(location), ...(named && { named: entries }) }, dockerfile };
}

/**
 * The same with the file that a Dockerfile leads to, where that is a link out of its folder: BuildKit is sent the folder alone, and
 * finds no Dockerfile in it.
 */
export function followDockerfile({ context, dockerfile }: KnownContext): KnownContext {
  const folder = context?.location || ".";
  const file = dockerfile?.location || (dockerfile?.inline ? undefined : path.posix.join(folder, "Dockerfile"));
  if (file === undefined || isRemoteLocation(folder) || isRemoteLocation(file) || !isFile(file)) {
    return { context, dockerfile };
  }
  const real = fs.realpathSync(file);
  const isInside = real.startsWith(`${fs.realpathSync(path.dirname(file)).replace(/\/$/, "")}/`);
  return isInside
    ? { context, dockerfile }
    : { context, dockerfile: { ...dockerfile, location: path.relative("", real) } };
}

/**
 * The same with a staged copy in place of each context that is a folder, and with the Dockerfile where it was.
 *
 * @param project its name.
 */
export async function stageAll(
  { context = { location: "." }, dockerfile }: KnownContext,
  project: string,
  log: (folder: string, staged: StagedContext) => void,
): Promise<KnownContext> {
  const location = context.location || ".";
  const file = isRemoteLocation(location) ? dockerfile : fixedDockerfile(location, dockerfile);
  const own = file?.location && !isRemoteLocation(location) ? `${file.location}.dockerignore` : undefined;
  return mapLocations({ context: { ...context, location }, dockerfile: file }, (folder, name) =>
    isRemoteLocation(folder) || !isFolder(folder)
      ? folder
      : // A named context has the patterns at its own root alone.
        stageOnce(folder, name === undefined ? own : undefined, project, log),
  );
}

/** docker-build's default where the context was, and a path that is the same in another checkout. */
function fixedDockerfile(context: string, dockerfile: KnownContext["dockerfile"]): KnownContext["dockerfile"] {
  const location = dockerfile?.location || (dockerfile?.inline ? undefined : path.posix.join(context, "Dockerfile"));
  if (location === undefined) {
    return dockerfile;
  }
  return { ...dockerfile, location: path.isAbsolute(location) ? path.relative("", location) : location };
}

/** The same with paths that mean the same in whatever folder they are read. */
export async function withoutFolder(known: KnownContext): Promise<KnownContext> {
  const absolute = (location: string) => (isRemoteLocation(location) ? location : path.resolve(location));
  const { context, dockerfile } = await mapLocations(known, absolute);
  const isOfContext = context && isRemoteLocation(context.location);
  return dockerfile?.location && !isOfContext
    ? { context, dockerfile: { ...dockerfile, location: absolute(dockerfile.location) } }
    : { context, dockerfile };
}

const staging = new Map<string, Promise<StagedContext>>();

/** Images that begin at the same time and have a context in common share the work. */
async function stageOnce(
  folder: string,
  ownPatterns: string | undefined,
  project: string,
  log: (folder: string, staged: StagedContext) => void,
): Promise<string> {
  const own = ownPatterns === undefined ? undefined : readIgnored(ownPatterns);
  // With its name: two programs of one process may give the same folder another one.
  const name = copyName(folder, project);
  const key = JSON.stringify([path.resolve(folder), own && ownPatterns, name]);
  let staged = staging.get(key);
  if (!staged) {
    staged = stageContext(folder, own ?? readRootIgnored(folder), name);
    staging.set(key, staged);
    void staged
      .then((each) => log(folder, each))
      .catch(() => undefined)
      .finally(() => staging.delete(key));
  }
  return (await staged).location;
}
