import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { remoteRegistration } from "../../components/session/registration";
import { type NamespaceNode, type Registry, skipWithout, startNamespaceNode, startRegistry } from "../hosts";
import { getMachines, type Machines } from "../main/fixture";
import { skopeo, trusting } from "../main/image";
import { type Outcome, Stack } from "../main/stack";
import { nightly, runsAll } from "../tier";
import type { WaySpec } from "./waysProgram";

const imageType = "docker-build:index:Image";
const platforms = ["linux/amd64", "linux/arm64"] as const;

/** How an owner of a docker-build image moves it: the letters are those of the ways that deleted it or did not. */
interface Way {
  title: string;
  before?: WaySpec["old"];
  moved?: Partial<NonNullable<WaySpec["moved"]>>;
  hasParent?: boolean;
  /** A file of its context changes with the move. */
  changes?: boolean;
  /** What becomes of docker-build's image in the state. @default "updated" */
  outcome?: RegExp;
  isOn?: "the same builder";
}

const ignored = ["builder", "context", "buildOnPreview", "dockerfile"];

const ways: Way[] = [
  { title: "a: the class alone" },
  { title: "a, and a file changes", changes: true },
  { title: "a, as a child of a component", hasParent: true, changes: true },
  {
    title: "b: retainOnDelete before",
    before: { retainOnDelete: true },
    moved: { args: { adopt: false } },
    outcome: /./,
  },
  { title: "c: a transform with the alias", moved: { args: { adopt: false }, transforms: true } },
  { title: "d: a with ignoreChanges", moved: { options: { ignoreChanges: ignored } }, outcome: /./ },
  {
    title: "e: as before in all",
    moved: { args: { stageContext: false, buildOnPreview: true, context: { location: "./app" } } },
    outcome: /./,
    isOn: "the same builder",
  },
  {
    title: "f: an alias of the type",
    moved: { name: "site", options: { aliases: [{ type: imageType, name: "web" }] } },
  },
  {
    title: "f: the URN",
    moved: { name: "site", options: { aliases: [`urn:pulumi:dev::PROJECT::${imageType}::web`] } },
  },
];

interface Row {
  way: Way;
  hasLogin: boolean;
  isSameBuilder: boolean;
}

const rows: Row[] = ways.flatMap((way) =>
  [false, true].flatMap((hasLogin) =>
    (way.isOn ? [true] : [false, true]).map((isSameBuilder) => ({ way, hasLogin, isSameBuilder })),
  ),
);

const titleOf = ({ way, hasLogin, isSameBuilder }: Row) =>
  `${way.title} | ${hasLogin ? "a login" : "none"} | ${isSameBuilder ? "the same builder" : "new nodes"}`;

/** In `npm test` the way that deleted it, with a login; `recipes/moved` has the others without. */
const isNow = ({ way, hasLogin, isSameBuilder }: Row) => way === ways[0] && hasLogin && !isSameBuilder;

describe("a docker-build image of two platforms that moves in, in all ways", function () {
  this.timeout(900_000);
  const credentials = { username: "acme", password: "s3cret" };
  let machines: Machines;
  let guarded: Registry;
  let old: NamespaceNode[];
  let own: NamespaceNode[];
  const table: string[] = [];
  let count = 0;

  before(async function () {
    skipWithout(this, ["namespaces", "skopeo"]);
    machines = await getMachines();
    const { run, network, authority, registry } = machines;
    guarded = await startRegistry(run, authority, { address: network.address, credentials });
    const registries = { ...registry.trusted, ...guarded.trusted };
    const open = (name: string) =>
      Promise.all(
        platforms.map((platform) => {
          const options = { name: `${name}-${platform.replace("linux/", "")}`, platform, registries };
          return startNamespaceNode(run, network, authority, options);
        }),
      );
    [old, own] = [await open("old"), await open("own")];
  });

  after(() => {
    const head = "      way | login | nodes | URN | docker-build's images | digest before | tag | digest after";
    console.log([head, ...table.map((line) => `      ${line}`)].join("\n"));
  });

  const registryOf = ({ hasLogin }: Row) => (hasLogin ? guarded : machines.registry);

  /** By skopeo, which is no part of what is tested. */
  async function isThere(row: Row, ref: string): Promise<boolean> {
    const { certificateFolder } = registryOf(row);
    const access = row.hasLogin ? ["--creds", `${credentials.username}:${credentials.password}`] : [];
    return skopeo("inspect", "--raw", "--cert-dir", certificateFolder, ...access, `docker://${ref}`).then(
      () => true,
      () => false,
    );
  }

  async function stackOf(row: Row, spec: WaySpec): Promise<Stack> {
    const { host, bundleFile } = registryOf(row);
    const options = { environment: trusting({ bundleFile }), program: `${__dirname}/waysProgram` };
    const stack = await Stack.create(spec as never, options);
    const docker = path.join(stack.home, ".docker");
    fs.mkdirSync(path.join(docker, "buildx/instances"), { recursive: true, mode: 0o700 });
    const nodes = old.map(({ socket }, at) => ({
      name: `old${at}`,
      endpoint: `unix://${socket}`,
      platform: platforms[at],
    }));
    fs.writeFileSync(path.join(docker, "buildx/instances/old"), remoteRegistration("old", nodes));
    if (row.hasLogin) {
      // docker-build pushes the index of several nodes with it.
      const auth = Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64");
      fs.writeFileSync(path.join(docker, "config.json"), JSON.stringify({ auths: { [host]: { auth } } }), {
        mode: 0o600,
      });
    }
    stack.write("app/Dockerfile", `FROM scratch\nCOPY Dockerfile /\n# ${Math.random()}\n`);
    return stack;
  }

  async function sound(outcome: Promise<Outcome>): Promise<string> {
    const { code, output } = await outcome;
    assert.equal(code, 0, output);
    return output;
  }

  async function move(row: Row): Promise<void> {
    const { way, hasLogin, isSameBuilder } = row;
    const { host } = registryOf(row);
    count += 1;
    const repository = `${host}/ways/w${count}`;
    const registries = hasLogin ? [{ address: host, ...credentials }] : undefined;
    const image: WaySpec["image"] = { tags: [`${repository}:1`], registries, platforms: [...platforms] };
    const common = { image, hasParent: way.hasParent };
    const stack = await stackOf(row, { ...common, old: way.before ?? {} });
    await sound(stack.up());
    const { digest: before } = await stack.outputs<{ digest: string }>();

    const { name = "web", args = {}, options = {}, transforms } = way.moved ?? {};
    const aliases = options.aliases;
    const named = aliases?.map((each) => (typeof each === "string" ? each.replace("PROJECT", stack.project) : each));
    const builder = isSameBuilder ? undefined : { nodes: own.map((node) => node.remoteNode()) };
    const moved = { name, builder, args, options: { ...options, ...(named && { aliases: named }) }, transforms };
    if (way.changes) {
      stack.write("app/Dockerfile", `FROM scratch\nCOPY Dockerfile /other\n`);
    }
    stack.declare({ ...common, moved } as never);
    const output = await sound(stack.up());
    const { digest, urn } = await stack.outputs<{ digest: string; urn: string }>();
    const there = await Promise.all(
      [`${repository}@${before}`, `${repository}:1`, `${repository}@${digest}`].map((ref) => isThere(row, ref)),
    );
    const changes = [...output.matchAll(/docker-build:index:Image (\S+) (created|updated|replaced|deleted)\b/g)];
    const done = [...new Set(changes.map(([, which, what]) => `${which} ${what}`))].join(", ") || "none";
    const [, urnType] = /::([^:]+(?::[^:]+)*)::[^:]+$/.exec(urn) ?? [];
    table.push(
      [
        titleOf(row),
        urnType
          .split("$")
          .map((type) => type.split(":").at(-1))
          .join("$"),
        done,
        ...there.map((is) => (is ? 200 : 404)),
      ].join(" | "),
    );
    assert.deepEqual(there, [true, true, true], output);
    assert.match(output, way.outcome ?? /docker-build:index:Image (web|site) updated/, output);
    if (!way.before) {
      assert.doesNotMatch(output, /docker-build:index:Image \S+ (deleted|replaced)/, output);
    }
    if (runsAll) {
      await sound(stack.up("--expect-no-changes"));
    }
  }

  for (const row of rows) {
    (isNow(row) ? it : nightly.it)(`recipe 5: ${titleOf(row)}: what was pushed stays`, () => move(row));
  }
});
