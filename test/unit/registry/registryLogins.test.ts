import * as assert from "node:assert/strict";

import { RegistryWriter } from "../../../components/registry/push";
import { registryUrl } from "../../../components/registry/read";
import { answering } from "../session/answers";

describe("the URL of a registry", () => {
  for (const host of ["127.0.0.1:5000", "127.8.8.8", "localhost:5000", "[::1]:5000"]) {
    it(`is without TLS on this machine: ${host}`, () => assert.equal(registryUrl(host).protocol, "http:"));
  }
  for (const host of ["127.evil.example", "127.0.0.1.example.com:5000", "localhost.example.com", "ghcr.io"]) {
    it(`is with TLS elsewhere: ${host}`, () => assert.equal(registryUrl(host).protocol, "https:"));
  }
});

type Answer = [status: number, headers?: Record<string, string>, body?: string];

/** What a registry behind TLS is asked for, in order, and answers. */
describe("a login for pushing to a registry", () => {
  let restore: () => void;
  let asked: string[];
  let answers: Answer[];

  beforeEach(() => {
    asked = [];
    restore = answering(({ url, method, headers: { Authorization = "-" } }) => {
      asked.push(`${method} ${url.href} ${Authorization}`);
      const [status, headers, body = ""] = answers.shift() ?? [500];
      return new Response(body, { status, headers });
    });
  });
  afterEach(() => restore());

  const login = "Basic Y2k6aHVudGVyMg==";
  const push = (registry = "registry.example") =>
    new RegistryWriter({ registry, repository: "app", isInsecure: false }, { username: "ci", password: "hunter2" });
  const pushBlob = (registry?: string) => push(registry).pushBlob(Buffer.from("{}"));
  const wantsBasic: Answer = [401, { "www-authenticate": 'Basic realm="x"' }];
  const wantsToken = (realm: string): Answer => [401, { "www-authenticate": `Bearer realm="${realm}",service="s"` }];

  for (const [title, place, message] of [
    [
      "its own name without TLS, as registries behind a proxy do",
      "http://registry.example/v2/upload?state=1",
      /registry\.example leads to http:\/\/registry\.example, without TLS\. Fix: have the proxy .* X-Forwarded-Proto/,
    ],
    ["another host without TLS", "http://storage.example/upload", /leads to http:\/\/storage\.example, without TLS/],
    ["what is no URL", "https://[", /gives no URL for an upload/],
    ["a file", "file:///etc/passwd", /gives no URL for an upload/],
    ["nowhere", "", /gives no URL for an upload/],
  ] as const) {
    it(`is not sent on where an upload is to ${title}`, async () => {
      answers = [wantsBasic, [202, place ? { location: place } : {}]];
      await assert.rejects(pushBlob(), { name: "BuildError", message });
      assert.equal(asked.length, 2);
    });

    it(`is not sent on where an upload is redirected to ${title}`, async () => {
      answers = [wantsBasic, [202, { location: "/upload" }], [307, place ? { location: place } : {}]];
      await assert.rejects(pushBlob(), { name: "BuildError", message });
      assert.equal(asked.length, 3);
    });
  }

  it("is for the registry's own scheme, name and port", async () => {
    for (const place of ["https://storage.example/upload", "https://registry.example:8443/upload"]) {
      answers = [wantsBasic, [202, { location: place }], [307, { location: "/there" }], [201]];
      await pushBlob();
      const authorizations = asked.splice(0).map((line) => line.split(" ").slice(2).join(" "));
      assert.deepEqual(authorizations, ["-", login, "-", "-"]);
    }
  });

  for (const [registry, realm] of [
    ["registry.example", "https://evil.example/token"],
    ["registry.example", "http://registry.example/token"],
    ["a.co.uk", "https://b.co.uk/token"],
    ["registry.example", "https://registry.example.evil.example/token"],
    ["registry.example", "https://"],
  ]) {
    it(`of ${registry} is not exchanged for a token at ${realm}`, async () => {
      answers = [wantsToken(realm), [200, {}, '{"token":"t"}']];
      await assert.rejects(pushBlob(registry), { name: "BuildError", message: /wants its login sent to http/ });
      assert.equal(asked.length, 1);
    });
  }

  for (const [registry, realm] of [
    ["registry.example", "https://registry.example/token"],
    ["docker.io", "https://auth.docker.io/token"],
    ["acme.azurecr.io", "https://acme.azurecr.io/oauth2/token"],
    ["eu.gcr.io", "https://gcr.io/v2/token"],
  ]) {
    it(`of ${registry} is exchanged for a token at ${realm}`, async () => {
      answers = [wantsToken(realm), [200, {}, '{"token":"t"}'], [202, { location: "/upload" }], [201]];
      await pushBlob(registry);
      assert.equal(asked[1], `GET ${realm}?service=s ${login}`);
      assert.match(asked[3], /Bearer t$/);
    });
  }

  for (const [title, answer] of [
    ["no JSON", [200, {}, "<html>"]],
    ["nothing", [200, {}, "null"]],
    ["a token that breaks a header", [200, {}, JSON.stringify({ token: "a\r\nHost: b" })]],
    ["a refusal", [403]],
  ] as [string, Answer][]) {
    it(`fails with a sentence when it is answered with ${title}`, async () => {
      answers = [wantsToken("https://registry.example/token"), answer];
      await assert.rejects(pushBlob(), { name: "BuildError", message: /the login for registry\.example with/ });
    });
  }
});
