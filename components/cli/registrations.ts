import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { buildxDirectory } from "../paths";
import { certificatesRoot } from "./ownFiles";

/** A builder in buildx's store that this library wrote. */
export interface OwnRegistration {
  /** As buildx knows it. */
  name: string;
  builderName: string;
  /** `direct`: by `wake`, to nodes' addresses. `relay`: by `pulumi up`, to sockets of its process. */
  kind: "direct" | "relay";
  /** The sockets that a relay's registration leads to. */
  sockets: string[];
}

interface StoredBuilder {
  Driver?: string;
  Nodes?: { Endpoint?: string; DriverOpts?: Record<string, string> | null }[];
}

const directSuffix = "-direct";
/** What `laneName` and `indexName` put behind a builder's name. */
const laneSuffix = /(-[0-9a-f]{8})(?:-\d{1,3})?(?:-index)?$/;

/** The name under which buildx knows a builder's nodes by their own addresses: besides the one that `pulumi up` writes. */
export function directName(builderName: string): string {
  return `${builderName}${directSuffix}`;
}

/** What of a builder's text in buildx's store is ours, or undefined. */
export function ownRegistration(name: string, text: string): OwnRegistration | undefined {
  const { Driver, Nodes = [] } = parse(text);
  if (Driver !== "remote" || Nodes.length === 0) {
    return undefined;
  }
  const isDirect = Nodes.every(({ DriverOpts }) => DriverOpts?.cacert?.startsWith(certificatesRoot() + path.sep));
  if (isDirect && name.endsWith(directSuffix)) {
    return { name, builderName: name.slice(0, -directSuffix.length), kind: "direct", sockets: [] };
  }
  const sockets = Nodes.map(({ Endpoint }) => relaySocket(Endpoint ?? ""));
  return sockets.every((socket) => socket !== undefined)
    ? { name, builderName: name.replace(laneSuffix, "$1"), kind: "relay", sockets }
    : undefined;
}

/** All of ours in buildx's store. */
export function ownRegistrations(): OwnRegistration[] {
  const directory = path.join(buildxDirectory(), "instances");
  return namesIn(directory).flatMap((name) => {
    const text = fs.readFileSync(path.join(directory, name), "utf8");
    return ownRegistration(name, text) ?? [];
  });
}

/**
 * What `docker buildx rm` does for a `remote` builder.
 * @see https://github.com/docker/buildx/blob/v0.35.0/commands/rm.go
 */
export function removeRegistration(name: string): void {
  for (const folder of ["instances", "activity", "refs"]) {
    fs.rmSync(path.join(buildxDirectory(), folder, name), { recursive: true, force: true });
  }
}

/** The entries of a folder that may not be there. */
export function namesIn(directory: string): string[] {
  try {
    return fs.readdirSync(directory).sort();
  } catch {
    return [];
  }
}

// TMPDIR may have been another one when it was written, so the end of the path tells. See `socketDirectory`.
function relaySocket(endpoint: string): string | undefined {
  const pattern = new RegExp(`^unix://(/.*/mpi-${os.userInfo().uid}/[0-9a-f]{8}/[^/]+\\.sock)$`);
  return pattern.exec(endpoint)?.[1];
}

function parse(text: string): StoredBuilder {
  try {
    return JSON.parse(text) as StoredBuilder;
  } catch {
    return {};
  }
}
