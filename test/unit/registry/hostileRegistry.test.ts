import * as assert from "node:assert/strict";

import * as fc from "fast-check";

import { checkImage } from "../../../components/registry/checkImage";
import { digestOf, listPlatforms, readPlatformDigests } from "../../../components/registry/manifest";
import { RegistryWriter } from "../../../components/registry/push";
import { parsePulled, parseReference, registryHost } from "../../../components/registry/reference";
import { parseChallenge } from "../../../components/registry/token";
import { answering } from "../session/answers";
import { assertSentence, itEnds, runs, runsOf, textOf, withSentence } from "../support/hostile";

const words = [
  "Bearer ",
  "Basic ",
  "realm=",
  "service=",
  "scope=",
  '"',
  ",",
  "=",
  " ",
  "https://",
  "http://",
  "evil.example",
];
const places = [
  "/v2/",
  "registry.example",
  ":443",
  ":8443",
  "//",
  "@",
  "?",
  "#",
  "..",
  "u:p",
  "[",
  "%",
  "%zz",
  "file:",
];
/** What a header can hold. */
const header = textOf(...words, ...places).map((text) => text.replace(/[^\x20-\x7e]/g, "").trim());

describe("a registry that answers anything", () => {
  let restore: () => void;
  let asked: [url: URL, authorization: string | undefined][];
  let answers: Response[];

  before(() => {
    restore = answering(({ url, headers }) => {
      asked.push([url, headers.Authorization]);
      return answers.shift() ?? new Response(null, { status: 201 });
    });
  });
  after(() => restore());

  it("has no login that is meant for its own domain, and none without TLS", async () => {
    const token = fc
      .oneof(fc.jsonValue(), fc.record({ token: fc.anything() }))
      .map((value) => JSON.stringify(value) ?? "");
    const status = fc.constantFrom(200, 202, 307, 308, 401, 500);
    const check = async (challenge: string, body: string, first: number, place: string, second: string) => {
      asked = [];
      answers = [
        new Response(null, { status: 401, headers: { "www-authenticate": challenge } }),
        ...(/^bearer /i.test(challenge) && parseChallenge(challenge).realm ? [new Response(body)] : []),
        new Response(null, { status: first, headers: { location: place } }),
        new Response(null, { status: 307, headers: { location: second } }),
      ];
      const repository = { registry: "registry.example", repository: "app", isInsecure: false };
      const writer = new RegistryWriter(repository, { username: "ci", password: "hunter2" });
      await writer.pushBlob(Buffer.from("{}")).catch(assertSentence);
      for (const [{ protocol, host }, authorization] of asked) {
        assert.equal(protocol, "https:");
        assert.ok(
          authorization === undefined || /(^|\.)registry\.example(:|$)/.test(host),
          `${host} gets ${authorization}`,
        );
      }
      assert.ok(asked.length < 20);
    };
    const bearer = header.map((realm) => `Bearer realm="https://${realm.replaceAll('"', "")}",service="s"`);
    const place = fc.oneof(
      header,
      header.map((rest) => `https://${rest}`),
      fc.constant("/upload"),
    );
    const challenge = fc.oneof(header, bearer, fc.constant('Bearer realm="https://auth.registry.example/token"'));
    await fc.assert(fc.asyncProperty(challenge, token, status, place, place, check), runsOf(500));
  });

  it("has manifests that are read, or refused with a sentence", () => {
    const platform = fc.record({ os: fc.anything(), architecture: fc.constantFrom("amd64", "__proto__", 1, null) });
    const entry = fc.oneof(fc.jsonValue(), fc.record({ digest: fc.constantFrom("sha256:a", 1), platform }));
    const value = fc.oneof(fc.jsonValue(), fc.record({ manifests: fc.oneof(fc.jsonValue(), fc.array(entry)) }));
    const check = (given: unknown) => {
      const bytes = Buffer.from(JSON.stringify(given) ?? "");
      withSentence(() => readPlatformDigests("ref", digestOf(bytes), bytes, ["linux/amd64"]));
      withSentence(() => listPlatforms(bytes));
    };
    fc.assert(fc.property(value, check), runs);
  });

  it("is named by a reference, or refused with a sentence", async () => {
    const text = textOf(
      "a",
      "A",
      "/",
      ":",
      "@",
      "sha256:",
      "aa",
      ".",
      "..",
      "-",
      "_",
      "0",
      "localhost",
      "://",
      "[::1]",
    );
    const check = async (tag: string) => {
      const parsed = parseReference(tag);
      assert.ok("problem" in parsed ? parsed.problem !== "" : parsed.repository !== "");
      parsePulled(tag);
      registryHost(tag);
      const image = { digest: "sha256:../../x", ref: "", tag, isPushed: false, wasPushedNow: true };
      await checkImage({ ...image, platforms: [], logins: [], insecureRegistries: [] });
    };
    await fc.assert(fc.asyncProperty(text, check), runs);
  });

  itEnds("a challenge", parseChallenge, ['realm="', 'realm="a"', "realm", '"', " ", "Bearer "]);
  itEnds("a reference", (text) => [parseReference(text), parsePulled(text), registryHost(text)], [
    "a",
    "a/",
    "a-",
    "_",
    ":",
    "@",
    "a.",
  ]);
});
