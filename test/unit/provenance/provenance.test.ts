import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import * as grpc from "@grpc/grpc-js";
import * as protoLoader from "@grpc/proto-loader";

import { readProvenance } from "../../../components/buildkit/history";
import { historyDescriptor } from "../../../components/buildkit/historyProtocol";
import { checkProvenance } from "../../../components/image/checkProvenance";
import { describe as descriptorOf, reducePredicate, withReferrer } from "../../../components/provenance/statement";
import { refuseUnlessRecorded } from "../../../components/image/hooks/provenance";
import { digestOf } from "../../../components/registry/manifest";

const recorded = () => ({
  buildDefinition: {
    externalParameters: {
      request: {
        args: { "build-arg:A": "value", "label:b": "value", target: "app" },
        secrets: [{ id: "token" }],
        root: { request: { args: { "build-arg:A": "value" } } },
      },
    },
    internalParameters: { buildConfig: { source: "https://token@git.example/acme/api.git" }, builderPlatform: "p" },
    resolvedDependencies: [{ uri: "pkg:docker/node@20" }],
  },
  runDetails: {
    metadata: {
      buildkit_metadata: { source: {}, layers: {}, sysUsage: [], vcs: { revision: "1" } },
      buildkit_completeness: { request: true },
    },
  },
});

describe("provenance: predicates", () => {
  it("keeps no argument, label, secret or step in min, and says that the request is not complete", () => {
    assert.deepEqual(reducePredicate(recorded(), "min"), {
      buildDefinition: {
        externalParameters: { request: { args: { target: "app" }, root: { request: { args: {} } } } },
        internalParameters: { builderPlatform: "p" },
        resolvedDependencies: [{ uri: "pkg:docker/node@20" }],
      },
      runDetails: {
        metadata: { buildkit_metadata: { vcs: { revision: "1" } }, buildkit_completeness: { request: false } },
      },
    });
  });

  it("keeps all in max but the machine's load and a URL's login", () => {
    const expected = recorded();
    delete (expected.runDetails.metadata.buildkit_metadata as { sysUsage?: unknown }).sysUsage;
    expected.buildDefinition.internalParameters.buildConfig.source = "https://git.example/acme/api.git";
    assert.deepEqual(reducePredicate(recorded(), "max"), expected);
  });
});

describe("provenance: the list of referrers", () => {
  it("gets one more, once, and keeps the others", () => {
    const manifest = Buffer.from("{}");
    const first = withReferrer(undefined, Buffer.from("[]"));
    const both = withReferrer(first, manifest);
    const { manifests } = JSON.parse(both.toString()) as { manifests: { digest: string }[] };
    assert.deepEqual(
      manifests.map(({ digest }) => digest),
      [digestOf(Buffer.from("[]")), descriptorOf(manifest, "").digest],
    );
    assert.deepEqual(withReferrer(both, manifest), both);
  });
});

describe("provenance: fails", () => {
  for (const [title, args, message] of [
    ["for another mode", { provenance: "full" }, /`provenance` is "full": it is "min" or "max"/],
    ["without a push", { provenance: "min", push: false }, /leave it out, or `push: false`/],
    ["with exec", { provenance: "min", exec: true }, /leave one of them out/],
    ["with a builder by name", { provenance: "min", builder: { name: "farm" } }, /take a Builder/],
  ] as const) {
    it(title, () => assert.throws(() => checkProvenance("MultiPlatformImage api", args as never), message));
  }
});

describe("provenance: before a build", () => {
  const session = { prepare: undefined, recover: undefined, finish: undefined, explain: undefined } as never;

  it("fails where BuildKit runs in a Docker engine's container", () => {
    const refused = () => refuseUnlessRecorded("MultiPlatformImage api", { provenance: "min" }, session);
    assert.throws(
      refused,
      /MultiPlatformImage api: `provenance` is "min": BuildKit runs in a Docker engine's container/,
    );
    refuseUnlessRecorded("api", {}, session);
  });
});

describe("provenance: BuildKit's records", () => {
  const repository = "registry.example/app";
  const digest = digestOf(Buffer.from("manifest"));
  const blobs = new Map<string, Buffer>();
  const blob = (text: string) => {
    const bytes = Buffer.from(text);
    blobs.set(digestOf(bytes), bytes);
    return digestOf(bytes);
  };
  const build = (name: string, seconds: number, note: string, pushed = digest, further: object = {}) => ({
    record: {
      Exporters: [{ Attrs: { name, ...further } }],
      CompletedAt: { seconds, nanos: 0 },
      Result: {
        Results: { 0: { media_type: "application/vnd.oci.image.manifest.v1+json", digest: pushed } },
        Attestations: [
          {
            digest: blob(JSON.stringify({ note })),
            annotations: { "in-toto.io/predicate-type": "https://slsa.dev/provenance/v1" },
          },
        ],
      },
    },
  });
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-history-"));
  const socket = path.join(folder, "daemon.sock");
  let events: object[] = [];
  let server: grpc.Server;

  before(async () => {
    const descriptor = historyDescriptor as unknown as Parameters<typeof protoLoader.fromJSON>[0];
    const definition = protoLoader.fromJSON(descriptor, { keepCase: true });
    type Call = grpc.ServerWritableStream<{ digest: string }, object>;
    server = new grpc.Server();
    server.addService(definition["moby.buildkit.v1.Control"] as grpc.ServiceDefinition, {
      ListenBuildHistory: (call: Call) => {
        events.forEach((event) => call.write(event));
        call.end();
      },
    });
    server.addService(definition["containerd.services.content.v1.Content"] as grpc.ServiceDefinition, {
      Read: (call: Call) => {
        call.write({ data: blobs.get(call.request.digest) });
        call.end();
      },
    });
    await new Promise<void>((resolve, reject) =>
      server.bindAsync(`unix:${socket}`, grpc.ServerCredentials.createInsecure(), (error) =>
        error ? reject(error) : resolve(),
      ),
    );
  });

  after(() => {
    server.forceShutdown();
    fs.rmSync(folder, { recursive: true });
  });

  const read = (isByDigest = false) => readProvenance(socket, repository, { "linux/amd64": digest }, isByDigest, 5_000);

  it("gives the newest of the digest in the repository, never another's build of the same content", async () => {
    events = [
      build(`${repository}:1`, 1, "old"),
      build(`${repository}:1,${repository}:2`, 2, "ours"),
      build("registry.example/app/other:1", 3, "theirs"),
      build(`${repository}:1`, 4, "other content", digestOf(Buffer.from("other"))),
    ];
    const [found, ...others] = await read();
    assert.deepEqual(found, {
      platform: "linux/amd64",
      predicateType: "https://slsa.dev/provenance/v1",
      predicate: { note: "ours" },
    });
    assert.deepEqual(others, []);
  });

  it("gives what a node has built, not the index that it has put together of the same manifests", async () => {
    const byDigest = { "push-by-digest": "true" };
    events = [build(repository, 1, "built", digest, byDigest), build(`${repository}:1`, 2, "put together")];
    const [found] = await read(true);
    assert.deepEqual(found.predicate, { note: "built" });
  });

  it("gives nothing where all are another's", async () => {
    events = [build("registry.example/other:1", 1, "theirs")];
    assert.deepEqual(await read(), []);
  });
});
