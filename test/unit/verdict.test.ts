import * as assert from "node:assert/strict";

import { type Evidence, judge, type Party, type Remedy } from "../../components/build/verdict";

interface Failure {
  /** How it was made. */
  how: string;
  error: string;
  /** @default false */
  nodeHungUp?: boolean;
  party: Party;
  /** @default "none" */
  remedy?: Remedy;
  /** Part of what is told besides the error. None where the error says all. */
  words?: string;
}

/**
 * Errors as `onError` gets them, each made once for real: docker-build 0.0.22 with an error hook that only writes them down,
 * BuildKit 0.33.1 on a socket, and servers on loopback that refuse, hang up, or answer as registries do (Harbor's and ECR's
 * sentences are from their documentation).
 */
const provoked: readonly Failure[] = [
  {
    how: "push to a port where nothing listens",
    party: "registry",
    words: "refuses connections",
    error:
      'failed to solve: failed to push localhost:5998/x:1: failed to do request: Head "http://localhost:5998/v2/x/blobs/sha256:997b9035ea6161246375c0590e6b0d7d2a5419ae16e9566b1ca82fde03220d44": dial tcp 127.0.0.1:5998: connect: connection refused',
  },
  {
    how: "push to a server that resets connections",
    party: "registry",
    words: "hung up",
    error:
      'failed to solve: failed to push localhost:5615/x:1: failed to do request: Head "http://localhost:5615/v2/x/blobs/sha256:ca7529bba7b33a4f25b9befdde03a039e08c65f712f7e0ee4436a0e960be0114": read tcp 127.0.0.1:35706->127.0.0.1:5615: read: connection reset by peer',
  },
  {
    how: "push to a registry that ends a connection in an upload",
    party: "registry",
    words: "hung up",
    error:
      'failed to solve: failed to push localhost:5620/x:1: failed commit on ref "config-sha256:997b9035ea6161246375c0590e6b0d7d2a5419ae16e9566b1ca82fde03220d44": failed to do request: Put "http://localhost:5620/v2/x/blobs/uploads/abc?digest=sha256%3A997b9035ea6161246375c0590e6b0d7d2a5419ae16e9566b1ca82fde03220d44": EOF',
  },
  {
    how: "push to a registry that answers 429",
    party: "registry",
    remedy: "wait for registry",
    error:
      "failed to solve: failed to push localhost:5610/x:1: unexpected status from HEAD request to http://localhost:5610/v2/x/blobs/sha256:ca7529bba7b33a4f25b9befdde03a039e08c65f712f7e0ee4436a0e960be0114: 429 Too Many Requests",
  },
  {
    how: "push without a login",
    party: "registry",
    words: "wants a login",
    error:
      "failed to solve: failed to push localhost:5612/x:1: unexpected status from HEAD request to http://localhost:5612/v2/x/blobs/sha256:ca7529bba7b33a4f25b9befdde03a039e08c65f712f7e0ee4436a0e960be0114: 401 Unauthorized",
  },
  {
    how: "push to a registry that denies it",
    party: "registry",
    words: "refuses these credentials",
    error: "failed to solve: failed to push localhost:5613/x:1: denied",
  },
  {
    how: "push without the right of ECR, in its words",
    party: "registry",
    words: "IAM does not allow that",
    error:
      "failed to solve: failed to push localhost:5625/x:1: denied: User: arn:aws:iam::1:user/ci is not authorized to perform: ecr:InitiateLayerUpload on resource: arn:aws:ecr:x because no identity-based policy allows the ecr:InitiateLayerUpload action",
  },
  {
    how: "push to a repository that is not there, in ECR's words",
    party: "registry",
    words: "has no such repository",
    error:
      "failed to solve: failed to push localhost:5616/x:1: unknown: The repository with name 'nope' does not exist in the registry with id '123456789012'",
  },
  {
    how: "push beyond a quota, in Harbor's words",
    party: "quota",
    words: "a quota is used up",
    error:
      "failed to solve: failed to push localhost:5617/x:1: denied: The storage quota for your project has been exceeded: adding 10 MiB of storage resource, which when updated to current usage will exceed the configured upper limit of 5 MiB",
  },
  {
    how: "push of a tag that never moves, in ECR's words",
    party: "registry",
    words: "has that tag already",
    error:
      "failed to solve: failed to push localhost:5618/x:1: unknown: The image tag '1' already exists in the 'x' repository and cannot be overwritten because the tag is immutable.",
  },
  {
    how: "push through a proxy with a limit",
    party: "registry",
    words: "takes no body of that size",
    error:
      "failed to solve: failed to push localhost:5621/x:1: unexpected status from PUT request to http://localhost:5621/v2/x/blobs/uploads/abc?digest=sha256%3Aca7529bba7b33a4f25b9befdde03a039e08c65f712f7e0ee4436a0e960be0114: 413 Payload Too Large: <html>413 Request Entity Too Large</html>",
  },
  {
    how: "push to a registry that takes none",
    party: "registry",
    words: "takes no push",
    error: "failed to solve: failed to push localhost:5627/x:1: unsupported",
  },
  {
    how: "push of a manifest to a registry that answers 500",
    party: "registry",
    words: "is out of order",
    error: "failed to solve: failed to push localhost:5619/x:1: unknown: unknown error",
  },
  {
    how: "push to a proxy whose registry is down",
    party: "registry",
    words: "is out of order",
    error:
      "failed to solve: failed to push localhost:5628/x:1: unexpected status from HEAD request to http://localhost:5628/v2/x/blobs/sha256:ca7529bba7b33a4f25b9befdde03a039e08c65f712f7e0ee4436a0e960be0114: 502 Bad Gateway",
  },
  {
    how: "push to a registry that answers 503",
    party: "registry",
    words: "is out of order",
    error:
      "failed to solve: failed to push localhost:5611/x:1: unexpected status from HEAD request to http://localhost:5611/v2/x/blobs/sha256:ca7529bba7b33a4f25b9befdde03a039e08c65f712f7e0ee4436a0e960be0114: 503 Service Unavailable",
  },
  {
    how: "push to a registry whose disk is full",
    party: "disk",
    remedy: "make room",
    error: "failed to solve: failed to push localhost:5626/x:1: unknown: no space left on device",
  },
  {
    how: "push where the login service answers 503",
    party: "registry",
    words: "login service http://127.0.0.1:5624/token is out of order",
    error:
      "failed to solve: failed to fetch anonymous token: unexpected status from GET request to http://127.0.0.1:5624/token?scope=repository%3Ax%3Apull%2Cpush&service=x: 503 Service Unavailable",
  },
  {
    how: "push where nothing listens at the login service",
    party: "registry",
    words: "login service http://127.0.0.1:1/token refuses connections",
    error:
      'failed to solve: failed to fetch anonymous token: Get "http://127.0.0.1:1/token?scope=repository%3Ax%3Apull%2Cpush&service=x": dial tcp 127.0.0.1:1: connect: connection refused',
  },
  {
    how: "push to an SSH server",
    party: "registry",
    words: "does not speak as a registry does",
    error:
      'failed to solve: failed to push localhost:5630/x:1: failed to do request: Head "http://localhost:5630/v2/x/blobs/sha256:997b9035ea6161246375c0590e6b0d7d2a5419ae16e9566b1ca82fde03220d44": net/http: HTTP/1.x transport connection broken: malformed HTTP response "SSH-2.0-x"',
  },
  {
    how: "push to a name without an address",
    party: "network",
    words: "a name without an address",
    error:
      'failed to solve: failed to push registry.invalid/x:1: failed to do request: Head "https://registry.invalid/v2/x/blobs/sha256:997b9035ea6161246375c0590e6b0d7d2a5419ae16e9566b1ca82fde03220d44": dial tcp: lookup registry.invalid on 10.255.255.53:53: no such host',
  },
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
    how: "base image from a registry that answers 429",
    party: "registry",
    remedy: "wait for registry",
    error:
      "failed to solve: localhost:5610/x:1: failed to resolve source metadata for localhost:5610/x:1: unexpected status from HEAD request to http://localhost:5610/v2/x/manifests/1: 429 Too Many Requests",
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
    how: "base image where the login service answers 503",
    party: "registry",
    words: "login service",
    error:
      "failed to solve: failed to fetch anonymous token: unexpected status from GET request to http://127.0.0.1:5624/token?scope=repository%3Ax%3Apull&service=x: 503 Service Unavailable",
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
    how: "cache to a port where nothing listens",
    party: "registry",
    words: "refuses connections",
    error:
      'failed to solve: error writing layer blob: failed to do request: Head "http://localhost:5998/v2/c/blobs/sha256:ca7529bba7b33a4f25b9befdde03a039e08c65f712f7e0ee4436a0e960be0114": dial tcp 127.0.0.1:5998: connect: connection refused',
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

/** In the words of the programs' sources: what this machine can't be made to say. */
const quoted: readonly Failure[] = [
  {
    how: "Go's net/http: a registry without TLS",
    party: "registry",
    words: "speaks without TLS",
    error:
      'failed to solve: failed to push registry.internal:5000/x:1: failed to do request: Head "https://registry.internal:5000/v2/x/blobs/sha256:1": http: server gave HTTP response to HTTPS client',
  },
  {
    how: "Go's crypto/x509: a registry of a CA that a node does not know",
    party: "base image",
    words: "does not trust",
    error:
      'failed to solve: r.internal/x:1: failed to resolve source metadata for r.internal/x:1: failed to do request: Head "https://r.internal/v2/x/manifests/1": tls: failed to verify certificate: x509: certificate signed by unknown authority',
  },
  {
    how: "Go's net: a firewall that drops packets",
    party: "network",
    words: "can't be reached",
    error:
      'failed to solve: failed to push 192.0.2.2:9/x:1: failed to do request: Head "https://192.0.2.2:9/v2/x/blobs/sha256:1": dial tcp 192.0.2.2:9: i/o timeout',
  },
  {
    how: "BuildKit: an index without the platform",
    party: "base image",
    words: "not for the platform",
    error:
      "failed to solve: x:1: failed to resolve source metadata for docker.io/library/x:1: no match for platform in manifest: not found",
  },
  {
    how: "gRPC",
    error: "rpc error: code = Unavailable desc = error reading from server: EOF",
    party: "node",
    remedy: "wake",
  },
  { how: "gRPC", error: "waiting for connection: context deadline exceeded", party: "node", remedy: "wake" },
  { how: "nothing known", error: "something that names no cause", nodeHungUp: true, party: "node", remedy: "wake" },
  { how: "nothing known", error: "something that names no cause", party: "unknown" },
  {
    how: "a step with the words of a full disk",
    error: 'process "/bin/sh -c echo no space left on device" did not complete successfully: exit code: 1',
    nodeHungUp: true,
    party: "Dockerfile",
    remedy: "look at step",
  },
  {
    how: "BuildKit's content store on a full disk",
    error: "failed to solve: ResourceExhausted: failed to copy: write /var/lib/x: no space left on device",
    nodeHungUp: true,
    party: "disk",
    remedy: "make room",
  },
  {
    how: "Docker Hub",
    error: "toomanyrequests: You have reached your pull rate limit",
    party: "registry",
    remedy: "wait for registry",
  },
  { how: "Ctrl-C", error: "write: no space left on device: context canceled", nodeHungUp: true, party: "caller" },
  { how: "Ctrl-C", error: "failed to solve: rpc error: code = Canceled desc = context canceled", party: "caller" },
  { how: "docker-build", error: "dockerfile parse error on line 3: unknown instruction: RUNN", party: "unknown" },
];

const ended: Evidence = { nodeHungUp: false, isProviderConnected: false };

describe("whose fault a failed build is", () => {
  it("is known of 50 errors that were made for real", () => assert.ok(provoked.length >= 50, `${provoked.length}`));

  for (const { how, error, nodeHungUp = false, party, remedy = "none", words } of [...provoked, ...quoted]) {
    const evidence = { nodeHungUp, isProviderConnected: party !== "provider" };
    it(`${party}, ${remedy}: ${how}${nodeHungUp ? ", and a node hung up" : ""}`, () => {
      const verdict = judge(error, evidence);
      assert.deepEqual([verdict.party, verdict.remedy], [party, remedy], verdict.words);
      assert.equal(verdict.words?.includes(words ?? "\n") ?? words === undefined, true, verdict.words);
      assert.ok(!verdict.words || / Fix: .*[.)]$/.test(verdict.words), verdict.words);
    });
  }

  it("is the provider's only where it has let go of its nodes, and none of them hung up", () => {
    const gone = "error reading from server: EOF";
    assert.equal(judge(gone, ended).party, "provider");
    assert.equal(judge(gone, { ...ended, isProviderConnected: true }).party, "node");
    assert.equal(judge(gone, { ...ended, nodeHungUp: true }).party, "node");
  });

  it("is not told by an image's name", () => {
    const error = (ref: string) =>
      `failed to solve: failed to push ${ref}: failed to do request: Head "https://r/v2/x": dial tcp 1.2.3.4:1: connect: connection refused`;
    for (const ref of ["r/quota-exceeds-limit:1", "r/denied:401", "r/not-found.invalid/unauthorized:1"]) {
      assert.match(judge(error(ref), ended).words ?? "", /refuses connections/);
    }
  });
});
