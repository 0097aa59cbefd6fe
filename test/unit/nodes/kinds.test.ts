import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import * as grpc from "@grpc/grpc-js";
import * as protoLoader from "@grpc/proto-loader";
import * as pulumi from "@pulumi/pulumi";
import * as ts from "typescript";

import { Builder, type BuilderConnection, type NodeArgs } from "../../../components";
import { describePreview } from "../../../components/builder/preview";
import { controlDescriptor } from "../../../components/buildkit/protocol";
import { commonArguments } from "../../../components/nodes/commonTable";
import type { CommonNodeArgs } from "../../../components/nodes/commonArguments";
import type { KindPlan, NodeKind } from "../../../components/nodes/kind";
import { nodeKinds } from "../../../components/nodes/kinds";
import { resolved } from "../../../components/pulumi/resolved";
import { argumentError } from "../../../components/support/errors";
import { expectRejections } from "../support/rejections";
import { recordingMocks } from "../recordingMocks";

interface UnixNodeArgs extends CommonNodeArgs {
  kind: "unix";
  path: string;
}

const held: string[] = [];
const effect = "a socket, runs already";

/** A kind of node that nobody else knows: a daemon behind a socket, which somebody holds while an image is built. */
const unix: NodeKind<UnixNodeArgs, KindPlan, { path: string }, { prefix: string }> = {
  arguments: { ...commonArguments, path: "plain text" },
  lifecycles: ["stop-when-idle"],
  wakeTimeoutSeconds: 300,
  isOnThisMachine: false,
  sharing: {
    isFacts: ({ path: socket }) => typeof socket === "string" && socket.startsWith("/"),
    problemOf: (connection) => (connection ? undefined : "has no `unix`"),
  },
  check: (owner, where, node, others) => {
    const same = others.find((other) => other.path === node.path);
    if (same) {
      throw argumentError(owner, `${where}.path`, node.path, `node ${same.name} has it; give each its own`);
    }
  },
  plan: () => ({ insecureRegistries: ["127.0.0.1:5000"], effect }),
  facts: (node) => ({ path: node.path }),
  describe: (_node, connection) => ({ instanceId: connection?.prefix }),
  effect: () => effect,
  declare: () => pulumi.secret({ prefix: "unix" }),
  open: (nodes, { connection }) =>
    Promise.resolve({
      nodes: nodes.map(({ name, platform, path: socket }) => ({
        name,
        platform,
        address: `${connection.prefix}://${socket}`,
        wake: () => Promise.resolve({ kind: "unix" as const, path: socket }),
      })),
      access: {
        acquire: () => Promise.resolve(void held.push("acquired")),
        release: () => Promise.resolve(void held.push("released")),
      },
    }),
};

/** A daemon that lists one platform. */
async function listen(socket: string, architecture: string): Promise<grpc.Server> {
  const server = new grpc.Server();
  const descriptor = controlDescriptor as Parameters<typeof protoLoader.fromJSON>[0];
  const definition = protoLoader.fromJSON(descriptor, { keepCase: true, defaults: true });
  const platforms = [{ Architecture: architecture, OS: "linux" }];
  server.addService(definition["moby.buildkit.v1.Control"] as grpc.ServiceDefinition, {
    ListWorkers: (_: object, answer: (error: null, response: object) => void) =>
      answer(null, { record: [{ platforms, BuildkitVersion: { version: "v0.0.4" } }] }),
  });
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`unix:${socket}`, grpc.ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    ),
  );
  return server;
}

describe("a kind of node that is a row of the table, and nothing else", () => {
  expectRejections();
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-unit-"));
  const sockets = { arm64: path.join(scratch, "arm64.sock"), amd64: path.join(scratch, "amd64.sock") };
  const store = process.env.BUILDX_CONFIG;
  const kinds = nodeKinds as Record<string, unknown>;
  const node = (given: object) => ({ kind: "unix", platform: "linux/arm64", path: sockets.arm64, ...given });
  const builderOf = (...nodes: object[]) => new Builder("sockets", { nodes: nodes as NodeArgs[] });
  let servers: grpc.Server[];

  before(async () => {
    kinds.unix = unix;
    process.env.BUILDX_CONFIG = scratch;
    await pulumi.runtime.setMocks(recordingMocks([]), "project", "stack");
    servers = await Promise.all(Object.entries(sockets).map(([name, socket]) => listen(socket, name)));
  });

  after(() => {
    delete kinds.unix;
    process.env.BUILDX_CONFIG = store;
    if (store === undefined) {
      delete process.env.BUILDX_CONFIG;
    }
    servers.forEach((server) => server.forceShutdown());
    fs.rmSync(scratch, { recursive: true });
  });

  for (const [title, nodes, message] of [
    ["an argument that it lacks", [node({ endpoint: "x" })], /`nodes\[0\]\.endpoint` is no argument.*path/],
    ["what the kind refuses", [node({}), node({})], /`nodes\[1\]\.path`.*node arm64 has it/],
    ["a kind that is none", [node({ kind: "pipe" })], /"ec2", "kubernetes", "local", "remote", "unix" are allowed/],
    [
      "one beside a node of this machine",
      [node({}), { kind: "local", platform: "linux/arm64" }],
      /several nodes of one platform are machines of their own, "ec2", "kubernetes", "remote" or "unix"/,
    ],
  ] as const) {
    it(`is checked: ${title}`, () => assert.throws(() => builderOf(...nodes), message));
  }

  it("refuses a lifecycle that is for none of its builder's nodes", () => {
    const nodes = [node({})] as unknown as NodeArgs[];
    const message = /`lifecycle` is "persistent": it is for nodes of kind "ec2", "local" and "remote"/;
    assert.throws(() => new Builder("sockets", { nodes, lifecycle: "persistent" }), message);
  });

  it("is shown, told of in a preview, and given to other stacks, which read it back", async () => {
    const builder = builderOf(node({}));
    const [seen] = await resolved(builder.nodes);
    assert.deepEqual(seen, {
      ...{ name: "arm64", kind: "unix", platform: "linux/arm64", native: true, instanceId: "unix" },
    });
    const preview = describePreview("it is new", "urn", await builder.previewed(), ["linux/arm64"]);
    assert.match(preview, /on node arm64 \(linux\/arm64; a socket, runs already\)/);
    assert.deepEqual(builder.insecureRegistries, ["127.0.0.1:5000"]);
    const connection = (await resolved(builder.connection)) as BuilderConnection & { unix: object };
    assert.deepEqual([connection.wakeTimeoutSeconds, connection.unix], [300, { prefix: "unix" }]);
    const others = Builder.fromConnection("others", pulumi.secret<BuilderConnection>(connection));
    assert.deepEqual(await resolved(others.nodes), [seen]);
    const broken = Builder.fromConnection("broken", pulumi.secret({ ...connection, unix: undefined }));
    await assert.rejects(resolved(broken.nodes), /`connection` has no `unix`/);
  });

  it("builds beside a node of another kind, and is held for its own builds alone", async () => {
    const remote = { kind: "remote", platform: "linux/amd64", endpoint: `unix://${sockets.amd64}` };
    const session = await builderOf(remote, node({})).session("urn");
    const said: string[] = [];
    const build = async (...platforms: ("linux/amd64" | "linux/arm64")[]): Promise<string[]> => {
      const attempt = await session.prepare(platforms, (message) => said.push(message));
      await session.finish(attempt, false);
      return held.splice(0);
    };
    assert.deepEqual(await build("linux/amd64"), []);
    assert.deepEqual(await build("linux/arm64", "linux/amd64"), ["acquired", "released"]);
    assert.ok(
      said.includes(`node arm64 (linux/arm64, unix://${sockets.arm64}) is awake: BuildKit v0.0.4`),
      said.join("\n"),
    );
  });
});

describe("kinds of node", () => {
  const components = path.resolve(__dirname, "../../../components");
  const files = (fs.readdirSync(components, { recursive: true }) as string[]).filter(
    (file) => file.endsWith(".ts") && !file.startsWith("nodes/"),
  );
  /** A line of its log that the next one overwrites. */
  const ofPulumi = "setEphemeral";
  const names = [...Object.keys(nodeKinds), "ephemeral"];

  const comparisons: ReadonlySet<ts.SyntaxKind> = new Set([
    ts.SyntaxKind.EqualsEqualsToken,
    ts.SyntaxKind.EqualsEqualsEqualsToken,
    ts.SyntaxKind.ExclamationEqualsToken,
    ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ]);

  const mentions = new RegExp(`["'\`](${names.join("|")})["'\`]|ephemeral`, "i");

  /** Whether what is compared here is the name of a kind, or a name is of one lifecycle alone. */
  function branches(at: ts.Node): boolean {
    const isName = (side: ts.Node) => ts.isStringLiteral(side) && names.includes(side.text);
    if (ts.isBinaryExpression(at) && comparisons.has(at.operatorToken.kind)) {
      return isName(at.left) || isName(at.right);
    }
    return ts.isCaseClause(at)
      ? isName(at.expression)
      : ts.isIdentifier(at) && /ephemeral/i.test(at.text) && at.text !== ofPulumi;
  }

  it("are known by name in components/nodes/ alone: nobody else branches on one", () => {
    const found: string[] = [];
    for (const file of files) {
      const text = fs.readFileSync(path.join(components, file), "utf8");
      if (!mentions.test(text)) {
        continue;
      }
      const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
      const look = (at: ts.Node): void => {
        if (branches(at)) {
          found.push(`${file}:${source.getLineAndCharacterOfPosition(at.getStart()).line + 1}: ${at.getText()}`);
        }
        ts.forEachChild(at, look);
      };
      look(source);
    }
    assert.ok(files.length > 150, String(files.length));
    assert.deepEqual(found, []);
  });
});
