import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import * as fc from "fast-check";

import { parseEndpoint } from "../../../components/transport/endpoint";
import { register, remoteRegistration } from "../../../components/session/registration";
import { Relay } from "../../../components/transport/relay";
import { type BuilderConnection, parseConnection } from "../../../components/builder/builderConnection";
import { ownRegistration, removeRegistration } from "../../../components/cli/registrations";
import { isEntryName, userId } from "../../../components/support/paths";
import { itEnds, runs, runsOf, textOf, withSentence } from "../support/hostile";

const names = textOf("a", "arm64", "/", "..", ".", "-", "\0", " ", "\n", "é", "-direct", "-1a2b3c4d", "__proto__");

describe("a connection that anybody wrote", () => {
  it("is taken, or refused with a sentence that holds nothing of it", () => {
    const endpoint = textOf(
      "tcp://",
      "ssh://",
      "unix://",
      "/",
      ":1234",
      "@",
      "host",
      ";",
      " ",
      "[::1]",
      "?",
      "#",
      "%41",
    );
    const any = fc.oneof(fc.jsonValue(), fc.constantFrom("hunter2", null, undefined));
    const node = fc.record({
      kind: fc.constantFrom("ec2", "remote", "local", 1),
      name: fc.oneof(names, any),
      platform: fc.constantFrom("linux/arm64", "linux/x", null),
      endpoint: fc.oneof(endpoint, any),
      additionalPlatforms: fc.oneof(fc.constant(undefined), any),
    });
    const value = fc.record({
      version: fc.constantFrom(1, 1, 1, 2, "1"),
      builderName: fc.oneof(names, any),
      wakeTimeoutSeconds: fc.oneof(fc.double(), any),
      nodes: fc.oneof(fc.array(fc.oneof(node, any)), any),
      ec2: fc.oneof(any, fc.record({ nodes: fc.oneof(fc.array(any), any), ephemeralNodes: any })),
    });
    const check = (given: unknown) => {
      try {
        parseConnection("Builder shared", given, true);
      } catch (error) {
        assert.equal((error as Error).name, "BuildError");
        assert.doesNotMatch((error as Error).message, /hunter2/);
      }
    };
    fc.assert(fc.property(fc.oneof(any, value), check), runsOf(500));
  });

  itEnds("an endpoint", (text) => withSentence(() => parseEndpoint(text)), [
    "tcp://",
    "ssh://a",
    "unix:///",
    "@",
    ":",
    "/",
  ]);
});

describe("names that anybody wrote", () => {
  const touched = ["HOME", "TMPDIR", "XDG_RUNTIME_DIR", "BUILDX_CONFIG", "DOCKER_CONFIG"];
  const before = touched.map((name) => process.env[name]);
  let root: string;

  beforeEach(() => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-names-"));
    touched.forEach((name) => delete process.env[name]);
    Object.assign(process.env, { HOME: path.join(root, "home"), TMPDIR: path.join(root, "t") });
    fs.mkdirSync(path.join(root, "home"));
  });
  afterEach(() => {
    touched.forEach((name, at) =>
      before[at] === undefined ? delete process.env[name] : (process.env[name] = before[at]),
    );
    fs.rmSync(root, { recursive: true });
  });

  const files = () =>
    fs
      .readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));

  it("lead to a file in buildx's store, or nowhere", () => {
    const check = (name: string) => {
      const written = withSentence(() => register(name, "{}"));
      assert.deepEqual(files(), written ? [path.join("home/.docker/buildx/instances", name)] : []);
      withSentence(() => removeRegistration(name));
      assert.deepEqual(files(), []);
      assert.ok(fs.existsSync(path.join(root, "home/.docker/buildx/instances")));
    };
    register("first", "{}");
    removeRegistration("first");
    fc.assert(fc.property(names, check), runs);
  });

  it("lead to a socket in the folder of sockets, or nowhere", () => {
    const check = (name: string) => {
      const relay = withSentence(() => new Relay(root, [name]));
      const socket = relay?.registeredEndpoint(name).slice("unix://".length);
      // Beside it lies one of the same name with eight characters more: where that would be too long for a socket, all are in /tmp.
      const temporary = `${root}/t/mpi-${userId()}`;
      const isLong = Buffer.byteLength(`${temporary}/01234567/${name}.01234567.sock`) > 103;
      const folder = new RegExp(`^${isLong ? `/tmp/mpi-${userId()}` : temporary}/[0-9a-f]{8}/[^/]*\\.sock$`, "s");
      assert.ok(socket === undefined || folder.test(socket), socket);
      if (socket !== undefined) {
        fs.rmSync(path.dirname(socket), { recursive: true });
      }
    };
    fc.assert(fc.property(names, check), runs);
  });

  it("of buildx's store are ours or another's", () => {
    const end = `mpi-${userId()}/1a2b3c4d/arm64.sock`;
    const places = [
      `unix:///tmp/${end}`,
      `unix:///tmp/../${end}`,
      "unix:///x.sock",
      "/ca.pem",
      ".config/multi-platform-image/certificates",
    ];
    const text = fc.oneof(fc.constantFrom(...places), textOf(...places, "/", ".."), fc.jsonValue());
    const node = fc.record({ Endpoint: text, DriverOpts: fc.oneof(fc.jsonValue(), fc.record({ cacert: text })) });
    const stored = fc.record({
      Driver: fc.constantFrom("remote", 1),
      Nodes: fc.oneof(fc.array(fc.oneof(node, fc.jsonValue())), text),
    });
    const check = (name: string, value: unknown) => {
      const own = ownRegistration(name, JSON.stringify(value) ?? "");
      assert.ok(own === undefined || isEntryName(own.builderName));
      assert.ok((own?.sockets ?? []).every((socket) => path.normalize(socket) === socket));
    };
    fc.assert(fc.property(names, fc.oneof(stored, fc.jsonValue()), check), runsOf(500));
    const relay = remoteRegistration("b", [{ name: "a", platform: "linux/arm64", endpoint: places[0] }]);
    assert.equal(ownRegistration("b-1a2b3c4d", relay)?.kind, "relay");
    assert.equal(ownRegistration("..", relay), undefined);
  });

  const socketsOf = (endpoint: string) =>
    ownRegistration("b", JSON.stringify({ Driver: "remote", Nodes: [{ Endpoint: endpoint }] } satisfies object));
  itEnds("an endpoint in the store", (text) => socketsOf(`unix:///${text}`), [
    "/",
    "a",
    `mpi-${userId()}/1a2b3c4d/`,
    ".sock",
    "../",
  ]);

  it("are of a connection's nodes, too", () => {
    const nodes = [
      { kind: "remote", name: "../../x", platform: "linux/arm64", endpoint: "tcp://10.0.0.1:1234" },
    ] as const;
    const connection: BuilderConnection = { version: 1, builderName: "../../b", wakeTimeoutSeconds: 1, nodes };
    const read = withSentence(() => parseConnection("Builder shared", connection, true));
    assert.equal(
      read &&
        withSentence(
          () =>
            new Relay(
              "key",
              read.nodes.map(({ name }) => name),
            ),
        ),
      undefined,
    );
    assert.equal(read && withSentence(() => register(read.builderName, "{}")), undefined);
    assert.deepEqual(files(), []);
  });
});
