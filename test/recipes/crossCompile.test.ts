import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { execute, skipWithout } from "../hosts";
import { getBaseImage, getMachines } from "../main/fixture";
import { elfMachines, pullFiles, trusting } from "../main/image";
import { Stack } from "../main/stack";
import { runsAll } from "../tier";
import { pushGoImage } from "./goImage";

const example = path.resolve(__dirname, "../../examples/cross-compile/app");
const officialImage = "public.ecr.aws/docker/library/golang:1.26-alpine";

/**
 * What is compiled for each platform: ELF's machine, what Go says of it, and the file of its architecture. `npm test` has the
 * machine's own and one that differs in all three: Go compiles its library anew for each.
 */
const everything = {
  "linux/amd64": { machine: elfMachines.amd64, settings: ["GOARCH=amd64", "GOAMD64=v1"], limits: "64 GiB\n" },
  "linux/arm64": { machine: elfMachines.arm64, settings: ["GOARCH=arm64"], limits: "64 GiB\n" },
  "linux/arm/v7": { machine: elfMachines.arm, settings: ["GOARCH=arm", "GOARM=7"], limits: "2 GiB\n" },
};

const ofAllTests = "linux/arm64";
const compiled = Object.fromEntries(
  Object.entries(everything).filter(([platform]) => runsAll || platform !== ofAllTests),
);

describe("the example cross-compile, on one amd64 node without emulators", function () {
  this.timeout(600_000);
  const files: Record<string, string> = {};

  before(async function () {
    skipWithout(this, ["namespaces", "debian roots", "skopeo", "go"]);
    const { amd64, registry } = await getMachines();
    const go = await pushGoImage(amd64, await getBaseImage(), `${registry.host}/golang:1`);
    const context = { location: "./app", named: { [officialImage]: { location: `docker-image://${go}` } } };
    const additionalPlatforms = ["linux/arm64", "linux/arm/v7"];
    const stack = await Stack.create(
      {
        builder: { nodes: [{ ...amd64.remoteNode(), additionalPlatforms }] },
        images: { app: { context, platforms: Object.keys(compiled), tags: [`${registry.host}/cross:1`] } },
      },
      { environment: trusting(registry) },
    );
    fs.cpSync(example, path.join(stack.directory, "app"), { recursive: true });
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    const { app } = await stack.outputs<{ app: { platformDigests: Record<string, string> } }>();
    for (const [platform, digest] of Object.entries(app.platformDigests)) {
      files[platform] = await pullFiles(registry, `${registry.host}/cross@${digest}`);
    }
  });

  for (const [platform, { machine, settings, limits }] of Object.entries(compiled)) {
    it(`recipe 13: ${platform} has a program of its own machine, compiled by Go for it`, async () => {
      const program = path.join(files[platform], "hello");
      assert.equal(fs.readFileSync(program).readUInt16LE(18), machine);
      const said = await execute(["go", "version", "-m", program]);
      for (const setting of [...settings, "CGO_ENABLED=0"]) {
        assert.match(said, new RegExp(`\\t${setting}$`, "m"));
      }
    });

    it(`recipe 14: ${platform} has the file of the stage that is named after its architecture`, () => {
      assert.equal(fs.readFileSync(path.join(files[platform], "limits"), "utf8"), limits);
    });
  }

  it("recipe 13: that of this machine runs", async () => {
    assert.match(await execute([path.join(files["linux/amd64"], "hello")]), /^hello from linux\/amd64, limits: /);
  });
});
