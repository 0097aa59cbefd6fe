import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo, ListenOptions } from "node:net";
import * as os from "node:os";
import * as path from "node:path";

import { containerImage } from "../../../../components/buildkit/containerImage";
import { EngineSession } from "../../../../components/session/engineSession";
import { newAttempt } from "../../../../components/session/session";
import { withoutBuildkitd } from "../../../../components/nodes/local/run/daemon";
import { askEngine, engineEndpoints, findEngine } from "../../../../components/transport/dockerEngine";

describe("Docker engine", () => {
  let folder: string;
  let socket: string;
  const servers: http.Server[] = [];

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-engine-"));
    socket = path.join(folder, "docker.sock");
  });

  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
    fs.rmSync(folder, { recursive: true });
  });

  /** A server that answers every request with this text, or never. */
  async function serve(where: ListenOptions, answer?: string): Promise<http.Server> {
    const server = http.createServer((request, response) => {
      if (answer !== undefined) {
        response.statusCode = request.url === "/version" ? 200 : 404;
        response.end(answer);
      }
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(where, resolve));
    return server;
  }

  for (const [environment, system, expected] of [
    [{}, "linux", ["unix:///var/run/docker.sock"]],
    [{ DOCKER_HOST: "" }, "linux", ["unix:///var/run/docker.sock"]],
    [{ HOME: "/h" }, "darwin", ["unix:///var/run/docker.sock", "unix:///h/.docker/run/docker.sock"]],
    [{ DOCKER_HOST: "tcp://10.0.0.1:2375", HOME: "/h" }, "darwin", ["tcp://10.0.0.1:2375"]],
  ] as const) {
    it(`is looked for at ${expected.join(", ")} with ${JSON.stringify(environment)} on ${system}`, () =>
      assert.deepEqual(engineEndpoints(environment, system), expected));
  }

  for (const [architecture, platform] of [
    ["amd64", "linux/amd64"],
    ["arm64", "linux/arm64"],
    ["arm", "linux/arm/v7"],
    ["sparc64", undefined],
  ] as const) {
    it(`says its version, and ${platform ?? "no platform"} for ${architecture}`, async () => {
      await serve({ path: socket }, JSON.stringify({ Version: "28.0.1", Arch: architecture, Os: "linux" }));
      const endpoint = `unix://${socket}`;
      assert.deepEqual(await findEngine({ DOCKER_HOST: endpoint }), { endpoint, version: "28.0.1", platform });
    });
  }

  it("answers over TCP, too", async () => {
    const server = await serve({ host: "127.0.0.1", port: 0 }, JSON.stringify({ Version: "28.0.1", Arch: "amd64" }));
    const endpoint = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
    assert.deepEqual(await askEngine(endpoint), { endpoint, version: "28.0.1", platform: "linux/amd64" });
  });

  it("is none when nothing is there, and says where it was looked for and why not", async () => {
    assert.deepEqual(await findEngine({ DOCKER_HOST: `unix://${socket}` }), {
      tried: `unix://${socket}: there is no such socket or program`,
    });
    assert.deepEqual(await findEngine({ DOCKER_HOST: "tcp://127.0.0.1:1" }), {
      tried: "tcp://127.0.0.1:1: nothing listens there",
    });
    assert.deepEqual(await findEngine({ DOCKER_HOST: "ssh://host" }), {
      tried: "ssh://host: only unix:///PATH and tcp://HOST:PORT work here",
    });
  });

  it("is none when something else answers", async () => {
    await serve({ path: socket }, "Client sent an HTTP request to an HTTPS server.\n");
    await assert.rejects(askEngine(`unix://${socket}`), /no Docker engine: "Client sent an HTTP request to an HTTPS/);
  });

  it("is none when it stays silent, after the time that it is given", async () => {
    await serve({ path: socket });
    await assert.rejects(askEngine(`unix://${socket}`, 100), { code: "ETIMEDOUT" });
  });

  it("is in the error of a machine that can't run a daemon", () => {
    const tried = "unix:///var/run/docker.sock: nothing listens there";
    assert.match(
      withoutBuildkitd("buildkitd is not on PATH", { tried }),
      /^buildkitd is not on PATH, and no Docker engine answers .* \(unix:\/\/\/var\/run\/docker\.sock: nothing listens there\)\. Fix: .*DOCKER_HOST/,
    );
    assert.match(
      withoutBuildkitd("darwin can't run buildkitd", { endpoint: "unix:///d.sock", version: "28.0.1" }),
      /the Docker engine at unix:\/\/\/d\.sock can't share a builder with remote nodes, because .*\. Fix: /,
    );
  });
});

describe("a session through a Docker engine", () => {
  const session = new EngineSession({
    builderName: "builders-1",
    nodes: [
      { name: "amd64", platform: "linux/amd64", native: true, address: "this machine" },
      { name: "arm64", platform: "linux/arm64", native: false, address: "this machine" },
    ],
    engine: { endpoint: "unix:///d.sock", version: "28.0.1", platform: "linux/arm64" },
    reason: "darwin can't run buildkitd, which needs Linux",
  });
  const both = ["linux/amd64", "linux/arm64"] as const;
  const attempt = newAttempt(both);

  it("registers one node for all platforms, once, and says once why and what is not native", async () => {
    const store = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-buildx-"));
    const given = process.env.BUILDX_CONFIG;
    process.env.BUILDX_CONFIG = store;
    try {
      const said: string[] = [];
      await session.prepare(["linux/amd64"], (message) => said.push(message));
      await session.prepare(both, (message) => said.push(message));
      assert.deepEqual(said, [
        "darwin can't run buildkitd, which needs Linux, so the Docker engine at unix:///d.sock (28.0.1) builds; not native there: linux/amd64, good for Dockerfiles without RUN",
        "registered builder builders-1 with the docker-container driver",
      ]);
      assert.equal(
        fs.readFileSync(path.join(store, "instances/builders-1"), "utf8"),
        '{"Name":"builders-1","Driver":"docker-container","Nodes":[{"Name":"builders-10","Endpoint":"unix:///d.sock",' +
          '"Platforms":[{"architecture":"amd64","os":"linux"},{"architecture":"arm64","os":"linux"}],' +
          `"DriverOpts":{"image":"${containerImage}"},"Flags":["--allow-insecure-entitlement=network.host"],` +
          '"Files":null}],"Dynamic":false}',
      );
    } finally {
      process.env.BUILDX_CONFIG = given;
      if (given === undefined) {
        delete process.env.BUILDX_CONFIG;
      }
      fs.rmSync(store, { recursive: true });
    }
  });

  it("never builds again, and says what to do when a connection broke", async () => {
    for (const lost of [
      'closing transport due to: connection error: desc = "error reading from server: EOF"',
      'failed to list workers: Unavailable: connection error: desc = "transport: Error while dialing: use of closed network connection"',
    ]) {
      await assert.rejects(session.recover(attempt, lost), /in the Docker engine at unix:\/\/\/d\.sock\. Fix: /);
    }
    for (const final of [
      "failed to solve: rpc error: code = Canceled desc = context canceled",
      'process "/bin/sh -c make" did not complete successfully: exit code: 2',
      "dial tcp 127.0.0.1:5080: connect: connection refused",
    ]) {
      assert.equal(await session.recover(attempt, final), false);
    }
  });

  it("blames no container for a registry that hangs up, or for the provider's end", async () => {
    const push = 'failed to push r.example/x:1: failed to do request: Head "https://r.example/v2/x": ';
    await assert.rejects(
      session.recover(attempt, `${push}read tcp 1.2.3.4:1->5.6.7.8:443: read: connection reset by peer`),
      /the registry of r\.example\/x:1 hung up\. No node is to blame\. Fix: /,
    );
    await assert.rejects(
      session.recover(attempt, "error reading from server: EOF"),
      /the docker-build provider, .* has ended/,
    );
  });

  it("explains a step that may not have run on the engine's machine, by the engine's platform", () => {
    const failed = 'process "/bin/sh -c true" did not complete successfully: exit code: 1';
    assert.match(
      session.explain({ platforms: both }, failed) ?? "",
      /"exec format error": node amd64 \(linux\/amd64, Docker engine unix:\/\/\/d\.sock\) is not native/,
    );
    assert.equal(session.explain({ platforms: ["linux/arm64"] }, failed), undefined);
    assert.equal(session.explain({ platforms: both }, "failed to resolve: not found"), undefined);
  });

  it("explains a registry on a loopback that is not the container's", () => {
    const refused = 'Head "http://localhost:5080/v2/": dial tcp [::1]:5080: connect: connection refused';
    assert.match(session.explain({ platforms: both }, refused) ?? "", /loopback is not this machine's\. Fix: /);
  });
});
