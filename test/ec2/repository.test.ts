import * as assert from "node:assert/strict";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { prepareTools } from "../../tools";
import { type Cloud, startCloud } from "../cloud/cloud";
import { type Ecr, startEcr } from "../cloud/ecr";
import { testPulumiHome } from "../cloud/plugins/install";
import { type NamespaceNode, type Registry, skipWithout, startNamespaceNode, startRegistry } from "../hosts";
import { getMachines } from "../main/fixture";
import { inspectIndex, trusting } from "../main/image";
import { endLocalDaemons } from "../main/processes";
import { Stack } from "../main/stack";
import { runsAll } from "../tier";

interface Outputs {
  indexDigest: string;
  ref: string;
}

/** What a build leaves that another would not: so a tag that is pushed again is refused. */
const dockerfile = (content: string) =>
  `FROM scratch\nCOPY --from=files . /${content}\n# One that changes nothing of the files: ${content}\n`;

describe("an image in a repository of ECR", function () {
  this.timeout(300_000);
  let cloud: Cloud;
  let ecr: Ecr;
  const credentials = { username: "acme", password: crypto.randomUUID() };
  let other: Registry;
  let node: NamespaceNode;
  let stack: Stack;
  const stacks: Stack[] = [];
  const pushed: string[] = [];

  before(async function () {
    skipWithout(this, ["namespaces"]);
    const { run, network, authority, registry } = await getMachines();
    ecr = await startEcr(run, authority, registry, { address: network.address });
    cloud = await startCloud(run, network, authority, { machines: false });
    other = await startRegistry(run, authority, { address: network.address, credentials });
    const registries = { ...ecr.trusted, ...other.trusted };
    node = await startNamespaceNode(run, network, authority, { name: "ecr", registries });
    stack = await newStack({ name: "team/app" });
  });

  after(async () => {
    for (const each of stacks) await endLocalDaemons(each);
  });

  async function newStack(repository: unknown, more: object = {}): Promise<Stack> {
    const environment = {
      ...trusting(ecr),
      ...cloud.environment(),
      AWS_ENDPOINT_URL: cloud.client.endpoint,
      STANDIN_ECR_HOST: ecr.host,
      PULUMI_HOME: await testPulumiHome(),
    };
    const program = path.join(__dirname, "repositoryProgram");
    const onPath = await prepareTools(["buildkitd", "runc"]);
    const made = await Stack.create({ ...specOf(repository), ...more }, { environment, program, onPath });
    stacks.push(made);
    made.write("app/file", "1");
    return made;
  }

  function specOf(repository: unknown, more: object = {}) {
    const image = { context: "./app", dockerfile: { inline: dockerfile("a") }, platforms: ["linux/amd64"] };
    const files = { context: { location: "./app", named: { files: { location: "./app" } } } };
    return { builder: { nodes: [node.remoteNode()] }, images: {}, repository, image: { ...image, ...files }, ...more };
  }

  /** An update that must end well, and what it pushed. */
  async function up(...extra: string[]): Promise<Outputs & { output: string }> {
    ecr.forget();
    const { code, output } = await stack.up(...extra);
    assert.equal(code, 0, `${output}\n${ecr.requests.map((each) => Object.values(each).join(" ")).join("\n")}`);
    return { output, ...(await stack.outputs<Outputs>()) };
  }

  const tagOf = (ref: string): string => /:([^:@]+)@/.exec(ref)?.[1] ?? "";
  const tagsPut = (): string[] =>
    ecr.requests
      .filter(({ method, path }) => method === "PUT" && /manifests\/[^:]+$/.test(path))
      .map(({ path }) => path);

  it("recipe 20: that is made in the same up: a preview knows no URL, the up pushes a tag of the content", async () => {
    const preview = await stack.preview();
    assert.equal(preview.code, 0, preview.output);
    const { ref, indexDigest } = await up();
    assert.match(ref, new RegExp(`^${ecr.host}/team/app:[0-9a-f]{16}-[0-9a-f]{8}@${indexDigest}$`));
    assert.deepEqual(tagsPut(), [`/v2/team/app/manifests/${tagOf(ref)}`]);
    pushed.push(tagOf(ref));
  });

  it("is no change in the next up, although its token is another one and the first has expired", async () => {
    ecr.expireTokens();
    const { output, ref } = await up("--expect-no-changes");
    assert.match(output, /unchanged/);
    assert.deepEqual([tagOf(ref), tagsPut()], [pushed[0], []]);
  });

  it("gets a tag of its own with each change, also one that goes back", async () => {
    for (const content of ["2", "1"]) {
      ecr.expireTokens();
      stack.write("app/file", content);
      const { ref } = await up();
      assert.deepEqual(tagsPut(), [`/v2/team/app/manifests/${tagOf(ref)}`]);
      pushed.push(tagOf(ref));
      if (runsAll) await up("--expect-no-changes");
    }
    assert.equal(new Set(pushed).size, 3, pushed.join());
    const [first, , last] = pushed.map((tag) => tag.split("-")[0]);
    assert.equal(last, first);
  });

  it("gets one with a changed argument, and with a changed build secret, which is in no tag", async () => {
    for (const more of [{ secrets: { pin: "1234" } }, { secrets: { pin: "1235" } }]) {
      stack.declare(specOf({ name: "team/app" }, more));
      const { ref } = await up();
      pushed.push(tagOf(ref));
    }
    assert.equal(new Set(pushed).size, 5, pushed.join());
    const [one, other] = pushed.slice(-2).map((tag) => tag.split("-")[0]);
    assert.equal(one, other);
    assert.doesNotMatch(stack.stateText(), /"1235"/);
  });

  it("of another stack: its URL is enough", async () => {
    stack = await newStack({ repositoryUrl: `${ecr.host}/team/app` });
    const { ref } = await up();
    assert.match(ref, new RegExp(`^${ecr.host}/team/app:`));
    assert.ok(!pushed.includes(tagOf(ref)));
    if (runsAll) await up("--expect-no-changes");
  });

  it("keeps `tags` that are given, and a tag that is pushed again with other content is refused", async () => {
    const repository = { repositoryUrl: `${ecr.host}/team/app` };
    const spec = specOf(repository);
    stack.declare({ ...spec, image: { ...spec.image, tags: [`${ecr.host}/team/app:1.0`] } } as typeof spec);
    assert.match((await up()).ref, /\/team\/app:1\.0@/);
    stack.write("app/file", "3");
    const { code, output } = await stack.up();
    assert.notEqual(code, 0, output);
    assert.match(output, /The image tag '1\.0' already exists in the 'team\/app' repository/);
  });

  it("recipe 20: with a copy in another registry, by a tag and a login of its own that is a secret as a whole", async () => {
    const builder = { nodes: [node.remoteNode(), { kind: "local", platform: "linux/arm64" }] };
    const { image, ...spec } = specOf({ name: "team/copied" });
    const tags = [`${ecr.host}/team/copied:1.0`, `${other.host}/team/copied:1.0`];
    const logins = [{ address: other.host, ...credentials }];
    const platforms = ["linux/amd64", "linux/arm64"];
    stack = await newStack(spec.repository, { builder, image: { ...image, platforms, tags }, logins });
    const { ref, indexDigest } = await up();
    assert.equal(ref, `${tags[0]}@${indexDigest}`);
    const copy = await inspectIndex(other, tags[1], "--creds", `${credentials.username}:${credentials.password}`);
    assert.deepEqual([copy.digest, Object.keys(copy.platformDigests).sort()], [indexDigest, platforms]);
    assert.ok(!stack.stateText().includes(credentials.password));
  });

  it("recipe 20: of two nodes gets one index by `repository` alone, and no other way to it", async () => {
    const builder = { nodes: [node.remoteNode(), { kind: "local", platform: "linux/arm64" }] };
    const { image, ...spec } = specOf({ name: "team/both" });
    const platforms = ["linux/amd64", "linux/arm64"];
    stack = await newStack(spec.repository, { builder, image: { ...image, platforms } });
    if (runsAll) {
      const preview = await stack.preview();
      assert.equal(preview.code, 0, preview.output);
    }
    const first = await up();
    assert.match(first.ref, new RegExp(`^${ecr.host}/team/both:[0-9a-f]{16}-[0-9a-f]{8}@${first.indexDigest}$`));
    assert.deepEqual(tagsPut(), [`/v2/team/both/manifests/${tagOf(first.ref)}`]);
    assert.ok(!fs.existsSync(path.join(stack.home, ".docker/config.json")));

    ecr.expireTokens();
    const second = await up("--expect-no-changes");
    assert.deepEqual([second.ref, tagsPut()], [first.ref, []]);
    if (runsAll) {
      ecr.expireTokens();
      const refreshed = await stack.run("refresh", "--yes", "--skip-preview", "--expect-no-changes");
      assert.equal(refreshed.code, 0, refreshed.output);
      assert.equal((await up("--expect-no-changes")).ref, first.ref);
    }

    ecr.expireTokens();
    stack.write("app/file", "2");
    const changed = await up();
    assert.notEqual(changed.indexDigest, first.indexDigest);
    assert.deepEqual(tagsPut(), [`/v2/team/both/manifests/${tagOf(changed.ref)}`]);
  });

  it("no token is in the state in clear", () => {
    assert.ok(ecr.tokens().length > 0);
    for (const token of ecr.tokens()) {
      assert.ok(!stack.stateText().includes(token));
    }
  });
});
