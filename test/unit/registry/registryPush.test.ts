import * as assert from "node:assert/strict";
import * as http from "node:http";
import type { AddressInfo } from "node:net";

import { digestOf } from "../../../components/registry/manifest";
import { RegistryWriter } from "../../../components/registry/push";
import { parseChallenge } from "../../../components/registry/token";

describe("provenance: pushes", () => {
  const requests: string[] = [];
  let server: http.Server;
  let registry: string;
  let subjectHeader: Record<string, string> = {};
  let refusal: number | undefined;

  before(async () => {
    server = http.createServer((request, response) => {
      const { method, url = "", headers } = request;
      requests.push(`${method} ${url} ${headers.authorization ?? "-"}`);
      request.resume();
      if (url.startsWith("/token")) {
        response.end(JSON.stringify({ token: "granted" }));
      } else if (headers.authorization !== "Bearer granted") {
        const realm = `http://${headers.host}/token`;
        const challenge = `Bearer realm="${realm}",service="registry",scope="repository:app:pull,push"`;
        response.writeHead(401, { "WWW-Authenticate": challenge }).end();
      } else if (refusal) {
        response.writeHead(refusal).end();
      } else if (method === "POST") {
        response.writeHead(202, { Location: "/upload?state=1" }).end();
      } else {
        response.writeHead(201, subjectHeader).end();
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    registry = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  after(() => server.close());

  const writer = () =>
    new RegistryWriter({ registry, repository: "app", isInsecure: false }, { username: "u", password: "p" });

  it("asks for a token with the login, for the scope that the registry names, and uploads with it", async () => {
    await writer().pushBlob(Buffer.from("{}"));
    assert.deepEqual(requests.splice(0), [
      "POST /v2/app/blobs/uploads/ -",
      "GET /token?service=registry&scope=repository%3Aapp%3Apull%2Cpush Basic dTpw",
      "POST /v2/app/blobs/uploads/ Bearer granted",
      `PUT /upload?state=1&digest=${encodeURIComponent(digestOf(Buffer.from("{}")))} Bearer granted`,
    ]);
  });

  it("knows by the registry's header whether the registry lists referrers itself", async () => {
    assert.equal(await writer().pushManifest("sha256-1", Buffer.from("{}"), "application/json"), false);
    subjectHeader = { "OCI-Subject": "sha256:1" };
    assert.equal(await writer().pushManifest("sha256-1", Buffer.from("{}"), "application/json"), true);
  });

  it("fails with the registry's name, the request and its status", async () => {
    refusal = 403;
    const expected = `the registry ${registry} answers POST /v2/app/blobs/uploads/ with 403`;
    await assert.rejects(writer().pushBlob(Buffer.from("{}")), { message: expected });
  });

  it("reads a challenge", () => {
    const challenge = 'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a:pull"';
    const expected = { realm: "https://auth.example/token", service: "registry.example", scope: "repository:a:pull" };
    assert.deepEqual(parseChallenge(challenge), expected);
    assert.deepEqual(parseChallenge('Basic realm="Registry"'), { realm: "Registry" });
  });
});
