import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { findPackage, moduleFile, packageFile } from "../../../components/support/packageFiles";

const repository = path.resolve(__dirname, "../../..");
const name = "pulumi-multi-platform-image";

describe("the package's own files", () => {
  let folder: string;

  beforeEach(() => (folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "mpi-package-")))));
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  /** A program with the package beside it, as npm installs it. */
  function install(): string {
    const installed = path.join(folder, "node_modules", name);
    fs.mkdirSync(path.join(installed, "dist"), { recursive: true });
    fs.writeFileSync(path.join(installed, "package.json"), JSON.stringify({ name }));
    return installed;
  }

  it("are beside its modules", () => {
    assert.deepEqual(findPackage(), { folder: repository, library: path.join(repository, "components") });
    assert.equal(packageFile("components/nodes/ec2/machine"), path.join(repository, "components/nodes/ec2/machine"));
    assert.equal(moduleFile("nodes/local/run/watch"), path.join(repository, "components/nodes/local/run/watch.ts"));
  });

  for (const [title, ownFolder] of [
    ["a file of the program", () => path.join(folder, "bin")],
    ["a file of the program's first folder", () => folder],
    ["a module, which has no folder of its own", () => null],
  ] as const) {
    it(`are found by the package's name where a bundler has made ${title} of them`, () => {
      const installed = install();
      fs.writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name: "program" }));
      const expected = { folder: installed, library: path.join(installed, "dist") };
      assert.deepEqual(findPackage(ownFolder(), folder), expected);
    });
  }

  it("are missing in one sentence where only the bundle is there", () =>
    assert.throws(() => findPackage(path.join(folder, "bin"), folder), {
      name: "BuildError",
      message:
        /^files of the package \S+ are missing: this program was bundled, .* Fix: have the bundler leave it alone \(`--external:pulumi-multi-platform-image` of esbuild\)/,
    }));
});
