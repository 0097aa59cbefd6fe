import * as assert from "node:assert/strict";

import { skipWithout } from "../hosts";
import { getBaseImage, getMachines, type Machines } from "../main/fixture";
import { trusting } from "../main/image";
import { type Outcome, Stack } from "../main/stack";
import type { WaySpec } from "./waysProgram";

/** That the engine is told of them is in unit/imageOptionsSent; here is what it does with them. */
describe("options of the component", function () {
  this.timeout(600_000);
  let machines: Machines;
  let stack: Stack;
  type Moved = NonNullable<WaySpec["moved"]>;

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots"]);
    machines = await getMachines();
    const program = `${__dirname}/waysProgram`;
    stack = await Stack.create({ builder: {}, images: {} }, { environment: trusting(machines.registry), program });
    stack.write("app/Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
  });

  function up(options: Moved["options"], args: Moved["args"] = {}, tag = "1"): Promise<Outcome> {
    const builder = { nodes: [machines.amd64.remoteNode()] };
    const image: WaySpec["image"] = { tags: [`${machines.registry.host}/options:${tag}`], platforms: ["linux/amd64"] };
    stack.declare({ image, moved: { name: "web", builder, args, options } } as never);
    return stack.up();
  }

  async function sound(outcome: Promise<Outcome>): Promise<string> {
    const { code, output } = await outcome;
    assert.equal(code, 0, output);
    return output;
  }

  it("ignoreChanges: another tag is no change of the image, and nothing is built", async () => {
    await sound(up({}));
    assert.doesNotMatch(await sound(up({ ignoreChanges: ["tags"] }, {}, "2")), /building image/);
  });

  it("replaceOnChanges: what it names replaces the image, which is kept in the registry", async () => {
    const output = await sound(up({ replaceOnChanges: ["labels"] }, { labels: { word: "one" } }));
    assert.match(output, /docker-build:index:Image web (created replacement|replaced)/);
  });

  it("protect: `destroy` is refused for the image", async () => {
    await sound(up({ protect: true }, { labels: { word: "one" } }));
    const { code, output } = await stack.run("destroy", "--yes", "--skip-preview");
    assert.notEqual(code, 0, output);
    assert.match(output, /docker-build:index:Image::web.* cannot be deleted[\s\S]*protect/);
  });

  it("customTimeouts: a build that takes longer is ended", async () => {
    stack.write("app/Dockerfile", `FROM ${await getBaseImage()}\nRUN sleep 120\n`);
    const begin = Date.now();
    const { code, output } = await up({ customTimeouts: { update: "10s" } }, { labels: { word: "one" } });
    assert.notEqual(code, 0, output);
    assert.ok(Date.now() - begin < 90_000, output);
    assert.match(output, /deadline exceeded|timed? ?out/i);
  });
});
