import * as assert from "node:assert/strict";

import * as pulumi from "@pulumi/pulumi";

import { builderArguments } from "../../../components/builder/builderTable";
import { checkArguments } from "../../../components/arguments/checkArguments";
import { imageArguments } from "../../../components/image/arguments/imageTable";
import { otherBuilderNames, otherImageNames } from "../../../components/arguments/otherNames";
import type { ArgumentsOf } from "../../../components/arguments/table";
import { normaliseBuilder } from "../../../components/builder/normaliseBuilder";
import { normaliseImage } from "../../../components/image/normaliseImage";

/** Arguments as JavaScript has them: nobody has looked at their types. */
type Loose = Record<string, unknown>;

const scratch = { dockerfile: { inline: "FROM scratch" }, push: false };
const imageOf = (args: unknown) => normaliseImage("api", args as Parameters<typeof normaliseImage>[1]);
const builderOf = (args: unknown) => normaliseBuilder("farm", args as Parameters<typeof normaliseBuilder>[1]);
const image = (args: Loose) => () => imageOf({ ...scratch, ...args });
const builder = (args: Loose) => () => builderOf(args);
const node = (args: Loose) => () => builderOf({ nodes: [{ kind: "local", platform: "linux/amd64", ...args }] });

const cases: [title: string, declare: () => unknown, expected: RegExp][] = [
  // Names that are nearly right.
  ["a letter too few", image({ buildArg: { A: "1" } }), /`buildArg` is no argument: do you mean `buildArgs`\?/],
  ["another case", image({ nocache: true }), /`nocache` is no argument: do you mean `noCache`\?/],
  ["buildx's spelling", image({ "cache-to": [] }), /`cache-to` is no argument: do you mean `cacheTo`\?/],
  ["a plural", image({ tag: "a" }), /`tag` is no argument: do you mean `tags`\?/],
  [
    "nothing that is known",
    image({ wibble: 1 }),
    /`wibble` is no argument: those that are known are addHosts, adopt, /,
  ],
  // Names of other tools.
  [
    "docker v4's build",
    image({ build: { context: "." } }),
    /`build` is no argument: what is in it are arguments of the/,
  ],
  ["docker v4's imageName", image({ imageName: "a" }), /`imageName` is no argument: take `tags`, a list: \["ghcr/],
  [
    "docker v4's registry",
    image({ registry: {} }),
    /`registry` is no argument: take `registries`, a list: \[\{ address/,
  ],
  ["docker v4's skipPush", image({ skipPush: true }), /`skipPush` is no argument: take `push: false`/],
  ["awsx' args", image({ args: {} }), /`args` is no argument: take `buildArgs`/],
  ["awsx' repositoryUrl", image({ repositoryUrl: "a" }), /`repositoryUrl` is no argument: take `repository: \{ rep/],
  [
    "a builder's argument",
    image({ nodes: [] }),
    /`nodes` is no argument: they are the builder's: `builder: \{ nodes \}`/,
  ],
  // Below the outermost level.
  [
    "a login",
    image({ registries: [{ address: "a", user: "a", password: "s3cret" }] }),
    /`registries\[0\]\.user` is no argument: take `username`/,
  ],
  [
    "docker v4's server",
    image({ registries: [{ server: "a" }] }),
    /`registries\[0\]\.server` is no arg.*take `address`/,
  ],
  ["a context", image({ context: { locaton: "." } }), /`context\.locaton` is no argument: do you mean `location`\?/],
  ["a Dockerfile", image({ dockerfile: { path: "x" } }), /`dockerfile\.path` is no .*known are inline, location/],
  ["a cache", image({ cacheTo: [{ registry: { reff: "a" } }] }), /`cacheTo\[0\]\.registry\.reff` is .* mean `ref`\?/],
  ["an export", image({ exports: [{ locl: {} }] }), /`exports\[0\]\.locl` is no argument: do you mean `local`\?/],
  ["a key of ssh", image({ ssh: [{ id: "a", path: "b" }] }), /`ssh\[0\]\.path` is no argument: do you mean `paths`\?/],
  [
    "a named builder",
    image({ builder: { name: "a", driver: "b" } }),
    /`builder\.driver` is no argument: .*known are name/,
  ],
  ["a builder", builder({ lifeCycle: "persistent" }), /`lifeCycle` is no argument: do you mean `lifecycle`\?/],
  ["EC2's part", builder({ ec2: { ingres: {} } }), /`ec2\.ingres` is no argument: do you mean `ingress`\?/],
  ["who may connect", builder({ ec2: { ingress: { cidr: [] } } }), /`ec2\.ingress\.cidr` is .* mean `cidrs`\?/],
  ["a node", node({ maxParalelism: 1 }), /`nodes\[0\]\.maxParalelism` is no argument: do you mean `maxParallelism`\?/],
  [
    "a node of another kind",
    node({ instanceType: "a" }),
    /`nodes\[0\]\.instanceType` is no .*known are additionalPlatforms/,
  ],
  [
    "a node's TLS",
    node({ kind: "remote", tls: { cacert: "a" } }),
    /`nodes\[0\]\.tls\.cacert` is no argument: .*ca, cert, k/,
  ],
  ["a kind", node({ kind: "ssh" }), /`nodes\[0\]\.kind` is "ssh": "ec2", "kubernetes", "local", "remote" are allowed/],
  // Values that can't be.
  [
    "a builder's name",
    image({ builder: "old" }),
    /`builder` is "old": write \{ name: "old" \} for a builder that buildx/,
  ],
  ["a text for a list", image({ tags: "a:1" }), /`tags` is a text: a list is allowed/],
  ["a text for platforms", image({ platforms: "linux/amd64" }), /`platforms` is a text: a list is allowed/],
  ["a list for an object", image({ buildArgs: ["A=1"] }), /`buildArgs` is a list: an object is allowed/],
  ["an object for a list", image({ registries: { address: "a" } }), /`registries` is an object: a list is allowed/],
  ["a text for a flag", image({ push: "false" }), /`push` is a text: true or false is allowed/],
  ["a text for a number", builder({ idleTimeoutMinutes: "5" }), /`idleTimeoutMinutes` is a text: a number is allowed/],
  [
    "a Dockerfile's text",
    image({ dockerfile: "FROM a\nRUN b\n" }),
    /a text is a path; write `dockerfile: \{ inline: … \}`/,
  ],
  [
    "outputs as platforms",
    image({ platforms: pulumi.output(["linux/amd64"]) }),
    /`platforms` is an output: give a list as/,
  ],
  [
    "an output as a builder",
    image({ builder: pulumi.output({ name: "a" }) }),
    /`builder` is an output: give a Builder/,
  ],
  ["an output as nodes", builder({ nodes: pulumi.output([]) }), /`nodes` is an output: give a list as it is/],
  ["nothing", () => imageOf(undefined), /what is given is undefined: an object is allowed/],
];

describe("arguments that are none", () => {
  for (const [title, declare, expected] of cases) {
    it(`are refused with the right one: ${title}`, () => assert.throws(declare, expected));
  }

  it("are named without their value, which may be a password under a wrong name", () => {
    const password = "correct horse";
    const wrong = [{ registries: [{ address: "a", pasword: password }] }, { secrets: password }, { pasword: password }];
    for (const args of wrong) {
      assert.throws(image(args), ({ message }: Error) => !message.includes(password));
    }
  });

  it("are no reason to refuse where they have no value, as after a spread", () => {
    assert.ok(imageOf({ ...scratch, wibble: undefined, target: null }));
  });

  it("are looked for in tables that are made from the types", () => {
    const table: ArgumentsOf<{ a?: pulumi.Input<string>; b: readonly { c: number }[] }> = {
      a: "text",
      b: [{ c: "plain number" }],
    };
    // @ts-expect-error a name that is missing
    const missing: typeof table = { a: "text" };
    // @ts-expect-error a name that is none
    const further: typeof table = { ...table, d: "text" };
    // @ts-expect-error an output would be refused
    const plain: typeof table = { ...table, a: "plain text" };
    for (const each of [missing, further, plain]) {
      checkArguments({ owner: "X" }, {}, each);
    }
  });

  it("have other names that are no argument, and lead to some that are", () => {
    for (const [names, table] of [
      [otherImageNames, imageArguments],
      [otherBuilderNames, builderArguments],
    ] as const) {
      for (const [name, remedy] of Object.entries(names)) {
        assert.ok(!Object.hasOwn(table, name), name);
        assert.ok(!/take/.test(remedy) || /take `\w+/.test(remedy), remedy);
      }
    }
  });
});

describe("arguments in another form", () => {
  it("a context and a Dockerfile are given as a path, also as an output", async () => {
    const text = imageOf({ push: false, context: "docs", dockerfile: "package.json" }).imageArgs;
    assert.deepEqual([text.context, text.dockerfile], [{ location: "docs" }, { location: "package.json" }]);
    const given = imageOf({ push: false, context: pulumi.output("docs"), dockerfile: pulumi.output("x") }).imageArgs;
    const known = await new Promise((resolve) => pulumi.all([given.context, given.dockerfile]).apply(resolve));
    assert.deepEqual(known, [{ location: "docs" }, { location: "x" }]);
  });

  it("a Dockerfile's path starts at the project, and a file that is not there is named", () => {
    assert.throws(
      image({ context: "docs", dockerfile: "nowhere" }),
      /`dockerfile.location` is "nowhere": there is no file \//,
    );
  });

  it("`provenance: false` is none, as for buildx", () => {
    assert.equal(imageOf({ ...scratch, provenance: false }).provenance, undefined);
    assert.throws(
      image({ provenance: true }),
      /`provenance` is true: it is "min" or "max"; write false, or leave it out/,
    );
  });
});
