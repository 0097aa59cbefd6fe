import type { Failure } from "./failures";

/** The same, made in the same way, of what a build asks for and of its parties. */
export const buildFailures: readonly Failure[] = [
  {
    how: "base image from a port where nothing listens",
    party: "base image",
    words: "refuses connections",
    error:
      'failed to solve: localhost:5998/x:1: failed to resolve source metadata for localhost:5998/x:1: failed to do request: Head "http://localhost:5998/v2/x/manifests/1": dial tcp 127.0.0.1:5998: connect: connection refused',
  },
  {
    how: "base image from a server that resets connections",
    party: "base image",
    words: "hung up",
    error:
      'failed to solve: localhost:5615/x:1: failed to resolve source metadata for localhost:5615/x:1: failed to do request: Head "http://localhost:5615/v2/x/manifests/1": read tcp 127.0.0.1:35694->127.0.0.1:5615: read: connection reset by peer',
  },
  {
    how: "base image without a login",
    party: "base image",
    words: "wants a login",
    error:
      "failed to solve: localhost:5612/x:1: failed to resolve source metadata for localhost:5612/x:1: unexpected status from HEAD request to http://localhost:5612/v2/x/manifests/1: 401 Unauthorized",
  },
  {
    how: "base image from a registry that answers 503",
    party: "base image",
    words: "is out of order",
    error:
      "failed to solve: localhost:5611/x:1: failed to resolve source metadata for localhost:5611/x:1: unexpected status from HEAD request to http://localhost:5611/v2/x/manifests/1: 503 Service Unavailable",
  },
  {
    how: "base image from a proxy whose registry is down",
    party: "base image",
    words: "is out of order",
    error:
      "failed to solve: localhost:5628/x:1: failed to resolve source metadata for localhost:5628/x:1: unexpected status from HEAD request to http://localhost:5628/v2/x/manifests/1: 502 Bad Gateway",
  },
  {
    how: "base image that is not there",
    party: "base image",
    words: "does not have it",
    error:
      "failed to solve: localhost:5599/nope:1: failed to resolve source metadata for localhost:5599/nope:1: localhost:5599/nope:1: not found",
  },
  {
    how: "base image by a digest that is not there",
    party: "base image",
    words: "does not have it",
    error:
      "failed to solve: localhost:5599/ok@sha256:0000000000000000000000000000000000000000000000000000000000000000: failed to resolve source metadata for localhost:5599/ok@sha256:0000000000000000000000000000000000000000000000000000000000000000: localhost:5599/ok@sha256:0000000000000000000000000000000000000000000000000000000000000000: not found",
  },
  {
    how: "base image from a server of web pages",
    party: "base image",
    words: "does not speak as a registry does",
    error:
      "failed to solve: localhost:5622/x:1: failed to resolve source metadata for localhost:5622/x:1: encountered unknown type text/html; children may not be fetched",
  },
  {
    how: "base image of a name without an address",
    party: "network",
    words: "a name without an address",
    error:
      'failed to solve: registry.invalid/x:1: failed to resolve source metadata for registry.invalid/x:1: failed to do request: Head "https://registry.invalid/v2/x/manifests/1": dial tcp: lookup registry.invalid on 10.255.255.53:53: no such host',
  },
  {
    how: "frontend from a port where nothing listens",
    party: "base image",
    words: "refuses connections",
    error:
      'failed to solve: failed to resolve source metadata for localhost:5998/dockerfile:1: failed to do request: Head "http://localhost:5998/v2/dockerfile/manifests/1": dial tcp 127.0.0.1:5998: connect: connection refused',
  },
  {
    how: "COPY --from of an image that no registry is asked for",
    party: "network",
    words: "a name without an address",
    error:
      'failed to solve: nope: failed to resolve source metadata for docker.io/library/nope:latest: failed to do request: Head "https://registry-1.docker.io/v2/library/nope/manifests/latest": dial tcp: lookup registry-1.docker.io on 10.255.255.53:53: no such host',
  },
  {
    how: "ADD from a name without an address",
    party: "network",
    words: "a name without an address",
    error:
      'failed to solve: failed to load cache key: Get "http://files.invalid/x": dial tcp: lookup files.invalid on 10.255.255.53:53: no such host',
  },
  {
    how: "ADD from a port where nothing listens",
    party: "Dockerfile",
    words: "refuses connections",
    error:
      'failed to solve: failed to load cache key: Get "http://127.0.0.1:5998/x": dial tcp 127.0.0.1:5998: connect: connection refused',
  },
  {
    how: "ADD of an URL that is not there",
    party: "Dockerfile",
    words: "does not have it",
    error: "failed to solve: failed to load cache key: invalid response status 404",
  },
  {
    how: "ADD with another checksum",
    party: "Dockerfile",
    words: "not what `ADD --checksum` names",
    error:
      "failed to solve: digest mismatch sha256:3f2fc08156805074a3413d0315d46031e3c8b0424a587ca301eaf6b2d5267e82: sha256:0000000000000000000000000000000000000000000000000000000000000000",
  },
  {
    how: "ADD from a Git server of a name without an address",
    party: "network",
    words: "a name without an address",
    error:
      "failed to solve: failed to load cache key: error fetching default branch for repository https://git.invalid/x.git: git stderr:\nfatal: unable to access 'https://git.invalid/x.git/': Could not resolve host: git.invalid\n: exit status 128",
  },
  {
    how: "context from a Git server of a name without an address",
    party: "network",
    words: "a name without an address",
    error:
      "failed to stat policy file Dockerfile.rego: failed to load cache key: failed to fetch remote https://git.invalid/x.git: git stderr:\nfatal: unable to access 'https://git.invalid/x.git/': Could not resolve host: git.invalid\n: exit status 128",
  },
  {
    how: "context from a port where no Git server listens",
    party: "Dockerfile",
    words: "refuses connections",
    error:
      "failed to stat policy file Dockerfile.rego: failed to load cache key: failed to fetch remote http://127.0.0.1:5998/x.git: git stderr:\nfatal: unable to access 'http://127.0.0.1:5998/x.git/': Failed to connect to 127.0.0.1 port 5998 after 0 ms: Couldn't connect to server\n: exit status 128",
  },
  {
    how: "a step that ends with 2",
    party: "Dockerfile",
    remedy: "look at step",
    error: 'failed to solve: process "/p exit 2" did not complete successfully: exit code: 2',
  },
  {
    how: "a step that is killed",
    party: "Dockerfile",
    remedy: "look at step",
    words: "too little memory",
    error: 'failed to solve: process "/p exit 137" did not complete successfully: exit code: 137',
  },
  {
    how: "a step without a shell",
    party: "Dockerfile",
    remedy: "look at step",
    error: 'failed to solve: process "/bin/sh -c true" did not complete successfully: exit code: 1',
  },
  {
    how: "a step whose program is not there",
    party: "Dockerfile",
    remedy: "look at step",
    error: 'failed to solve: process "/nope" did not complete successfully: exit code: 1',
  },
  {
    how: "COPY of a file that is not there",
    party: "Dockerfile",
    words: "not in the build context",
    error:
      'failed to solve: failed to compute cache key: failed to calculate checksum of ref yxqqdish7vg3b0w2tu6ee9mbt::lqg2n6rgio7y8rypgv7d71fqe: "/nope": not found',
  },
  {
    how: "a target that is not there",
    party: "Dockerfile",
    words: "names no stage",
    error: 'failed to solve: target stage "nope" could not be found',
  },
  {
    how: "FROM of a build argument without a value",
    party: "Dockerfile",
    words: "has no value",
    error: "failed to solve: base name ($V) should not be blank",
  },
  {
    how: "a required secret that is not given",
    party: "Dockerfile",
    words: "`secrets`",
    error: "failed to solve: secret nope: not found",
  },
  {
    how: "a required SSH agent that is not given",
    party: "Dockerfile",
    words: "`ssh`",
    error: "failed to solve: unset ssh forward key default",
  },
  {
    how: "a step that asks for more rights",
    party: "Dockerfile",
    words: "does not give",
    error: "failed to solve: failed to load LLB: security.insecure is not allowed",
  },
  {
    how: "a node that ends all connections in a step",
    party: "node",
    remedy: "wake",
    nodeHungUp: true,
    error: "failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF",
  },
  {
    how: "the same, where another process has the relay",
    party: "node",
    remedy: "wake",
    error: "failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF",
  },
  {
    how: "a node that stands still when the build begins",
    party: "node",
    remedy: "wake",
    error: "context deadline exceeded",
  },
  {
    how: "the provider is killed in a step",
    party: "provider",
    words: "has ended",
    error: "error reading from server: EOF",
  },
  {
    how: "a build by a provider that was killed",
    party: "provider",
    words: "has ended",
    error:
      'connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:33937: connect: connection refused"',
  },
  {
    how: "a Docker context that is not there: the provider ends",
    party: "provider",
    words: "has ended",
    error: "error reading from server: EOF",
  },
  { how: "a builder that is not there", party: "unknown", error: 'new builder: no builder "nope" found' },
];
