import * as assert from "node:assert/strict";
import * as http from "node:http";
import * as net from "node:net";
import * as path from "node:path";

import { nightly } from "../tier";
import { Stack } from "./stack";

const nodes = [
  { kind: "remote", platform: "linux/amd64", endpoint: "tcp://127.0.0.1:1" },
  { kind: "remote", platform: "linux/arm64", endpoint: "tcp://127.0.0.1:2" },
];
const good = { context: "./app", tags: ["localhost:5080/app:1"] };

const cases: [title: string, builder: unknown, image: Record<string, unknown>, expected: RegExp][] = [
  ["no platform", { nodes }, { ...good, platforms: [] }, /`platforms` is \[\]: name at least one, for instance/],
  [
    "a duplicate platform",
    { nodes },
    { ...good, platforms: ["linux/amd64", "linux/amd64"] },
    /`platforms` is \[.*\]: linux\/amd64 is there twice; name it once/,
  ],
  [
    "a malformed platform",
    { nodes },
    { ...good, platforms: ["linux-amd64"] },
    /`platforms` is "linux-amd64": .* none of linux\/386, linux\/amd64/,
  ],
  ["no tag with push", { nodes }, { context: "./app" }, /`tags` is \[\]: a push needs at least one/],
  [
    "an upper-case tag",
    { nodes },
    { ...good, tags: ["localhost:5080/App:1"] },
    /`tags\[0\]` is .*write localhost:5080\/app/,
  ],
  ["a missing context", { nodes }, { ...good, context: "./nowhere" }, /`context` is "\.\/nowhere": there is no folder/],
  [
    "a missing Dockerfile",
    { nodes },
    { ...good, context: "./empty" },
    /`dockerfile` is missing: there is no file .*Dockerfile/,
  ],
  ["two platforms with load", { nodes }, { ...good, load: true }, /`load` is true: a Docker engine takes one platform/],
  ["no nodes", { nodes: [] }, good, /`nodes` is \[\]: give at least one/],
  [
    "two nodes with one endpoint",
    { nodes: [nodes[0], { ...nodes[1], endpoint: nodes[0].endpoint }] },
    good,
    /`nodes\[1\]\.endpoint` is "tcp:\/\/127\.0\.0\.1:1": node amd64 has the same one/,
  ],
];

describe("bad input", () => {
  let stack: Stack;

  before(async () => {
    stack = await Stack.create({ builder: { nodes }, images: {} });
    stack.write("app/Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
    stack.write("empty/file", "");
  });

  // Each message is in test/unit/image/components.test.ts: here two of them, of an image and of a builder, come out of Pulumi.
  for (const [at, [title, builder, image, expected]] of cases.entries()) {
    (at === 0 || at === cases.length - 1 ? it : nightly.it)(
      `fails with ${title}, naming argument, value and fix, before any node is called`,
      async () => {
        stack.declare({ builder, images: { app: image } });
        const { code, output } = await stack.preview();
        assert.notEqual(code, 0, output);
        assert.match(output, expected);
        assert.doesNotMatch(output, /unhandled|at .*\.ts:\d+/, "a stack trace is no message");
      },
    );
  }
});

// Each message is in test/unit/image/hooks and test/unit/registry/indexLogin.test.ts: here they come out of Pulumi in time.
nightly.describe("what a build would end with after many minutes", function () {
  this.timeout(300_000);
  let calls = 0;
  const node = net.createServer((socket) => void ((calls += 1), socket.destroy()));
  const registry = http.createServer((_, response) => response.writeHead(401, { "WWW-Authenticate": "Basic" }).end());
  const portOf = (server: net.Server) => (server.address() as net.AddressInfo).port;

  before(async () => {
    for (const server of [node, registry]) {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    }
  });
  after(() => [node, registry].forEach((server) => server.close()));

  const host = () => `127.0.0.1:${portOf(registry)}`;
  const cases: [title: string, expected: RegExp, config: () => object, environment?: object, image?: object][] = [
    [
      "a Docker context that is not there",
      /`currentContext` in \S+config\.json is "desktop-linux", and there is no such Docker context: .* Fix: `docker context use default`/,
      () => ({ currentContext: "desktop-linux" }),
    ],
    [
      "a credential store whose program is not there",
      /`credsStore` in \S+config\.json is "nope", and there is no program docker-credential-nope on PATH, .* Fix: install it/,
      () => ({ credsStore: "nope" }),
    ],
    [
      "BuildKit switched off",
      /DOCKER_BUILDKIT in the environment is "0", .* Fix: unset it/,
      () => ({}),
      { DOCKER_BUILDKIT: "0" },
    ],
    [
      "`load` without a Docker engine",
      /`load` is true: no Docker engine answers at unix:\/\/\/nowhere\.sock \(.*\); start one/,
      () => ({}),
      { DOCKER_HOST: "unix:///nowhere.sock" },
      { load: true, push: false },
    ],
    [
      "an identity token as the only login",
      /Docker's configuration has an identity token for it, .* Fix: give a name and a password in `registries`/,
      () => ({ auths: { [host()]: { identitytoken: "x.y.z" } } }),
    ],
    [
      "buildx as a program, and a store of its own",
      /`exec` is true: .* look for builders in \S+, and BUILDX_CONFIG is \/elsewhere: unset it/,
      () => ({}),
      { BUILDX_CONFIG: "/elsewhere" },
      { exec: true },
    ],
  ];
  for (const [title, expected, config, environment, image] of cases) {
    it(`${title}: the update says so, and calls no node`, async () => {
      const nodes = [{ kind: "remote", platform: "linux/amd64", endpoint: `tcp://127.0.0.1:${portOf(node)}` }];
      const app = { context: "./app", platforms: ["linux/amd64"], tags: [`${host()}/app:1`], ...image };
      const stack = await Stack.create({ builder: { nodes }, images: { app } }, { environment: { ...environment } });
      stack.write("app/Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
      const file = path.relative(stack.directory, path.join(stack.home, ".docker/config.json"));
      stack.write(file, JSON.stringify(config()));
      const { code, output } = await stack.up();
      assert.notEqual(code, 0, output);
      assert.match(output, expected);
      assert.equal(calls, 0, output);
    });
  }
});
