import * as assert from "node:assert/strict";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import * as os from "node:os";
import * as path from "node:path";

import { checkBuildKit, dockerHost } from "../../../../components/image/hooks/dockerConfig";
import { refuseWithoutEngine } from "../../../../components/image/hooks/loadEngine";

const owner = "MultiPlatformImage api";

describe("`load` into a Docker engine", () => {
  let folder: string;
  let environment: NodeJS.ProcessEnv;

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-load-"));
    environment = { DOCKER_CONFIG: folder };
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  /** A Docker context of this name. */
  function addContext(name: string, host: unknown): void {
    const place = path.join(folder, "contexts/meta", crypto.createHash("sha256").update(name).digest("hex"));
    fs.mkdirSync(place, { recursive: true });
    fs.writeFileSync(
      path.join(place, "meta.json"),
      JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }),
    );
  }

  it("goes where Docker's client looks for one", () => {
    assert.equal(dockerHost(undefined, environment), "unix:///var/run/docker.sock");
    fs.writeFileSync(path.join(folder, "config.json"), JSON.stringify({ currentContext: "colima" }));
    assert.equal(dockerHost(undefined, environment), undefined);
    addContext("colima", "unix:///colima.sock");
    assert.equal(dockerHost(undefined, environment), "unix:///colima.sock");
    addContext("other", "ssh://host");
    assert.equal(dockerHost(undefined, { ...environment, DOCKER_CONTEXT: "other" }), "ssh://host");
    addContext("odd", 3);
    assert.equal(dockerHost(undefined, { ...environment, DOCKER_CONTEXT: "odd" }), undefined);
    assert.equal(dockerHost(undefined, { ...environment, DOCKER_CONTEXT: "default" }), "unix:///var/run/docker.sock");
    assert.equal(dockerHost(undefined, { ...environment, DOCKER_HOST: "tcp://h:1" }), "tcp://h:1");
    assert.equal(dockerHost("unix:///given", { ...environment, DOCKER_HOST: "tcp://h:1" }), "unix:///given");
  });

  it("is refused where none answers, with the place and the fix", async () => {
    const message = (endpoint: string, cause: RegExp) =>
      new RegExp(
        `^${owner}: \`load\` is true: no Docker engine answers at ${endpoint} \\(${cause.source}\\); start one where .* DOCKER_HOST .*, or push`,
      );
    const endpoint = `unix://${folder}/none.sock`;
    await assert.rejects(refuseWithoutEngine(owner, undefined, { ...environment, DOCKER_HOST: endpoint }), {
      name: "BuildError",
      message: message(endpoint, /nothing listens there|.*/),
    });
    await assert.rejects(refuseWithoutEngine(owner, "tcp://127.0.0.1:1", environment), {
      message: message("tcp://127.0.0.1:1", /.+/),
    });
  });

  it("is let through where one answers, or can't be asked from here", async () => {
    const socket = path.join(folder, "docker.sock");
    const server = http.createServer((_, response) =>
      response.end(JSON.stringify({ Version: "28.0.0", Arch: "amd64" })),
    );
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    try {
      await refuseWithoutEngine(owner, `unix://${socket}`, environment);
    } finally {
      server.close();
    }
    await refuseWithoutEngine(owner, "ssh://host", environment);
    await refuseWithoutEngine(owner, "tcp://127.0.0.1:1", { ...environment, DOCKER_TLS_VERIFY: "1" });
    await refuseWithoutEngine(owner, undefined, { ...environment, DOCKER_CONTEXT: "gone" });
  });
});

describe("DOCKER_BUILDKIT", () => {
  for (const value of ["0", "false", "no", "F"]) {
    it(`is told where it is ${value}`, () =>
      assert.throws(() => checkBuildKit(owner, { DOCKER_BUILDKIT: value }), {
        name: "BuildError",
        message: new RegExp(`^${owner}: DOCKER_BUILDKIT in the environment is "${value}", .* Fix: unset it`),
      }));
  }
  it("is none where it is not set, empty or true", () => {
    for (const value of [undefined, "", "1", "true", "T"]) {
      checkBuildKit(owner, { DOCKER_BUILDKIT: value });
    }
  });
});
