import * as assert from "node:assert/strict";
import * as crypto from "node:crypto";

import { skipWithout } from "../hosts";
import { getMachines, type Machines } from "./fixture";
import { trusting } from "./image";
import { Stack } from "./stack";

const megabyte = 1 << 20;
const units: Record<string, number> = { B: 1, kB: 1e3, MB: 1e6 };

describe("a context of which the nodes have an earlier state", function () {
  this.timeout(300_000);
  let machines: Machines;
  let stack: Stack;

  before(async function () {
    skipWithout(this, ["namespaces"]);
    machines = await getMachines();
    const { amd64, registry } = machines;
    const named = { assets: { location: "./assets" } };
    const image = {
      context: { location: "./app", named },
      platforms: ["linux/amd64"],
      tags: [`${registry.host}/transfer:1`],
    };
    const spec = { builder: { nodes: [amd64.remoteNode()] }, images: { app: image } };
    stack = await Stack.create(spec, { environment: trusting(registry) });
    stack.write("app/Dockerfile", "FROM scratch\nCOPY . /app\nCOPY --from=assets . /assets\n");
    for (const folder of ["app", "assets"]) {
      stack.write(`${folder}/large`, crypto.randomBytes(8 * megabyte));
      stack.write(`${folder}/small`, "1");
    }
  });

  /** What BuildKit says of each transfer from this machine, in bytes. */
  async function sentBytes(): Promise<number[]> {
    const { code, output } = await stack.run("up", "--yes", "--skip-preview");
    assert.equal(code, 0, output);
    const sent = [...output.matchAll(/transferring (?:context|assets|\S+): ([\d.]+)(B|kB|MB)/g)];
    return sent.map(([, number, unit]) => Number(number) * units[unit]);
  }

  it("is sent as a whole at first", async () => {
    assert.ok(Math.max(...(await sentBytes())) > 8 * megabyte);
  });

  it("is sent as the one file that has changed, the named one, too", async () => {
    stack.write("app/small", "2");
    stack.write("assets/small", "2");
    const sent = await sentBytes();
    assert.ok(sent.length > 0);
    assert.ok(Math.max(...sent) < 10_000, `sent: ${sent.join(", ")} bytes`);
  });
});
