import * as assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";

import { nightly } from "../../tier";

const root = path.resolve(__dirname, "../../..");
const page = "README.md";

describe("the API reference", function () {
  this.timeout(300_000);
  const made = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-api-"));

  after(() => fs.rmSync(made, { recursive: true }));

  nightly.it("is what TSDoc says: `npm run docs` makes it", async () => {
    const typedoc = path.join(path.dirname(require.resolve("typedoc/package.json")), "bin/typedoc");
    await promisify(execFile)(process.execPath, [typedoc, "--out", made], { cwd: root });
    const [kept, now] = [path.join(root, "docs/api"), made].map((folder) =>
      fs.readFileSync(path.join(folder, page), "utf8"),
    );
    assert.equal(kept, now, "docs/api is old. Fix: `npm run docs`");
  });
});
