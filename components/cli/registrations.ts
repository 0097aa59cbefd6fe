import * as fs from "node:fs";
import * as path from "node:path";

import { buildxDirectory, entryIn, isEntryName, namesIn, userId } from "../support/paths";
import { remoteDriver } from "../session/registration";
import { certificatesRoot } from "../nodes/ownFiles";

/** A builder in buildx's store that this library wrote. */
export interface OwnRegistration {
  /** As buildx knows it. */
  name: string;
  builderName: string;
  /** `direct`: by `wake`, to nodes' addresses or to sockets of a process that it has begun. `relay`: by `pulumi up`, to sockets of its own. */
  kind: "direct" | "relay";
  /** The sockets that the registration leads to. */
  sockets: string[];
}

/** Whoever writes to the store may have written anything. */
interface StoredNode {
  Endpoint?: unknown;
  DriverOpts?: Record<string, unknown> | null;
}

const directSuffix = "-direct";
/** What `nodeSetName` and `indexName` put behind a builder's name. */
const nodeSetSuffix = /(-[0-9a-f]{8})(?:-\d{1,3})?(?:-index)?$/;

/** The name under which buildx knows a builder's nodes by their own addresses: besides the one that `pulumi up` writes. */
export function directName(builderName: string): string {
  return `${builderName}${directSuffix}`;
}

/** What of a builder's text in buildx's store is ours, or undefined. */
export function ownRegistration(name: string, text: string): OwnRegistration | undefined {
  const nodes = remoteNodes(text);
  if (!isEntryName(name) || nodes.length === 0) {
    return undefined;
  }
  const isDirect = nodes.every(({ DriverOpts }) =>
    String(DriverOpts?.cacert).startsWith(certificatesRoot() + path.sep),
  );
  const directOf = name.endsWith(directSuffix) ? name.slice(0, -directSuffix.length) : "";
  if (isDirect && isEntryName(directOf)) {
    return { name, builderName: directOf, kind: "direct", sockets: [] };
  }
  const sockets = nodes.map(({ Endpoint }) => relaySocket(String(Endpoint)));
  if (!sockets.every((socket) => socket !== undefined)) {
    return undefined;
  }
  // By `wake` to sockets of a process that carries connections on.
  return isEntryName(directOf)
    ? { name, builderName: directOf, kind: "direct", sockets }
    : { name, builderName: name.replace(nodeSetSuffix, "$1"), kind: "relay", sockets };
}

/** All of ours in buildx's store. */
export function ownRegistrations(): OwnRegistration[] {
  const directory = path.join(buildxDirectory(), "instances");
  return namesIn(directory).flatMap((name) => ownRegistration(name, readIfFile(path.join(directory, name))) ?? []);
}

/**
 * What `docker buildx rm` does for a `remote` builder.
 * @see https://github.com/docker/buildx/blob/v0.35.0/commands/rm.go
 */
export function removeRegistration(name: string): void {
  for (const folder of ["instances", "activity", "refs"]) {
    fs.rmSync(entryIn(path.join(buildxDirectory(), folder), name), { recursive: true, force: true });
  }
}

// TMPDIR may have been another one when it was written, so only the end of the path is compared. See `socketDirectory`.
function relaySocket(endpoint: string): string | undefined {
  const pattern = new RegExp(`^unix://(/.*/mpi-${userId()}/[0-9a-f]{8}/[^/]+\\.sock)$`);
  const socket = pattern.exec(endpoint)?.[1];
  return socket === undefined || path.normalize(socket) !== socket ? undefined : socket;
}

function readIfFile(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** The nodes of a builder with the remote driver; none of another, and of what is none. */
function remoteNodes(text: string): StoredNode[] {
  try {
    const { Driver, Nodes } = JSON.parse(text) as { Driver?: unknown; Nodes?: unknown };
    const isRemote =
      Driver === remoteDriver && Array.isArray(Nodes) && Nodes.every((node) => typeof node === "object" && node);
    return isRemote ? (Nodes as StoredNode[]) : [];
  } catch {
    return [];
  }
}
