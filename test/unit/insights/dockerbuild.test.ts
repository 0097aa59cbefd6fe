import * as assert from "node:assert/strict";
import * as zlib from "node:zlib";

import { Root } from "protobufjs";

import { dockerbuild } from "../../../components/insights/dockerbuild/bundle";
import { maskExport } from "../../../components/insights/dockerbuild/maskExport";
import { jsonMaskOf } from "../../../components/insights/dockerbuild/maskJson";
import { maskLog } from "../../../components/insights/dockerbuild/maskLog";
import { maskStatus } from "../../../components/insights/dockerbuild/maskStatus";
import {
  type Mask,
  masked as maskedBytes,
  textMaskOf,
  valueMaskOf,
} from "../../../components/insights/dockerbuild/maskText";
import type { BuildHistoryRecord } from "../../../components/insights/dockerbuild/readExport";
import { emptyRecord } from "./insightReports";

const secret = 'p<a&ss"word-1\\x';
const stars = (text: string) => "*".repeat(Buffer.byteLength(text));
const values = valueMaskOf([secret, "zwölf-Boxkämpfer", "line one\r\nline two", "abc"]);
const masked = (mask: Mask, text: string) => maskedBytes(Buffer.from(text), mask).toString();
const inBase64 = (text: string) => Buffer.from(text).toString("base64");
/** Arguments as builds have them, each of which is in any record. */
const ordinary = [
  "false",
  "true",
  "null",
  "trace",
  "error",
  "logs",
  "sha256",
  "8080",
  "1718000000",
  "https",
  "application",
];

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
    assert.equal(masked(textMaskOf(values), "ADD https://me:pàss@host/x"), "ADD https://*********host/x");
    for (const same of ["ssh://git@host/x", "docker-image://base@sha256:1234"]) {
      assert.equal(masked(textMaskOf(values), same), same);
    }
  });

  it("in JSON also what is in base64, and what buildx hides; what only looks like base64 stays", () => {
    const json = jsonMaskOf(values);
    const found = (value: string) => (JSON.parse(masked(json, JSON.stringify({ value }))) as { value: string }).value;
    assert.equal(found(inBase64(`some ${secret} text`)), inBase64(`some ${stars(secret)} text`));
    assert.equal(found("--token=xyz123 b"), "--token=****** b");
    assert.equal(found('--token="abc" b'), `--token=${"*".repeat(String.raw`\"abc\"`.length)} b`);
    const short = jsonMaskOf(valueMaskOf(["hunter2", "zwölf"]));
    for (const value of ["hunter2", "zwölf", "7 hunter2 and more"]) {
      assert.doesNotMatch(masked(short, JSON.stringify({ value: inBase64(value) })), new RegExp(inBase64(value)));
    }
  });

  it("in JSON texts alone, with their escapes, and leaves keys, numbers and all that it is read by", () => {
    const json = jsonMaskOf(valueMaskOf(ordinary));
    const digest = `sha256:${"8080".repeat(16)}`;
    const kept = {
      pinned: false,
      trace: { media_type: "application/vnd.buildkit.otlp.json.v0", digest, size: "8080" },
      error: null,
      logs: { mediaType: "application/vnd.oci.image.index.v1+json", size: 8080, complete: true },
      CreatedAt: { seconds: "1718000000", nanos: 80808080 },
      subject: { digest: { sha256: "8080".repeat(16) }, ref: `base:1@${digest}` },
      predicateType: "https://slsa.dev/provenance/v0.2",
      annotations: { "in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2" },
      Attributes: [{ Key: "rpc", Value: { Type: "BOOL", Value: false } }],
      "containerimage.descriptor": inBase64(JSON.stringify({ digest, size: 8080, none: null })),
    };
    const text = JSON.stringify(kept, undefined, 1);
    assert.equal(masked(json, text), text);
    const two = '{"a": false}\n{"a": "false \\u003c \\"trace\\""}\n';
    assert.equal(masked(json, two), two.replace("false \\", "***** \\").replace("trace", "*****"));
    assert.equal(masked(json, "false, and no JSON"), "*****, and no JSON");
    const inText = inBase64('{"pin": 8080}');
    assert.equal(masked(json, JSON.stringify({ data: inText })), JSON.stringify({ data: inBase64('{"pin": ****}') }));
  });

  it("a login in compact JSON takes nothing of what follows", () => {
    const text = '{"a":"https://me:p/ss","b":"x@y","c":"https://me:p\\"ss@host"}';
    assert.equal(masked(jsonMaskOf(values), text), text.replace('me:p\\"ss@', "*".repeat(9)));
  });

  it("a long text in base64 is what it was but for what is hidden in it, whatever four letters it has by chance", () => {
    const data = Buffer.from(`\0\x01 8080 ${"aGVsbG8gd29ybGQ ".repeat(9_000)}`);
    const text = JSON.stringify({ data: data.toString("base64") });
    const mask = jsonMaskOf(valueMaskOf([text.slice(2_001, 2_005), "8080"]));
    const { data: found } = JSON.parse(masked(mask, text)) as { data: string };
    assert.equal(Buffer.from(found, "base64").toString("latin1"), data.toString("latin1").replace("8080", "****"));
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

  it("in an error, in words, in a stack as JSON and in a step as a message, all in place", () => {
    const login = "https://me:ghp_abcdef@host/a";
    const op = Buffer.concat([
      Buffer.from([0x12, 4 + login.length, 0x0a, login.length]),
      Buffer.from(login),
      Buffer.from([0x10, 1]),
    ]);
    const stack = JSON.stringify({ cmd: login, none: null });
    const details = [
      { type_url: "github.com/moby/buildkit/stack.Stack+json", value: Buffer.from(stack) },
      { type_url: "github.com/moby/buildkit/errdefs.Solve", value: op },
    ];
    const message = `git clone ${login} ${secret} failed`;
    const status = Buffer.from(errorType.encode(errorType.fromObject({ code: 2, message, details })).finish());
    const found = maskStatus(status, valueMaskOf([secret, "null"]));
    assert.equal(found.length, status.length);
    const read = errorType.toObject(errorType.decode(found), { bytes: Buffer }) as typeof error;
    const hidden = `https://${"*".repeat("me:ghp_abcdef@".length)}host/a`;
    const error = { message: `git clone ${hidden} ${stars(secret)} failed`, details };
    assert.equal(read.message, error.message);
    assert.deepEqual(JSON.parse(read.details[0].value.toString()), { cmd: hidden, none: null });
    assert.equal(read.details[1].value.toString("latin1"), op.toString("latin1").replace(login, hidden));

    const descriptor = {
      media_type: "application/vnd.googeapis.google.rpc.status+proto",
      digest: "sha256:old",
      size: "1",
      annotations: {},
    };
    const record = { ...emptyRecord, externalError: descriptor, error: { code: 2, message, details } };
    const build = maskExport(
      { record, defaultPlatform: "linux/amd64", blobs: new Map([["sha256:old", status]]) },
      values,
    );
    const text = zlib.gunzipSync(dockerbuild([build])).toString("latin1");
    assert.ok(text.includes("github.com/moby/buildkit/stack.Stack+json") && text.includes(hidden));
    assert.doesNotMatch(
      text + Buffer.from(build.record.error?.details[1].value as unknown as string, "base64").toString(),
      /ghp_/,
    );
  });

  it("in the record, with caches' keys, and every blob has the digest by which it is named", () => {
    const bytes = Buffer.from(JSON.stringify({ env: [`A=${secret}`] }));
    const record: BuildHistoryRecord = {
      ...emptyRecord,
      FrontendAttrs: {
        "build-arg:A": secret,
        "label:empty": "",
        "cache-imports": JSON.stringify([{ Type: "s3", Attrs: { ref: "r", secret_access_key: "key-of-a-bucket" } }]),
      },
      trace: {
        media_type: "application/vnd.buildkit.otlp.json.v0",
        digest: "sha256:old",
        size: `${bytes.length}`,
        annotations: {},
      },
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

const errorType = Root.fromJSON({
  nested: {
    Status: {
      fields: {
        code: { type: "int32", id: 1 },
        message: { type: "string", id: 2 },
        details: { rule: "repeated", type: "Any", id: 3 },
      },
    },
    Any: { fields: { type_url: { type: "string", id: 1 }, value: { type: "bytes", id: 2 } } },
  },
}).lookupType("Status");

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
