import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { readIgnored } from "../../../components/context/files";
import { describeCost } from "../../../components/image/context/prepare";

describe("the files of a context's author", () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-files-"));
  after(() => fs.rmSync(root, { recursive: true }));

  for (const name of [".dockerignore", "Dockerfile.dockerignore"]) {
    it(`fails with a sentence where ${name} leads to a device, or is far too large`, () => {
      const file = path.join(root, name);
      fs.rmSync(file, { force: true });
      fs.symlinkSync("/dev/zero", file);
      assert.throws(() => readIgnored(file), /^BuildError: .* is no regular file/);
      fs.rmSync(file);
      fs.writeFileSync(file, "x".repeat(5_000_000));
      assert.throws(() => readIgnored(file), /^BuildError: .* has 5000000 bytes: at most \d+ are read/);
    });
  }
});

describe("the staged copy of a context, when it takes long,", () => {
  it("tells its cost", () => {
    const cost = { files: 1200, read: 30, linked: 1190, copied: 10, copiedBytes: 3 << 20, milliseconds: 2_340 };
    assert.equal(
      describeCost("./api", { location: ".multi-platform-image/contexts/00", cost }),
      "context ./api: 1200 files, 30 of them read, in 2.3 s; for the copy in .multi-platform-image/contexts/00, 1190 were linked and " +
        "10 (3.0 MB) copied. A .dockerignore makes it less (docs/digests.md).",
    );
  });
});
