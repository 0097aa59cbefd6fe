import * as assert from "node:assert/strict";

import { Server, ServerCredentials } from "@grpc/grpc-js";
import * as pulumi from "@pulumi/pulumi";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";

import { BaseImageAnswers } from "../../../../components/baseImages/ask";
import { checkBaseImages } from "../../../../components/baseImages/checkBaseImages";
import { say } from "../../../../components/pulumi/log";

// ESLint keeps the sources from Pulumi's own queue (`no-restricted-syntax`), in which each line waits for the one before it, and for
// the URN of its resource: https://github.com/pulumi/pulumi/blob/v3.248.0/sdk/nodejs/log/index.ts
describe("the queue of Pulumi's log that does not move", function () {
  this.timeout(20_000);

  it("does not hold up the check of base images", async () => {
    const warnings: string[] = [];
    const stuck = ((message: string) => {
      warnings.push(message);
      return new Promise(() => undefined);
    }) as (message: string) => void;
    const build = {
      owner: "MultiPlatformImage api",
      platforms: ["linux/amd64" as const],
      buildPlatform: () => "linux/amd64" as const,
      isOnThisMachine: true,
      // Nothing listens on port 1: a registry that can't be asked.
      dockerfile: { inline: "FROM localhost:1/stuck:1\n" },
    };
    await checkBaseImages(build, new BaseImageAnswers(), () => undefined, stuck);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /the build goes on without a check of base image localhost:1\/stuck:1/);
  });

  describe("of an engine", () => {
    const server = new Server();
    const heard: string[] = [];
    const { responseType: reply } = EngineService.log as unknown as { responseType: new () => object };
    let address: string;

    before(async () => {
      server.addService(EngineService, {
        log: ({ request }: { request: LogRequest }, answer: (error: null, reply: object) => void) => {
          heard.push(`${request.getUrn()} ${request.getMessage()}`);
          answer(null, new reply());
        },
      });
      const credentials = ServerCredentials.createInsecure();
      const port = await new Promise<number>((resolve, reject) =>
        server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error ? reject(error) : resolve(bound))),
      );
      address = `127.0.0.1:${port}`;
      pulumi.runtime.resetOptions("shop", "dev", 1, address, address, false, "organization");
    });

    after(() => {
      pulumi.runtime.disconnectSync();
      // No engine: other tests of this process have mocks, and their lines go to the console.
      pulumi.runtime.resetOptions("project", "stack", 1, "", "", false, "");
      server.forceShutdown();
    });

    const resource = (urn: Promise<string>) => ({ urn: { promise: () => urn } }) as unknown as pulumi.Resource;

    it("holds up no line about another resource, whose own lines keep their order", async () => {
      let come: (urn: string) => void = () => undefined;
      const late = resource(new Promise((resolve) => (come = resolve)));
      const queued = pulumi.log.info("in the queue", late);
      const waiting = say("warn", "of what comes late", late);
      const web = resource(Promise.resolve("web"));
      void say("info", "first", web);
      await say("info", "second", web);
      assert.deepEqual(heard.splice(0), ["web first", "web second"]);
      come("late");
      await Promise.all([queued, waiting]);
      assert.deepEqual(heard.splice(0).sort(), ["late in the queue", "late of what comes late"]);
    });

    it("loses a line about a resource that could not be made, and nothing else", async () => {
      const failed = resource(Promise.reject(new Error("not registered")));
      await say("error", "of what failed", failed);
      await say("info", "third", resource(Promise.resolve("worker")));
      assert.deepEqual(heard.splice(0), ["worker third"]);
    });
  });
});
