import * as assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

const repository = path.resolve(__dirname, "../../..");

describe("an import of the package", () => {
  it("loads nothing that hooks alone have use of, and no module of a provider whose resources nobody has declared", function () {
    this.timeout(60_000);
    const program = 'require("./components"); console.log(JSON.stringify(Object.keys(require.cache)))';
    const text = execFileSync(process.execPath, ["--require", "ts-node/register/transpile-only", "-e", program], {
      cwd: repository,
      encoding: "utf8",
    });
    const loaded = JSON.parse(text) as string[];
    const hooks = loaded.filter((file) =>
      /components\/(nodes\/.*\/run\/|session\/(?!placement)|buildkit\/(client|protocol)|image\/hooks\/purposes|transport\/(relay|dial)|insights\/(readBuild|writtenReports|html))/.test(
        file,
      ),
    );
    const packages = loaded.filter((file) =>
      /node_modules\/(@aws-sdk|@grpc\/proto-loader|undici|dockerfile-ast|psl|@pulumi\/(aws|tls))\//.test(file),
    );
    for (const there of ["nodes/ec2/run/access", "session/session", "buildkit/client", "image/hooks/purposes"]) {
      assert.ok(fs.existsSync(path.join(repository, "components", `${there}.ts`)), there);
    }
    assert.ok(loaded.some((file) => file.endsWith("components/image/multiPlatformImage.ts")));
    assert.deepEqual({ hooks, packages }, { hooks: [], packages: [] });
  });
});
