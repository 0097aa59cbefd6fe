import * as assert from "node:assert/strict";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as https from "node:https";

import { prepareTools } from "../../tools";
import { type Registry, skipWithout, startNamespaceNode, startRegistry } from "../hosts";
import { getBaseImage, getMachines } from "../main/fixture";
import { trusting } from "../main/image";
import { endLocalDaemons } from "../main/processes";
import { Stack } from "../main/stack";

interface Manifest {
  artifactType?: string;
  subject?: { mediaType: string; digest: string; size: number };
  layers?: { digest: string; mediaType: string }[];
  manifests?: { digest: string; artifactType?: string }[];
}

interface Statement {
  subject: { name: string; digest: { sha256: string } }[];
  predicateType: string;
  predicate: { buildDefinition: { externalParameters: { request: { args: Record<string, string> } } } };
}

interface Pushed {
  indexDigest: string;
  platformDigests: Record<string, string>;
}

const password = crypto.randomUUID();
const secret = crypto.randomUUID();
const argument = crypto.randomUUID();

describe("provenance", function () {
  this.timeout(300_000);
  let registry: Registry;
  /** Wants a login. */
  let guarded: Registry;
  let stack: Stack;
  let remote: object;

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots"]);
    const machines = await getMachines();
    const { run, network, authority } = machines;
    registry = machines.registry;
    const credentials = { username: "builder", password };
    guarded = await startRegistry(run, authority, { address: network.address, credentials });
    const registries = { ...registry.trusted, ...guarded.trusted };
    const node = await startNamespaceNode(run, network, authority, { name: "records", registries });
    remote = node.remoteNode();
    const base = await getBaseImage();
    stack = await Stack.create(
      { builder: {}, images: {} },
      { environment: trusting(registry), onPath: await prepareTools(["buildkitd", "runc"]) },
    );
    stack.write(
      "app/Dockerfile",
      `FROM --platform=$BUILDPLATFORM ${base} AS build\nARG VERSION\n` +
        "RUN --mount=type=secret,id=token test -s /run/secrets/token && echo $VERSION > /version\n" +
        "FROM scratch\nCOPY --from=build /version /\nCOPY word /\n",
    );
    stack.write("app/word", "one");
  });

  after(() => endLocalDaemons(stack));

  it("of two nodes is attached to the index, and names what each platform's manifest was built from", async () => {
    const output = await up("max", { nodes: [remote, { kind: "local", platform: "linux/arm64" }] });
    assert.match(output, /provenance of sha256:\w+ is attached/);
    const { indexDigest, platformDigests } = await pushed();
    const [referrer, ...others] = await referrers(indexDigest);
    assert.deepEqual(others, []);
    const index = await get(`manifests/${indexDigest}`);
    assert.equal(referrer.artifactType, "application/vnd.in-toto+json");
    assert.deepEqual(referrer.subject, {
      mediaType: (JSON.parse(index) as { mediaType: string }).mediaType,
      digest: indexDigest,
      size: Buffer.byteLength(index),
    });
    const statements = await statementsOf(referrer);
    assert.deepEqual(
      statements.map(({ subject }) => `sha256:${subject[0].digest.sha256}`).sort(),
      Object.values(platformDigests).sort(),
    );
    for (const { subject, predicateType, predicate } of statements) {
      assert.equal(subject[0].name, `${registry.host}/provenance`);
      assert.equal(predicateType, "https://slsa.dev/provenance/v1");
      assert.equal(predicate.buildDefinition.externalParameters.request.args["build-arg:VERSION"], argument);
    }
    const all = JSON.stringify(statements);
    assert.ok(!all.includes(secret) && !all.includes(stack.directory), all);
  });

  it("is not attached again by an update that builds nothing", async () => {
    const before = await pushed();
    const output = await up("max", { nodes: [remote, { kind: "local", platform: "linux/arm64" }] });
    assert.doesNotMatch(output, /is attached/);
    assert.deepEqual(await pushed(), before);
    assert.equal((await referrers(before.indexDigest)).length, 1);
  });

  it('of a changed build is attached to its own index, without arguments where it is "min"', async () => {
    const before = await pushed();
    stack.write("app/word", "two");
    const both = ["linux/amd64", "linux/386"];
    await up("min", { nodes: [{ ...remote, additionalPlatforms: ["linux/386"] }] }, { platforms: both });
    const { indexDigest, platformDigests } = await pushed();
    assert.notEqual(indexDigest, before.indexDigest);
    assert.deepEqual(Object.keys(platformDigests).sort(), [...both].sort());
    assert.equal((await referrers(before.indexDigest)).length, 1);
    const [referrer, ...others] = await referrers(indexDigest);
    assert.deepEqual(others, []);
    const statements = await statementsOf(referrer);
    assert.equal(statements.length, 2);
    assert.ok(!JSON.stringify(statements).includes(argument));
  });

  it("of one platform refers to the manifest, in a registry with a login, and outlives a digest that is deleted", async () => {
    registry = guarded;
    const login = { address: registry.host, username: "builder", password };
    const one = { platforms: ["linux/amd64"], retainOnDelete: false, registries: [login] };
    await up("min", { nodes: [remote] }, one);
    const { indexDigest } = await pushed();
    const [referrer] = await referrers(indexDigest);
    assert.equal(referrer.subject?.digest, indexDigest);
    assert.equal((await statementsOf(referrer)).length, 1);

    const destroyed = await stack.run("destroy", "--yes", "--skip-preview");
    assert.equal(destroyed.code, 0, destroyed.output);
    await assert.rejects(get(`manifests/${indexDigest}`), /404/);
    assert.equal((await referrers(indexDigest)).length, 1);
  });

  async function up(provenance: string, builder: object, further: object = {}): Promise<string> {
    const app = {
      context: "./app",
      platforms: ["linux/amd64", "linux/arm64"],
      tags: [`${registry.host}/provenance:1`],
      secrets: { token: secret },
      buildArgs: { VERSION: argument },
      provenance,
      ...further,
    };
    stack.declare({ builder, images: { app } });
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    assert.doesNotMatch(output, /not attached/);
    return output;
  }

  async function pushed(): Promise<Pushed> {
    return (await stack.outputs<{ app: Pushed }>()).app;
  }

  /** By the tag under which clients look where a registry has no referrers API, as this one. */
  async function referrers(digest: string): Promise<Manifest[]> {
    const { manifests = [] } = JSON.parse(await get(`manifests/${digest.replace(":", "-")}`)) as Manifest;
    return Promise.all(manifests.map(async (each) => JSON.parse(await get(`manifests/${each.digest}`)) as Manifest));
  }

  function statementsOf({ layers = [] }: Manifest): Promise<Statement[]> {
    return Promise.all(layers.map(async ({ digest }) => JSON.parse(await get(`blobs/${digest}`)) as Statement));
  }

  /** Plain HTTP of the distribution API, by nothing of what is tested. */
  function get(place: string): Promise<string> {
    const types = ["index", "manifest"].map((kind) => `application/vnd.oci.image.${kind}.v1+json`);
    const options = {
      ca: fs.readFileSync(registry.caFile),
      auth: `builder:${password}`,
      headers: { Accept: types.join(", ") },
    };
    return new Promise((resolve, reject) => {
      const request = https.get(`${registry.url}/v2/provenance/${place}`, options, (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part));
        answer.on("end", () => {
          const text = Buffer.concat(parts).toString();
          if (answer.statusCode === 200) {
            resolve(text);
          } else {
            reject(new Error(`${place}: ${answer.statusCode} ${text}`));
          }
        });
      });
      request.once("error", reject);
    });
  }
});
