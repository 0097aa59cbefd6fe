import * as assert from "node:assert/strict";

import { type Evidence, classifyFailure } from "../../../components/session/verdict";
import { buildFailures } from "./buildFailures";
import type { Failure } from "./failures";
import { pushFailures } from "./pushFailures";

const provoked: readonly Failure[] = [...pushFailures, ...buildFailures];

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
      const verdict = classifyFailure(error, evidence);
      assert.deepEqual([verdict.party, verdict.remedy], [party, remedy], verdict.words);
      assert.equal(verdict.words?.includes(words ?? "\n") ?? words === undefined, true, verdict.words);
      assert.ok(!verdict.words || / Fix: .*[.)]$/.test(verdict.words), verdict.words);
    });
  }

  it("is the provider's only where it has let go of its nodes, and none of them hung up", () => {
    const gone = "error reading from server: EOF";
    assert.equal(classifyFailure(gone, ended).party, "provider");
    assert.equal(classifyFailure(gone, { ...ended, isProviderConnected: true }).party, "node");
    assert.equal(classifyFailure(gone, { ...ended, nodeHungUp: true }).party, "node");
  });

  it("is not told by an image's name", () => {
    const error = (ref: string) =>
      `failed to solve: failed to push ${ref}: failed to do request: Head "https://r/v2/x": dial tcp 1.2.3.4:1: connect: connection refused`;
    for (const ref of ["r/quota-exceeds-limit:1", "r/denied:401", "r/not-found.invalid/unauthorized:1"]) {
      assert.match(classifyFailure(error(ref), ended).words ?? "", /refuses connections/);
    }
  });
});
