import * as fs from "node:fs";
import * as path from "node:path";

import { BuildError } from "../support/errors";
import { makeOwnFolder } from "../support/ownFolders";
import { buildxDirectory, entryIn, writeFileAtomically } from "../support/paths";
import { ociPlatform, type Platform } from "../support/platforms";
import { containerFlags, containerImage } from "../buildkit/containerImage";
import { platformsOf } from "./placement";

/** buildx's driver for daemons that run already. */
export const remoteDriver = "remote";

/** A node in the words of buildx's store. */
export interface RegisteredNode {
  name: string;
  endpoint: string;
  platform: Platform;
  additionalPlatforms?: readonly Platform[];
  /** As `--driver-opt` takes them. */
  driverOptions?: Record<string, string>;
}

/**
 * The builder as buildx's own `create --driver remote` and `create --append` write it.
 * @see https://github.com/docker/buildx/blob/v0.35.0/store/nodegroup.go
 */
export function remoteRegistration(builderName: string, nodes: readonly RegisteredNode[]): string {
  const written = nodes.map(({ name, endpoint, driverOptions, ...node }) => ({
    Name: name,
    Endpoint: endpoint,
    Platforms: platformsOf(node).map(ociPlatform),
    DriverOpts: driverOptions ?? null,
    Flags: null,
    Files: null,
  }));
  return JSON.stringify({ Name: builderName, Driver: remoteDriver, Nodes: written, Dynamic: false });
}

/**
 * The builder as buildx's own `create --driver docker-container --driver-opt image=…` writes it: one node for all
 * platforms, because buildx takes an endpoint once.
 */
export function engineRegistration(
  builderName: string,
  endpoint: string,
  platforms: readonly Platform[],
  registeredName = builderName,
): string {
  const node = {
    Name: `${builderName}0`,
    Endpoint: endpoint,
    Platforms: platforms.map(ociPlatform),
    DriverOpts: { image: containerImage },
    Flags: containerFlags,
    Files: null,
  };
  return JSON.stringify({ Name: registeredName, Driver: "docker-container", Nodes: [node], Dynamic: false });
}

/**
 * Writes the builder to buildx's store, unless it stands there already. Says whether it wrote.
 *
 * Without buildx's lock: it guards changes that read first, and this file is ours alone and replaced whole. The temporary
 * file lies beside `instances`, because buildx takes all that is inside for builders.
 */
export function register(builderName: string, text: string): boolean {
  const store = buildxDirectory();
  const file = entryIn(path.join(store, "instances"), builderName);
  if (readIfThere(file) === text) {
    return false;
  }
  try {
    // Whoever can write there can have builds sent to a daemon of their own.
    makeOwnFolder(path.dirname(file), store, "set BUILDX_CONFIG to a folder that this user alone can write to");
    writeFileAtomically(file, text, store);
  } catch (error) {
    if (error instanceof BuildError) {
      throw error;
    }
    const fix =
      "let this user write there, or set BUILDX_CONFIG to a folder where it can, for `pulumi` and all it starts";
    throw new BuildError(
      `builder ${builderName} can't be registered in buildx's store, ${store}: ${whyNotWritten(store, error as Error)}. Fix: ${fix}`,
    );
  }
  return true;
}

/** Of a folder that can't be made, Node says that it is not there: https://github.com/nodejs/node/issues/31481 */
function whyNotWritten(folder: string, error: Error): string {
  let there = path.resolve(folder);
  while (!fs.existsSync(there)) {
    there = path.dirname(there);
  }
  try {
    fs.accessSync(there, fs.constants.W_OK);
    return error.message;
  } catch (refusal) {
    return (refusal as Error).message;
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
