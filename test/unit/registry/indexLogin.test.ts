import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";

import { explainIndexLogin } from "../../../components/session/explainIndexLogin";
import { findCredential } from "../../../components/registry/credentials";
import type { RegistryLogin } from "../../../components/registry/logins";
import { refuseIdentityToken, refuseWithoutIndexLogin } from "../../../components/registry/indexLogin";

const node = (platform: "linux/amd64" | "linux/arm64") => ({
  name: platform,
  platform,
  address: "tcp://10.0.0.1:1234",
});
const nodes = [node("linux/amd64"), node("linux/arm64")];
const refused = "httpReadSeeker: unexpected status from GET request to https://r.example/v2/a: 401 Unauthorized";

describe("the login of an index of several nodes", () => {
  it("is explained where a registry refuses it", () =>
    assert.match(explainIndexLogin(nodes, ["linux/amd64", "linux/arm64"], refused) ?? "", /with Docker's own login/));

  it("is not what one node lacks, nor what another error is about", () => {
    assert.equal(explainIndexLogin(nodes, ["linux/arm64"], refused), undefined);
    assert.equal(explainIndexLogin(nodes, ["linux/amd64", "linux/arm64"], "exit code: 1"), undefined);
  });
});

describe("Docker's own login", () => {
  const before = process.env.DOCKER_AUTH_CONFIG;

  afterEach(() => {
    if (before === undefined) {
      delete process.env.DOCKER_AUTH_CONFIG;
    } else {
      process.env.DOCKER_AUTH_CONFIG = before;
    }
  });

  it("is found in the environment", async () => {
    const auth = Buffer.from("acme:pass:word").toString("base64");
    process.env.DOCKER_AUTH_CONFIG = JSON.stringify({ auths: { "https://r.example": { auth } } });
    assert.deepEqual(await findCredential("r.example", []), { username: "acme", password: "pass:word" });
  });

  for (const text of ["", "null", "no JSON"]) {
    it(`is nothing where that is ${JSON.stringify(text)}`, async () => {
      process.env.DOCKER_AUTH_CONFIG = text;
      assert.equal(await findCredential("nobody.example", []), undefined);
    });
  }
});

describe("a login that docker-build has and does not push with", () => {
  const owner = "MultiPlatformImage api";
  let folder: string;
  let server: http.Server;
  let registry: string;
  const { DOCKER_CONFIG: given } = process.env;

  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-login-"));
    process.env.DOCKER_CONFIG = folder;
    server = http.createServer((_, response) => response.writeHead(401, { "WWW-Authenticate": "Basic" }).end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    registry = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.close();
    fs.rmSync(folder, { recursive: true });
    if (given === undefined) {
      delete process.env.DOCKER_CONFIG;
    } else {
      process.env.DOCKER_CONFIG = given;
    }
  });

  const configure = (login: object) =>
    fs.writeFileSync(path.join(folder, "config.json"), JSON.stringify({ auths: { [registry]: login } }));
  const login = () => ({ address: registry, username: "ci", password: "p" });
  const pushed = (logins: RegistryLogin[] = [], providerLogins: RegistryLogin[] = []) => ({
    owner,
    tags: [`${registry}/app:1`],
    logins,
    providerLogins,
  });

  it("is the provider's: refused for an index, with another fix than the image's own", async () => {
    await assert.rejects(
      refuseWithoutIndexLogin(pushed([], [login()])),
      /wants a login that Docker's configuration lacks\. .* not with the one that its provider has .* Fix: give that login in `registries` of the image$/,
    );
    await assert.rejects(refuseWithoutIndexLogin(pushed([login()])), /not with `registries` or `repository`/);
    await refuseWithoutIndexLogin(pushed());
    configure({ username: "ci", password: "p" });
    await refuseWithoutIndexLogin(pushed([], [login()]));
  });

  it("is an identity token, as `az acr login` leaves it: refused, where nothing else is there", async () => {
    configure({
      auth: Buffer.from("00000000-0000-0000-0000-000000000000:").toString("base64"),
      identitytoken: "x.y.z",
    });
    await assert.rejects(refuseIdentityToken(pushed()), {
      name: "BuildError",
      message:
        /Docker's configuration has an identity token for it, which @pulumi\/docker-build 0\.0\.22 does not pass on\. Fix: give a name and a password in `registries`; of Azure's .*`az acr login --expose-token`/,
    });
    await refuseIdentityToken(pushed([login()]));
    await refuseIdentityToken(pushed([], [login()]));
    configure({ username: "ci", password: "p" });
    await refuseIdentityToken(pushed());
  });

  it("is an identity token of a credential helper", async () => {
    const helper = path.join(folder, "docker-credential-fake");
    fs.writeFileSync(helper, '#!/bin/sh\necho \'{"Username":"<token>","Secret":"x.y.z"}\'\n', { mode: 0o755 });
    fs.writeFileSync(path.join(folder, "config.json"), JSON.stringify({ credsStore: "fake" }));
    const { PATH } = process.env;
    process.env.PATH = `${folder}:${PATH}`;
    try {
      await assert.rejects(refuseIdentityToken(pushed()), /an identity token/);
      assert.equal(await findCredential(registry, []), undefined);
    } finally {
      process.env.PATH = PATH;
    }
  });
});
