import * as assert from "node:assert/strict";

import { skipWithout } from "../hosts";
import { getMachines, type Machines } from "../main/fixture";
import { skopeo, trusting } from "../main/image";
import { Stack } from "../main/stack";
import { nightly, runsAll } from "../tier";

const dockerBuildImage = "docker-build:index:Image";

describe("a docker-build image that moves into the component", function () {
  this.timeout(600_000);
  let machines: Machines;

  before(async function () {
    skipWithout(this, ["namespaces", "skopeo"]);
    machines = await getMachines();
  });

  interface Move {
    /** Of the repository, and of the stack's project. */
    what: string;
    /** Of the component's declaration. */
    after: (stack: Stack) => object;
    hasParent?: boolean;
  }

  /** Declares a docker-build image, pushes it, and says where it is. */
  async function deployed({ what, hasParent }: Omit<Move, "after">) {
    const tags = [`${machines.registry.host}/moved/${what}:1`];
    const image = { tags, platforms: ["linux/amd64"] };
    const spec = { builder: { nodes: [machines.amd64.remoteNode()] }, images: {}, image, hasParent };
    const program = `${__dirname}/movedProgram`;
    const stack = await Stack.create(
      { ...spec, ...{ classes: ["docker-build"] } },
      { environment: trusting(machines.registry), program },
    );
    for (const folder of ["app", "first"]) stack.write(`${folder}/Dockerfile`, "FROM scratch\nCOPY Dockerfile /\n");
    stack.write("app/Dockerfile", `FROM scratch\nCOPY Dockerfile /\n# ${Math.random()}\n`);
    await sound(stack.up());
    const { old } = await stack.outputs<{ old: string }>();
    return { stack, spec, old, tag: tags[0] };
  }

  async function sound(outcome: Promise<{ code: number | null; output: string }>): Promise<string> {
    const { code, output } = await outcome;
    assert.equal(code, 0, output);
    return output;
  }

  /** By skopeo, which is no part of what is tested. */
  async function isThere(tag: string, digest?: string): Promise<boolean> {
    const ref = digest ? tag.replace(/:[^:/]+$/, `@${digest}`) : tag;
    const trust = ["--cert-dir", machines.registry.certificateFolder];
    return skopeo("inspect", "--raw", ...trust, `docker://${ref}`).then(
      () => true,
      () => false,
    );
  }

  /** @param isWhole whether `destroy` follows, which does the same whatever moved the image */
  async function assertStays({ what, after, hasParent }: Move, isWhole = runsAll): Promise<void> {
    const { stack, spec, old, tag } = await deployed({ what, hasParent });
    stack.declare({ ...spec, ...{ classes: ["component"] }, ...after(stack) });
    const output = await sound(stack.up());
    assert.match(output, /docker-build:index:Image (web|site) updated/, output);
    assert.doesNotMatch(output, /deleted|replaced/, output);
    const { digest } = await stack.outputs<{ digest: string }>();
    assert.deepEqual([await isThere(tag), await isThere(tag, old), await isThere(tag, digest)], [true, true, true]);
    if (!isWhole) return;
    assert.match(await sound(stack.up("--expect-no-changes")), /unchanged/);
    await sound(stack.run("destroy", "--yes", "--skip-preview"));
    assert.deepEqual([await isThere(tag), await isThere(tag, old), await isThere(tag, digest)], [true, true, true]);
  }

  it("recipe 5: the same name with the class changed: what was pushed stays, also after destroy", () =>
    assertStays({ what: "name", after: () => ({}) }, true));

  nightly.it(
    "the same name as a child of a component of the program, with another file: the digest before stays, too",
    () =>
      assertStays({
        what: "parent",
        hasParent: true,
        after: (stack) => {
          stack.write("app/Dockerfile", "FROM scratch\nCOPY Dockerfile /other\n");
          return {};
        },
      }),
  );

  nightly.it("another name, with an alias of the component that names the image", () =>
    assertStays({
      what: "alias",
      after: () => ({ name: "site", aliases: [{ type: dockerBuildImage, name: "web" }] }),
    }),
  );

  it("another name, with the image's URN as an alias", () =>
    assertStays({
      what: "urn",
      after: ({ project }) => ({ name: "site", aliases: [`urn:pulumi:dev::${project}::${dockerBuildImage}::web`] }),
    }));

  it("`adopt: false`: both side by side under one name", async () => {
    const { stack, spec, old, tag } = await deployed({ what: "both" });
    const image = { ...spec.image, tags: [tag.replace(":1", ":2")], adopt: false };
    stack.declare({ ...spec, ...{ classes: ["docker-build", "component"], image } });
    await sound(stack.up());
    assert.ok(await isThere(tag, old));
  });
});
