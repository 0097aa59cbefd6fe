import * as assert from "node:assert/strict";
import * as zlib from "node:zlib";

import { Root } from "protobufjs";

import { dockerbuild } from "../../../components/insights/dockerbuild/bundle";
import { jsonMaskOf, textMaskOf, valueMaskOf } from "../../../components/insights/dockerbuild/maskBytes";
import { maskExport } from "../../../components/insights/dockerbuild/maskExport";
import { maskLog } from "../../../components/insights/dockerbuild/maskLog";
import type { BuildHistoryRecord } from "../../../components/insights/dockerbuild/readExport";

const secret = 'p<a&ss"word-1\\x';
const stars = (text: string) => "*".repeat(Buffer.byteLength(text));
const values = valueMaskOf([secret, "zwölf-Boxkämpfer", "line one\r\nline two", "abc"]);
const masked = (mask: (bytes: Buffer) => Buffer, text: string) => mask(Buffer.from(text)).toString();

describe("insights: what a .dockerbuild file hides", () => {
  it("values, of the same length: as they are, line by line, and in JSON of Go, also in JSON that is in JSON", () => {
    const go = (text: string) =>
      JSON.stringify(text).replace(/[<>&]/g, (each) => `\\u00${each.charCodeAt(0).toString(16)}`);
    for (const text of [secret, "zwölf-Boxkämpfer", "line two", go(secret), go(go(secret)), JSON.stringify(secret)]) {
      const inner = text.replace(/^"|"$/g, "");
      const found = masked(values, `before ${text} after`);
      assert.equal(Buffer.byteLength(found), Buffer.byteLength(`before ${text} after`));
      assert.ok(!found.includes(inner) && !found.includes("ss"), found);
    }
    assert.equal(masked(values, "abc stays"), "abc stays");
  });

  it("logins of URLs, and not an ssh user or an image's digest", () => {
    assert.equal(masked(textMaskOf(values), "ADD https://me:pass@host/x"), "ADD https://********host/x");
    for (const same of ["ssh://git@host/x", "docker-image://base@sha256:1234"]) {
      assert.equal(masked(textMaskOf(values), same), same);
    }
  });

  it("in JSON also what is in base64, and what buildx hides; what only looks like base64 stays", () => {
    const json = jsonMaskOf(values);
    const inBase64 = (text: string) => JSON.stringify({ data: Buffer.from(text).toString("base64") });
    assert.equal(masked(json, inBase64(`some ${secret} text`)), inBase64(`some ${stars(secret)} text`));
    assert.equal(
      masked(json, '{"a":"--token=xyz123 b","id":"containerimage"}'),
      '{"a":"--token=****** b","id":"containerimage"}',
    );
  });

  it("in a log what came in two pieces of one stream, and leaves all else of it as it was", () => {
    const log = logOf([
      [0, 1, "begin zwölf-"],
      [1, 1, "between"],
      [0, 2, "Box"],
      [0, 1, "Boxkämpfer end"],
      [0, 1, `https://me:pass@host`],
    ]);
    const found = maskLog(log, values);
    assert.equal(found.length, log.length);
    assert.deepEqual(
      messagesIn(found).map(({ msg }) => msg.toString("latin1").replace(/\*+/, "*")),
      ["begin *", "between", "Box", "* end", "https://*host"],
    );
    assert.deepEqual(maskLog(log, valueMaskOf([])).subarray(0, 40), log.subarray(0, 40));
  });

  it("in the record, with caches' keys, and every blob has the digest by which it is named", () => {
    const bytes = Buffer.from(JSON.stringify({ env: [`A=${secret}`] }));
    const record: BuildHistoryRecord = {
      Ref: "ref",
      FrontendAttrs: {
        "build-arg:A": secret,
        "label:empty": "",
        "cache-imports": JSON.stringify([{ Type: "s3", Attrs: { ref: "r", secret_access_key: "key-of-a-bucket" } }]),
      },
      logs: null,
      externalError: null,
      trace: {
        media_type: "application/vnd.buildkit.otlp.json.v0",
        digest: "sha256:old",
        size: `${bytes.length}`,
        annotations: {},
      },
      Result: null,
      Results: {},
    };
    const build = maskExport(
      { record, defaultPlatform: "linux/amd64", blobs: new Map([["sha256:old", bytes]]) },
      values,
    );
    const [[digest]] = build.blobs;
    assert.equal(build.record.trace?.digest, digest);
    const text = zlib.gunzipSync(dockerbuild([build])).toString("latin1");
    assert.ok(text.includes(digest) && text.includes('"label:empty": ""') && text.includes(String.raw`\"ref\":\"r\"`));
    for (const hidden of [secret, "word-1", "key-of-a-bucket", "sha256:old"]) {
      assert.ok(!text.includes(hidden), hidden);
    }
  });
});

const statusType = Root.fromJSON({
  nested: {
    Status: { fields: { logs: { rule: "repeated", type: "Log", id: 3 } } },
    Log: {
      fields: { vertex: { type: "string", id: 1 }, stream: { type: "int64", id: 3 }, msg: { type: "bytes", id: 4 } },
    },
  },
}).lookupType("Status");

/** As BuildKit writes it: each message behind its length. */
function logOf(pieces: readonly [step: number, stream: number, text: string][]): Buffer {
  const messages = pieces.map(([step, stream, text]) => {
    const logs = [{ vertex: `sha256:${step}`, stream, msg: Buffer.from(text) }];
    const bytes = Buffer.from(statusType.encode(statusType.fromObject({ logs })).finish());
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return Buffer.concat([length, bytes]);
  });
  return Buffer.concat(messages);
}

function messagesIn(log: Buffer): { msg: Buffer }[] {
  const found: { msg: Buffer }[] = [];
  for (let at = 0; at < log.length; at += 4 + log.readUInt32LE(at)) {
    const bytes = log.subarray(at + 4, at + 4 + log.readUInt32LE(at));
    const { logs } = statusType.toObject(statusType.decode(bytes), { bytes: Buffer }) as { logs: { msg: Buffer }[] };
    found.push(...logs);
  }
  return found;
}
