import * as assert from "node:assert/strict";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { checkCredentialStore, checkDockerContext } from "../../../../components/image/hooks/dockerConfig";
import { checkExports } from "../../../../components/image/checkExports";

describe("Docker's configuration, which ends docker-build", () => {
  let folder: string;
  let environment: NodeJS.ProcessEnv;

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-docker-"));
    environment = { DOCKER_CONFIG: folder, PATH: folder };
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  const configure = (config: unknown) => fs.writeFileSync(path.join(folder, "config.json"), JSON.stringify(config));
  const owner = "MultiPlatformImage api";

  it("names a context that is not there: it is told, with the file and the fix", () => {
    configure({ currentContext: "desktop-linux" });
    assert.throws(() => checkDockerContext(owner, environment), {
      message: new RegExp(`^${owner}: \`currentContext\` in ${folder}/config\\.json is "desktop-linux", .* Fix: `),
    });
    assert.throws(() => checkDockerContext(owner, { ...environment, DOCKER_CONTEXT: "x" }), {
      message: /: DOCKER_CONTEXT is "x"/,
    });
  });

  it("names one that is there, or that is not used: nothing is told", () => {
    configure({ currentContext: "farm" });
    checkDockerContext(owner, { ...environment, DOCKER_HOST: "tcp://10.0.0.1:2375" });
    checkDockerContext(owner, { ...environment, DOCKER_CONTEXT: "default" });
    const hash = crypto.createHash("sha256").update("farm").digest("hex");
    fs.mkdirSync(path.join(folder, "contexts/meta", hash), { recursive: true });
    checkDockerContext(owner, environment);
    for (const config of [{}, { currentContext: "" }, { currentContext: "default" }, null, [], { currentContext: 3 }]) {
      configure(config);
      checkDockerContext(owner, environment);
    }
  });

  it("names a credential store whose program is not there: it is told, with the fix", () => {
    configure({ credsStore: "nope" });
    assert.throws(() => checkCredentialStore(owner, environment), {
      message:
        /`credsStore` in .*config\.json is "nope", and there is no program docker-credential-nope on PATH, .* Fix: /,
    });
    fs.writeFileSync(path.join(folder, "docker-credential-nope"), "", { mode: 0o755 });
    checkCredentialStore(owner, environment);
    configure({ credsStore: "" });
    checkCredentialStore(owner, environment);
  });
});

describe("exports that docker-build takes now and then", () => {
  const owner = "MultiPlatformImage api";
  const local = { local: { dest: "out" } };

  it("are refused beside a push or a load, and beside each other", () => {
    const message = /docker-build takes one export of a build, and a push is one: set `push: false`/;
    assert.throws(() => checkExports(owner, { exports: [local], push: true }), { message });
    assert.throws(() => checkExports(owner, { exports: [local], load: true }), { message });
    assert.throws(() => checkExports(owner, { exports: [local, { cacheonly: {} }], push: false }), { message });
    checkExports(owner, { exports: [local], push: false });
    checkExports(owner, { exports: [{ ...local, disabled: true }], push: true });
    checkExports(owner, { exports: [], push: true });
    checkExports(owner, { push: true, load: true });
  });

  it("are refused by buildx's own program where its store is another's", () => {
    const given = process.env.BUILDX_CONFIG;
    process.env.BUILDX_CONFIG = "/elsewhere";
    try {
      assert.throws(() => checkExports(owner, { exec: true }), {
        message: /`exec` is true: .* looks? for builders in .*buildx, and BUILDX_CONFIG is \/elsewhere: unset it/,
      });
      checkExports(owner, {});
    } finally {
      process.env.BUILDX_CONFIG = given;
      if (given === undefined) {
        delete process.env.BUILDX_CONFIG;
      }
    }
    checkExports(owner, { exec: true });
  });
});
