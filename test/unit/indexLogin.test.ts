import * as assert from "node:assert/strict";

import { explainIndexLogin } from "../../components/build/indexLogin";
import { findCredential } from "../../components/registry/credentials";

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
