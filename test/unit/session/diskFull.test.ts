import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import * as grpc from "@grpc/grpc-js";
import * as protoLoader from "@grpc/proto-loader";

import { recoverBuild } from "../../../components/session/recover";
import { newAttempt } from "../../../components/session/session";
import type { Relay } from "../../../components/transport/relay";
import { controlDescriptor } from "../../../components/buildkit/protocol";

const step = 'failed to solve: process "/bin/sh -c npm test" did not complete successfully: exit code: 1';
const mebibyte = 1024 * 1024;
const recordBytes = 100 * mebibyte;

type Call<Request> = { request: Request; write(part: object): void; end(): void };

/** A daemon whose disk has so much free, with ten records of cache, of which it removes what BuildKit would remove. */
class Daemon {
  records = 10;
  log = "";
  free = 4_096 * mebibyte;
  private readonly server = new grpc.Server();

  constructor(readonly socket: string) {
    const descriptor = controlDescriptor as Parameters<typeof protoLoader.fromJSON>[0];
    const definition = protoLoader.fromJSON(descriptor, { keepCase: true, defaults: true, longs: Number });
    this.server.addService(definition["moby.buildkit.v1.Control"] as grpc.ServiceDefinition, {
      ListenBuildHistory: (call: Call<object>) => {
        call.write({ record: { Ref: "r", error: { message: step }, CompletedAt: { seconds: 1 } } });
        call.end();
      },
      Status: (call: Call<object>) => {
        call.write({ logs: [{ msg: Buffer.from(this.log) }] });
        call.end();
      },
      Solve: (_: object, answer: (error: object | null, response?: object) => void) => {
        if (this.free >= mebibyte) {
          return answer(null, {});
        }
        // As an EC2 node, which then gives what it kept for this.
        this.free = 64 * mebibyte;
        answer({ code: 2, details: "mkdir /x: no space left on device" });
      },
      Prune: (call: Call<{ minFreeSpace: number; maxUsedSpace: number }>) => this.prune(call),
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) =>
      this.server.bindAsync(`unix:${this.socket}`, grpc.ServerCredentials.createInsecure(), (error) =>
        error ? reject(error) : resolve(),
      ),
    );
  }

  close(): void {
    this.server.forceShutdown();
  }

  /** As calculateKeepBytes and pruneOnce of https://github.com/moby/buildkit/blob/v0.33.1/cache/manager.go */
  private prune(call: Call<{ minFreeSpace: number; maxUsedSpace: number }>): void {
    const { minFreeSpace, maxUsedSpace } = call.request;
    let total = this.records * recordBytes;
    let keep = maxUsedSpace;
    const excess = minFreeSpace - this.free;
    if (excess > 0) {
      keep = keep === 0 ? total - excess : Math.min(keep, total - excess);
    } else if (minFreeSpace !== 0 && keep === 0) {
      keep = total;
    }
    while (this.records > 0 && !(keep !== 0 && total < keep)) {
      this.records -= 1;
      total -= recordBytes;
      this.free += recordBytes;
      call.write({ Size: recordBytes });
    }
    call.end();
  }
}

describe("a build that fails for lack of space, or says so", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-disk-"));
  let daemon: Daemon;
  let said: string[];

  beforeEach(async () => {
    said = [];
    daemon = new Daemon(path.join(folder, "s"));
    await daemon.listen();
  });

  afterEach(() => daemon.close());
  after(() => fs.rmSync(folder, { recursive: true }));

  const attempt = newAttempt(["linux/amd64"]);
  const mended = (error: string, of = newAttempt(["linux/amd64"])) => {
    const nodes = [{ name: "amd64", platform: "linux/amd64", address: "here" }] as const;
    const failed = {
      nodes: nodes.map((node) => ({ ...node, wake: () => Promise.reject(new Error("not asked")) })),
      lost: [],
      isProviderConnected: true,
      isExplained: false,
      relay: { socket: () => daemon.socket } as unknown as Relay,
    };
    return recoverBuild(of, error, failed, (message) => said.push(message));
  };

  it("costs nobody's cache if a step only says so: it is built once more, and then fails", async () => {
    daemon.log = "ok 41 - reports ENOSPC: no space left on device\nnot ok 42 - adds numbers\n";
    assert.equal(await mended(step, attempt), true);
    assert.equal(await mended(step, attempt), false);
    assert.equal(daemon.records, 10);
    assert.match(said[0], /the disk of node amd64 has room: its cache stays\. Building again, once/);
    assert.match(said[1], /the disk of node amd64 has room: its cache stays\. .* Fix: /);
  });

  for (const words of [
    'failed to compute cache key: "/no space left on device": not found',
    "unexpected status from PUT request to https://r/v2/: 500: write /var/lib/registry/_uploads/data: no space left on device",
    // Of `COPY ["snapshots/a: no space left on device", "/"]`, as BuildKit v0.33.1 says it.
    'failed to calculate checksum of ref: "/snapshots/a: no space left on device": not found',
    "unexpected status from PUT request to https://r/v2/: 507: write /data/r.db: no space left on device",
  ]) {
    it(`costs nobody's cache if others say so: ${words.slice(0, 24)}…`, async () => {
      assert.equal(await mended(words), true);
      assert.equal(daemon.records, 10);
    });
  }

  it("is not built again if a step says nothing of it", async () => {
    assert.equal(await mended(step), false);
    assert.deepEqual([daemon.records, said], [10, []]);
  });

  for (const [title, free, log, error] of [
    ["the daemon can't write a file", 0, "", step],
    ["a step says so, and what a node kept for this is all that is free", 64, "No space left on device", step],
    ["BuildKit can't write to its content store", 900, "", "write /b/content/ingest/a/data: no space left on device"],
    ["BuildKit can't write its snapshots", 900, "", "mkdir /b/runc-x/snapshots/new-1: no space left on device"],
  ] as const) {
    it(`has the cache removed, and is built again, if ${title}`, async () => {
      daemon.free = free * mebibyte;
      daemon.log = log;
      assert.equal(await mended(error), true);
      assert.equal(daemon.records, 0);
      assert.match(said[0], /the disk of node amd64 is full; removing what no build uses/);
    });
  }
});
