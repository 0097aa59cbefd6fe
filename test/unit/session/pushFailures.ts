import type { Failure } from "./failures";

/**
 * Made again, with the same verdict and words, by test/main/provokedErrors.test.ts. Errors as `onError` gets them, each made once for real: docker-build 0.0.22 with an error hook that only writes them down,
 * BuildKit 0.33.1 on a socket, and servers on loopback that refuse, hang up, or answer as registries do (Harbor's and ECR's
 * sentences are from their documentation).
 */
export const pushFailures: readonly Failure[] = [
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
    how: "push of a manifest to a registry that answers 500 and names no cause",
    party: "registry",
    words: "is out of order",
    error: "failed to solve: failed to push localhost:5619/x:1: unknown",
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
    words: "/token is out of order",
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
    how: "base image from a registry that answers 429",
    party: "registry",
    remedy: "wait for registry",
    error:
      "failed to solve: localhost:5610/x:1: failed to resolve source metadata for localhost:5610/x:1: unexpected status from HEAD request to http://localhost:5610/v2/x/manifests/1: 429 Too Many Requests",
  },
  {
    how: "base image where the login service answers 503",
    party: "registry",
    words: "login service",
    error:
      "failed to solve: failed to fetch anonymous token: unexpected status from GET request to http://127.0.0.1:5624/token?scope=repository%3Ax%3Apull&service=x: 503 Service Unavailable",
  },
  {
    how: "cache to a port where nothing listens",
    party: "registry",
    words: "refuses connections",
    error:
      'failed to solve: error writing layer blob: failed to do request: Head "http://localhost:5998/v2/c/blobs/sha256:ca7529bba7b33a4f25b9befdde03a039e08c65f712f7e0ee4436a0e960be0114": dial tcp 127.0.0.1:5998: connect: connection refused',
  },
];
