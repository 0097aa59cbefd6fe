import * as crypto from "node:crypto";
import { EventEmitter, once } from "node:events";
import * as fs from "node:fs";
import * as net from "node:net";
import type { Duplex } from "node:stream";

import { remakeSocketDirectory, socketDirectory, socketPath } from "../support/socketFolders";
import { dial } from "./dial";
import type { Endpoint } from "./endpoint";
import { isListening, listenPrivately } from "./listening";

interface RelayNode {
  fixedPath: string;
  /** Where the fixed path leads: for the provider. */
  privatePath: string;
  /** For this process itself. */
  ownPath: string;
  /** Where the fixed path led before this process took it. */
  before?: string;
  endpoint?: Endpoint;
  losses: number;
  connections: Set<Connection>;
  /** "failure": a connection to the node failed or broke. */
  events: EventEmitter<{ failure: [Error] }>;
}

/** A connection that is open to a node. */
export interface OpenConnection {
  readonly endpoint: Endpoint;
  /** When the node last said anything on it, as `Date.now()`. */
  readonly heardAt: number;
  /** How much it has said. */
  readonly heardBytes: number;
}

interface Connection extends OpenConnection {
  heardAt: number;
  heardBytes: number;
  readonly upstream: Duplex;
}

/**
 * Carries the provider's connections to the nodes of one builder, wherever they are at that moment.
 *
 * The docker-build provider reads a builder's endpoints once per process, so they are the fixed paths of sockets here,
 * and only the relay knows addresses. TLS ends in this process: keys never touch the disk, and the socket is as private
 * (0600 in a 0700 folder) as a key file would be.
 */
export class Relay {
  private readonly nodes = new Map<string, RelayNode>();
  private readonly directory: string;
  private listening?: Promise<void>;

  /** @param key what distinguishes this builder from others on this machine: its name and buildx's store. */
  constructor(key: string, nodeNames: readonly string[]) {
    // Not the process's id: one process may run several updates of a stack (https://www.pulumi.com/docs/automation-api/).
    const [forProvider, own] = [1, 2].map(() => crypto.randomBytes(4).toString("hex"));
    const nameBytes = nodeNames.map((name) => Buffer.byteLength(`${name}.${own}.sock`));
    this.directory = socketDirectory(key, Math.max(0, ...nameBytes));
    for (const name of nodeNames) {
      this.nodes.set(name, {
        fixedPath: socketPath(this.directory, `${name}.sock`),
        privatePath: socketPath(this.directory, `${name}.${forProvider}.sock`),
        ownPath: socketPath(this.directory, `${name}.${own}.sock`),
        losses: 0,
        connections: new Set(),
        events: new EventEmitter(),
      });
    }
  }

  /** The endpoint that buildx is given: the same in every process, so that the registration never changes. */
  registeredEndpoint(name: string): string {
    return `unix://${this.node(name).fixedPath}`;
  }

  /** The socket of this process alone, whose connections are not among {@link connections}. */
  socket(name: string): string {
    return this.node(name).ownPath;
  }

  /** The socket of this process that the registered one leads to. */
  providerSocket(name: string): string {
    return this.node(name).privatePath;
  }

  /** Opens the sockets, once. The fixed paths lead where they led. */
  async open(): Promise<void> {
    this.listening ??= this.listen();
    await this.listening;
  }

  /** Opens the sockets, once, and makes the fixed paths lead here, each time: another update may have taken them. */
  async claim(): Promise<void> {
    await this.open();
    for (const node of this.nodes.values()) {
      const before = readLink(node.fixedPath);
      if (before !== node.privatePath) {
        node.before = before;
        pointSymbolicLink(node.fixedPath, node.privatePath);
      }
    }
  }

  /** Gives the fixed paths that still lead here back to the process that they led to before, where that still listens. */
  async release(): Promise<void> {
    for (const { fixedPath, privatePath, before } of this.nodes.values()) {
      if (before !== undefined && readLink(fixedPath) === privatePath && (await isListening(before))) {
        pointSymbolicLink(fixedPath, before);
      }
    }
  }

  /** From now on, connections for this node go there. Without an endpoint they are closed at once. */
  point(name: string, endpoint: Endpoint | undefined): void {
    this.node(name).endpoint = endpoint;
  }

  /** Why the next connection to the node that fails did so. Waits until one does. */
  async nextFailure(name: string, signal: AbortSignal): Promise<Error> {
    const [error] = (await once(this.node(name).events, "failure", { signal })) as [Error];
    return error;
  }

  /** How many connections the node itself, not its client, has ended or refused so far. */
  lossCount(name: string): number {
    return this.node(name).losses;
  }

  /** What the provider has open to the node, also where that was before it moved. */
  connections(name: string): readonly OpenConnection[] {
    return [...this.node(name).connections];
  }

  /** Ends connections as if the node had done so. */
  cut(name: string, connections: readonly OpenConnection[]): void {
    for (const connection of this.node(name).connections) {
      if (connections.includes(connection)) {
        connection.upstream.destroy();
      }
    }
  }

  private node(name: string): RelayNode {
    const node = this.nodes.get(name);
    if (!node) {
      throw new Error(`the relay has no node ${name}`);
    }
    return node;
  }

  private async listen(): Promise<void> {
    // Again: the CLI's `clean` may have removed it since.
    remakeSocketDirectory(this.directory);
    await this.sweep();
    for (const node of this.nodes.values()) {
      await listenAt(node.privatePath, (client) => void carry(node, client, node.connections));
      await listenAt(node.ownPath, (client) => void carry(node, client, new Set()));
    }
  }

  /** Exit handlers may not run, so each start removes the sockets of dead processes. */
  private async sweep(): Promise<void> {
    for (const entry of fs.readdirSync(this.directory)) {
      const file = socketPath(this.directory, entry);
      if (/\.[0-9a-f]{8}\.sock$/.test(entry) && !(await isListening(file))) {
        fs.rmSync(file, { force: true });
      }
    }
  }
}

async function listenAt(file: string, take: (client: net.Socket) => void): Promise<void> {
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, take);
  await listenPrivately(server, file);
  // The program ends when its work does, not when the relay does.
  server.unref();
}

async function carry(node: RelayNode, client: net.Socket, connections: Set<Connection>): Promise<void> {
  client.on("error", () => client.destroy());
  client.unref();
  const { endpoint } = node;
  if (!endpoint) {
    client.destroy();
    return;
  }
  let upstream: Duplex;
  try {
    upstream = await dial(endpoint);
  } catch (error) {
    node.losses += 1;
    node.events.emit("failure", error as Error);
    client.destroy();
    return;
  }
  if (upstream instanceof net.Socket) {
    upstream.unref();
  }
  join(node, client, { endpoint, heardAt: Date.now(), heardBytes: 0, upstream }, connections);
}

function join(node: RelayNode, client: net.Socket, connection: Connection, connections: Set<Connection>): void {
  const { upstream } = connection;
  connections.add(connection);
  upstream.on("data", (data: Buffer) => {
    connection.heardAt = Date.now();
    connection.heardBytes += data.length;
  });
  let clientEnded = client.destroyed;
  client.once("end", () => (clientEnded = true));
  client.once("close", () => {
    clientEnded = true;
    upstream.destroy();
  });
  upstream.on("error", (error) => node.events.emit("failure", error));
  upstream.once("close", () => {
    connections.delete(connection);
    if (!clientEnded) {
      node.losses += 1;
    }
    client.destroy();
  });
  client.pipe(upstream);
  upstream.pipe(client);
}

function pointSymbolicLink(link: string, target: string): void {
  const temporary = `${link}.${crypto.randomBytes(4).toString("hex")}`;
  fs.symlinkSync(target, temporary);
  fs.renameSync(temporary, link);
}

function readLink(link: string): string | undefined {
  try {
    return fs.readlinkSync(link);
  } catch {
    return undefined;
  }
}
