import * as path from "node:path";

import type { Progress } from "../support/progress";
import { reportWhile } from "../support/progress";
import { readText } from "../context/files";
import { BuildError } from "../support/errors";
import type { Platform } from "../support/platforms";
import type { RegistryLogin } from "../registry/logins";
import { isLoopback } from "../registry/read";
import { normalReference, parsePulled } from "../registry/reference";
import { isRemoteLocation } from "../context/remoteLocation";
import type { BaseImageAnswers } from "./ask";
import { readDockerfile } from "./parse";
import { problemOf, type UsedImage, warningOf } from "./problems";
import { neededImages } from "./needed";

/** A build, as docker-build's image gets its arguments. */
export interface CheckedBuild {
  /** Who wants it, as errors begin. */
  owner: string;
  platforms: readonly Platform[];
  /** The platform of the machine that builds each platform; none where that is not known. */
  buildPlatform: (platform: Platform) => Platform | undefined;
  /** Whether its nodes are daemons of this machine, and have its loopback. */
  isOnThisMachine: boolean;
  context?: { location?: string; named?: Record<string, { location: string }> };
  dockerfile?: { location?: string; inline?: string };
  buildArgs?: Record<string, string>;
  target?: string;
  registries?: readonly RegistryLogin[];
}

/**
 * Checks that each base image has the platforms that are wanted of it, before any node is called.
 *
 * Only what BuildKit would fail with is an error: an index without the platform. What can't be known is a warning at most,
 * one for each registry.
 *
 * @throws BuildError that names each base image, the platforms that it lacks, and those that it has.
 */
export async function checkBaseImages(
  build: CheckedBuild,
  answers: BaseImageAnswers,
  progress: Progress,
  warn: (message: string) => void,
): Promise<void> {
  const images = await usedImages(build);
  if (images.length === 0) {
    return;
  }
  const asking = Promise.all(images.map(({ ref }) => answers.ask(ref, build.registries ?? [])));
  const names = images.map(({ ref }) => ref).join(", ");
  const given = await reportWhile(`asking for the platforms of ${names}`, asking, progress);
  const unasked = given.flatMap((answer, at) => (answer.kind === "unasked" ? [{ ...answer, image: images[at] }] : []));
  for (const { registry, reason } of unasked) {
    if (answers.isNewlySilent(registry)) {
      const those = unasked.filter((each) => each.registry === registry).map(({ image }) => image);
      warn(warningOf(those, reason));
    }
  }
  const problems = images.flatMap((image, at) => problemOf(image, given[at]) ?? []);
  if (problems.length > 0) {
    throw new BuildError(problems.map((problem) => `${build.owner}: ${problem}`).join("\n"));
  }
}

/** Each image of a registry, once, with all that is wanted of it. Nothing where the Dockerfile is not at hand. */
async function usedImages(build: CheckedBuild): Promise<UsedImage[]> {
  const source = readSource(build);
  const dockerfile = source && (await readDockerfile(source.text));
  if (!dockerfile) {
    return [];
  }
  const named = new Map(Object.entries(build.context?.named ?? {}).map(([name, { location }]) => [name, location]));
  const inputs = { target: build.target, buildArgs: build.buildArgs ?? {}, named };
  const images = new Map<string, UsedImage>();
  for (const platform of build.platforms) {
    for (const needed of neededImages(dockerfile, platform, build.buildPlatform(platform), inputs)) {
      const key = normalReference(needed.ref) ?? needed.ref;
      const image = images.get(key) ?? { ref: needed.ref, line: `${source.name}:${needed.line}`, wanted: new Map() };
      image.wanted.set(needed.platform, needed.isTarget);
      images.set(key, image);
    }
  }
  // A registry on a node's own loopback is another than the one on ours.
  return [...images.values()].filter(
    ({ ref }) => build.isOnThisMachine || !isLoopback(parsePulled(ref)?.registry ?? ""),
  );
}

function readSource({ context, dockerfile }: CheckedBuild): { name: string; text: string } | undefined {
  if (dockerfile?.inline) {
    return { name: "dockerfile.inline", text: dockerfile.inline };
  }
  const folder = context?.location || ".";
  const file = dockerfile?.location || path.join(folder, "Dockerfile");
  // In a context that is an URL, a Dockerfile's path is one there, unless it is an absolute one.
  if (isRemoteLocation(file) || (isRemoteLocation(folder) && !path.isAbsolute(file))) {
    return undefined;
  }
  try {
    return { name: file, text: readText(file) };
  } catch {
    return undefined;
  }
}
