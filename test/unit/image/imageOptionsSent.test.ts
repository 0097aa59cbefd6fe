import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { Builder, MultiPlatformImage, type NodeArgs } from "../../../components";

/** What the SDK tells the engine of a resource: https://github.com/pulumi/pulumi/blob/v3.248.0/proto/pulumi/resource.proto */
interface Registration {
  getType(): string;
  getName(): string;
  getProtect(): boolean;
  getIgnorechangesList(): string[];
  getReplaceonchangesList(): string[];
  getCustomtimeouts(): { getCreate(): string; getUpdate(): string } | undefined;
  getAliasesList(): { getUrn(): string; getSpec(): { getName(): string } | undefined }[];
}

const imageType = "docker-build:index:Image";

describe("options of the component, as the engine is told them of its images", () => {
  const context = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-options-"));
  const registrations: Registration[] = [];

  before(async () => {
    fs.writeFileSync(path.join(context, "Dockerfile"), "FROM scratch");
    await pulumi.runtime.setMocks({
      newResource: ({ name, inputs }) => ({ id: name, state: inputs as object }),
      call: ({ inputs }) => inputs as object,
    });
    const monitor = pulumi.runtime.getMonitor() as unknown as {
      registerResource: (request: Registration, ...rest: unknown[]) => unknown;
    };
    const register = monitor.registerResource.bind(monitor);
    monitor.registerResource = (request, ...rest) => {
      registrations.push(request);
      return register(request, ...rest);
    };
  });

  after(() => fs.rmSync(context, { recursive: true }));

  const nodes: NodeArgs[] = ["linux/amd64", "linux/arm64"].map((platform) => ({
    kind: "remote",
    platform: platform as "linux/amd64",
    endpoint: `unix:///run/${platform.slice(-5)}.sock`,
  }));
  const login = [{ address: "r.example", username: "acme", password: "word" }];
  const oldUrn = `urn:pulumi:stack::project::${imageType}::old`;

  async function told(name: string, registries: typeof login | undefined) {
    const builder = new Builder(name, { nodes });
    const args = { context, tags: ["r.example/api:1"], registries, builder };
    const image = new MultiPlatformImage(name, args, {
      protect: true,
      customTimeouts: { create: "2h", update: "3h" },
      ignoreChanges: ["dockerfile", "labels"],
      replaceOnChanges: ["target"],
      aliases: [oldUrn],
    });
    await new Promise((resolve) => image.ref.apply(resolve));
    const own = registrations.filter((each) => each.getType() === imageType && each.getName().startsWith(name));
    return Object.fromEntries(
      own.map((each) => [
        each.getName().slice(name.length),
        {
          protect: each.getProtect(),
          timeouts: [each.getCustomtimeouts()?.getCreate(), each.getCustomtimeouts()?.getUpdate()],
          ignoreChanges: each.getIgnorechangesList(),
          replaceOnChanges: each.getReplaceonchangesList(),
          aliases: each.getAliasesList().map((alias) => alias.getUrn() || alias.getSpec()?.getName()),
        },
      ]),
    );
  }

  const handed = {
    protect: true,
    timeouts: ["2h", "3h"],
    ignoreChanges: ["dockerfile", "labels"],
    replaceOnChanges: ["target"],
  };

  it("are those of the one image of a component, with the docker-build image of its name among its aliases", async () =>
    assert.deepEqual(await told("whole", undefined), { "": { ...handed, aliases: [oldUrn, "whole"] } }));

  it("are those of each platform's image, which builds; the index follows them, and takes the aliases", async () =>
    assert.deepEqual(await told("apart", login), {
      "-linux-amd64": { ...handed, aliases: [] },
      "-linux-arm64": { ...handed, aliases: [] },
      "": { ...handed, ignoreChanges: ["labels"], aliases: [oldUrn, "apart"] },
    }));
});
