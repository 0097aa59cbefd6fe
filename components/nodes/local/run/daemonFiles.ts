import * as path from "node:path";

import { type BuildkitdSettings, isPlain, parallelismLine, registryTables } from "../../../buildkit/toml";
import { shortHash } from "../../../support/paths";
import { nodeNameOf, type Platform } from "../../../support/platforms";
import { type StepNetwork, stepNetworkLines } from "./stepNetwork";

/** The files of one local node. */
export interface LocalNodeFiles {
  directory: string;
  /** BuildKit's state: its cache. */
  root: string;
  config: string;
  log: string;
  /** `{ "pid": …, "daemonPid": … }` of the watcher and its daemon, while they live. */
  pid: string;
  /** `{ "idleTimeoutMinutes": … }`, touched whenever a build is about to need the node. */
  lease: string;
  /** Held by the watcher. */
  lock: string;
  socket: string;
  telemetrySocket: string;
}

/** Where a local node keeps what. Sockets are in another folder, because their paths must be short. */
export function localNodeFiles(directory: string, socketDirectory: string): LocalNodeFiles {
  return {
    directory,
    root: path.join(directory, "root"),
    config: path.join(directory, "buildkitd.toml"),
    log: path.join(directory, "buildkitd.log"),
    pid: path.join(directory, "pid"),
    lease: path.join(directory, "lease"),
    lock: path.join(directory, "watch.lock"),
    socket: path.join(socketDirectory, "buildkitd.sock"),
    telemetrySocket: path.join(socketDirectory, "otel.sock"),
  };
}

/**
 * The daemon's configuration. Root, address and telemetry socket are its own, because two daemons run on one machine.
 * @see https://github.com/moby/buildkit/blob/v0.33.1/docs/buildkitd.toml.md
 */
export function buildkitdConfig(files: LocalNodeFiles, settings: BuildkitdSettings, network?: StepNetwork): string {
  const lines = [
    `root = ${JSON.stringify(files.root)}`,
    "[grpc]",
    `address = [${JSON.stringify(`unix://${files.socket}`)}]`,
    "[otel]",
    `socketPath = ${JSON.stringify(files.telemetrySocket)}`,
    "[worker.oci]",
    "enabled = true",
    ...stepNetworkLines(network),
    `${parallelismLine(settings)}gc = true`,
    "[worker.containerd]",
    "enabled = false",
    "[cdi]",
    "disabled = true",
    "",
  ];
  return `${lines.join("\n")}${registryTables(settings)}`;
}

/** The name of a daemon's folder: those that are set up differently are daemons of their own. */
export function localNodeName(platform: Platform, settings: BuildkitdSettings): string {
  const name = `linux-${nodeNameOf(platform)}`;
  return isPlain(settings) ? name : `${name}-${shortHash(`${parallelismLine(settings)}${registryTables(settings)}`)}`;
}

const passedOn =
  /^(PATH|HOME|TMPDIR|LANG|XDG_.*|SSL_CERT_(FILE|DIR)|MULTI_PLATFORM_IMAGE_CACHE|(HTTPS?|NO|ALL)_PROXY)$/i;

/** What of the caller's environment a daemon gets: nothing that may be a secret of an update. */
export function daemonEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => passedOn.test(name)));
}
