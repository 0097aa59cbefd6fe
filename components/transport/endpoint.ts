import type { Duplex } from "node:stream";

/** The client's side of mTLS, as PEM text. */
export interface TlsMaterial {
  ca: string;
  cert: string;
  key: string;
  /** The DNS name in the server's certificate. */
  serverName?: string;
}

/** Where a daemon is reached at this moment. */
export type Endpoint =
  /** `builderName`: of the builder that issued both sides' certificates, where it does that itself. */
  | { kind: "tcp"; host: string; port: number; tls?: TlsMaterial; builderName?: string }
  | { kind: "unix"; path: string }
  | SshEndpoint
  /** Carried by a stream that the node's kind opens for each connection; TLS is in it. */
  | { kind: "carried"; address: string; open: () => Promise<Duplex>; tls: TlsMaterial; builderName: string };

/** A host whose ssh carries the protocol, from a daemon's socket or, with Docker alone, from its `container`. */
export interface SshEndpoint {
  kind: "ssh";
  host: string;
  user?: string;
  port?: string;
  socketPath?: string;
  container?: string;
}

/** The endpoint that an URL names, or a sentence on what is wrong with it. */
export function parseEndpoint(text: string, tls?: TlsMaterial): Endpoint | { problem: string } {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return { problem: "it is no URL; write tcp://HOST:PORT, unix:///PATH or ssh://USER@HOST" };
  }
  switch (url.protocol) {
    case "tcp:":
      return parseTcp(url, tls);
    case "unix:": {
      const path = decoded(url.pathname);
      return url.host === "" && path !== undefined && path.length > 1
        ? { kind: "unix", path }
        : { problem: "the path of a socket is absolute; write unix:///PATH" };
    }
    case "ssh:":
      return parseSsh(url);
    default:
      return { problem: `the scheme ${url.protocol}// is not one of tcp://, unix:// and ssh://` };
  }
}

/** The endpoint in words, for messages. Holds no secret. */
export function formatEndpoint(endpoint: Endpoint): string {
  switch (endpoint.kind) {
    case "tcp":
      return `tcp://${endpoint.host.includes(":") ? `[${endpoint.host}]` : endpoint.host}:${endpoint.port}`;
    case "unix":
      return `unix://${endpoint.path}`;
    case "carried":
      return endpoint.address;
    case "ssh":
      return `ssh://${endpoint.user ? `${endpoint.user}@` : ""}${endpoint.host}${endpoint.port ? `:${endpoint.port}` : ""}`;
    default:
      return endpoint satisfies never;
  }
}

/**
 * The command line that carries BuildKit's protocol over ssh: the same as buildx's own.
 * @see https://github.com/moby/buildkit/blob/v0.33.1/client/connhelper/ssh/ssh.go
 * https://github.com/moby/buildkit/blob/v0.33.1/client/connhelper/dockercontainer/dockercontainer.go
 */
export function sshArguments(endpoint: SshEndpoint): string[] {
  return [
    ...sshDestination(endpoint),
    ...(endpoint.container ? ["docker", "exec", "-i", endpoint.container] : []),
    "buildctl",
    ...(endpoint.socketPath ? ["--addr", `unix://${endpoint.socketPath}`] : []),
    "dial-stdio",
  ];
}

/** The beginning of ssh's command line, up to the command. */
export function sshDestination({ user, port, host }: SshEndpoint, options: readonly string[] = []): string[] {
  return [
    ...(user ? ["-l", user] : []),
    ...(port ? ["-p", port] : []),
    // A question for a password or a new host's key would wait unseen for ever.
    "-o",
    "BatchMode=yes",
    ...options,
    "--",
    host,
  ];
}

function parseTcp(url: URL, tls?: TlsMaterial): Endpoint | { problem: string } {
  if (!url.hostname || !url.port) {
    return { problem: "host and port are both needed; write tcp://HOST:PORT, with BuildKit's usual port 1234" };
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return { kind: "tcp", host, port: Number(url.port), tls };
}

function parseSsh(url: URL): Endpoint | { problem: string } {
  if (!url.hostname || url.password || url.search || url.hash) {
    return { problem: "write ssh://USER@HOST[:PORT][/PATH/OF/SOCKET], without a password" };
  }
  const [user, socketPath] = [decoded(url.username), decoded(url.pathname)];
  const isPlain =
    plainHost.test(url.hostname) &&
    (user === "" || plainUser.test(user ?? " ")) &&
    (socketPath === "" || plainPath.test(socketPath ?? " "));
  if (!isPlain) {
    return {
      problem:
        "a shell there reads it: only letters, digits and . _ - are allowed, @ and + in a user's name and a path, and / in a path",
    };
  }
  return {
    kind: "ssh",
    host: url.hostname,
    user: user || undefined,
    port: url.port || undefined,
    socketPath: socketPath && socketPath.length > 1 ? socketPath : undefined,
  };
}

// What any shell takes as it is. ssh gives the login shell of the host one text, made of the words of a command; and gives
// user and host to this machine's own shell, where its configuration has a `ProxyCommand` or `Match exec` with %h or %r.
const plainHost = /^(\w[\w.-]*|\[[0-9a-f:.]+\])$/i;
const plainUser = /^\w[\w.@+-]*$/;
const plainPath = /^\/[\w./@+-]*$/;

/** What a part of an URL stands for, or nothing where it stands for nothing. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
