import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { compiled } from "./compiled";
import { Stack } from "./stack";

const program = (libraries: readonly string[]) => `
const pulumi = require("@pulumi/pulumi");
for (const [at, library] of ${JSON.stringify(libraries)}.entries()) {
  const { Builder, MultiPlatformImage } = require(library);
  const parent = new pulumi.ComponentResource("acme:index:Service" + at, "service");
  const nodes = [{ kind: "remote", name: "one", platform: "linux/amd64", endpoint: "unix:///nowhere/buildkitd.sock" }];
  const builder = new Builder("builder", { nodes }, { parent });
  const tags = ["registry.example/api-" + at + ":1"];
  new MultiPlatformImage("api", { builder, context: "./app", platforms: ["linux/amd64"], tags }, { parent });
}
`;

describe("two copies of the package in one program", function () {
  this.timeout(120_000);

  it("may each have an image of the same name", async () => {
    const library = path.dirname(await compiled(path.resolve(__dirname, "../../components/index")));
    const stack = await Stack.create({ builder: undefined, images: {} });
    stack.write("app/Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
    const copy = path.join(stack.directory, "vendor");
    fs.mkdirSync(copy);
    fs.cpSync(library, path.join(copy, "components"), { recursive: true });
    for (const name of ["node_modules", "package.json"]) {
      fs.symlinkSync(path.join(library, "..", name), path.join(copy, name));
    }
    stack.write("index.js", program([library, path.join(copy, "components")]));
    const { code, output } = await stack.preview();
    assert.equal(code, 0, output);
    assert.equal(output.match(/image api would be built: .*\n +on node one/g)?.length, 2, output);
  });
});
