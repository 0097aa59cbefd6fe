import * as assert from "node:assert/strict";

import * as fc from "fast-check";

import { exportOfPlatform, importOfPlatform, isInline } from "../../../components/image/caches/cacheLocations";
import { hasKey, wholeExport, wholeImport } from "../../../components/image/caches/raw";
import { lookUpCommit, parseGitContext } from "../../../components/context/git";
import { loginOf } from "../../../components/context/gitLogin";
import { describeChange } from "../../../components/context/listing";
import { formatLease, parseLease } from "../../../components/nodes/ec2/run/claims";
import { callerOf, formatDescription, parseDescription } from "../../../components/nodes/ec2/run/ruleText";
import { withoutLogins } from "../../../components/support/withoutLogins";
import { reducePredicate, withReferrer } from "../../../components/provenance/statement";
import { assertSentence, itEnds, runs, textOf, withSentence } from "./hostile";

describe("provenance of anything", () => {
  const steps = [
    "https://",
    "git+ssh://",
    "://",
    "@",
    ":",
    "/",
    "?",
    "#",
    '"',
    "\\",
    " ",
    "hunter2",
    "git.example",
    "8080",
  ];

  it("is made without a login's password, whatever that is made of", () => {
    const password = fc.string({ minLength: 1 }).map((text) => `x${encodeURIComponent(text)}hunter2`);
    const scheme = fc.constantFrom("https", "http", "ssh", "git+https", "ftp", "HTTPS");
    const check = (name: string, secret: string, word: string) => {
      const url = `${name}://ci:${secret}@git.example/a.git`;
      const reduced = JSON.stringify(reducePredicate({ [url]: [`${word} ${url}`], b: { c: `"${url}"` } }, "max"));
      assert.doesNotMatch(reduced, /hunter2/);
      assert.match(reduced, /git\.example\/a\.git/);
    };
    fc.assert(fc.property(scheme, password, fc.string(), check), runs);
  });

  it("stays what it was where it has no login, and twice is once", () => {
    const check = (value: unknown) => {
      const once = withoutLogins(value);
      assert.deepEqual(withoutLogins(once), once);
      assert.deepEqual(JSON.stringify(value).includes("://") ? value : once, value);
    };
    fc.assert(fc.property(fc.jsonValue(), check), runs);
    fc.assert(
      fc.property(textOf(...steps), (text) => void withoutLogins(text)),
      runs,
    );
  });

  it("is listed beside whatever is listed, or refused with a sentence", () => {
    const list = fc.oneof(fc.jsonValue(), fc.record({ manifests: fc.jsonValue() }));
    const check = (value: unknown) =>
      void withSentence(() => withReferrer(Buffer.from(JSON.stringify(value)), Buffer.from("{}")));
    fc.assert(fc.property(list, check), runs);
  });

  itEnds("a text of it", withoutLogins, [
    "a",
    "https://",
    "://",
    "@",
    "https://a:b@",
    "https://a:",
    "a:/",
    "//",
    "https://x:a ",
  ]);
});

describe("a Git context that anybody wrote", () => {
  it("is one or none, and its login is one or none", () => {
    const words = [
      "https://",
      "git@",
      "ssh://",
      ".git",
      "#",
      "?",
      "ref=",
      "&",
      ":",
      "@",
      "%",
      "%00",
      "%0a",
      "/",
      "a",
      "\n",
      "\0",
    ];
    const check = (text: string) => {
      const context = parseGitContext(text);
      assert.equal(typeof context?.pin("0".repeat(40)), context ? "string" : "undefined");
      const login = loginOf(context?.credentials ?? text);
      assert.ok(login === null || !/[\0\r\n]/.test(login.username + login.password));
    };
    fc.assert(fc.property(textOf(...words), check), runs);
  });

  it("that no program can be given is a problem in words", () => {
    for (const location of ["https://a.example/\0.git", "https://a.example/a.git#\0", "https://%00@a.example/a.git"]) {
      const context = parseGitContext(location);
      assert.deepEqual(context && lookUpCommit(context, assert.fail), { problem: "its URL holds a control character" });
    }
  });

  itEnds("its URL", parseGitContext, ["https://", "git@", "#", "?", "&a=b", ".git", ":", "@", "\n"]);
});

describe("a lease that anybody wrote", () => {
  it("is claims, and nothing else", () => {
    const check = (text: string) => {
      const lease = parseLease(text);
      assert.ok(Object.values(lease).every((until) => typeof until === "number"));
      assert.deepEqual(
        parseLease(formatLease(lease, 0)),
        parseLease(formatLease(parseLease(formatLease(lease, 0)), 0)),
      );
    };
    const claims = fc.dictionary(
      fc.oneof(fc.string(), fc.constant("__proto__")),
      fc.oneof(fc.jsonValue(), fc.double()),
    );
    const json = fc.oneof(fc.jsonValue(), claims).map((value) => JSON.stringify(value));
    fc.assert(fc.property(fc.oneof(json, textOf("{", "}", '"', ":", "1e999", ",", "[", "null")), check), runs);
  });

  itEnds("its text", parseLease, ["{", "[", '{"a":', '"', "1", "\\"]);
});

describe("a rule of a security group that anybody described", () => {
  it("is a caller's, with the time at which anybody may remove it, or nobody's", () => {
    const until = fc.oneof(
      fc.string(),
      fc.date().map(String),
      fc.constantFrom("Invalid Date", "+999999-01-01", "9e99"),
    );
    const description = fc.oneof(
      textOf("multi-platform-image ", "until=", "by=", "2026-11-28T02:00:00Z", " ", "0a1b2c3d", "\n"),
      until.map((text) => `multi-platform-image until=${text} by=0a1b2c3d`),
    );
    const check = (Description: string) => {
      const caller = callerOf({ IsEgress: false, Description });
      if (caller) {
        assert.match(caller.holder, /^[0-9a-f]{8}$/);
        assert.deepEqual(parseDescription(formatDescription(caller))?.holder, caller.holder);
      }
      assert.equal(callerOf({ IsEgress: true, Description }), undefined);
    };
    fc.assert(fc.property(description, check), runs);
  });

  itEnds("its description", parseDescription, ["multi-platform-image until=", "a", " by=", "0a1b2c3d"]);
});

describe("caches in words of their own", () => {
  const raw = textOf(
    "type=",
    "registry",
    "local",
    "s3",
    "inline",
    "ref=",
    "dest=",
    "src=",
    "name=",
    ",",
    "=",
    ":",
    "/",
    "@",
    '"',
  );

  it("have a place for each platform, or stay", () => {
    const check = (text: string) => {
      assert.equal(typeof importOfPlatform({ raw: text }, "linux/arm64").raw, "string");
      const exported = withSentence(() => exportOfPlatform({ raw: text }, "linux/arm64"));
      assert.ok(exported === undefined || typeof exported.raw === "string");
      assert.equal(typeof isInline({ raw: text }), "boolean");
      assert.equal(hasKey({ raw: text }), false);
      assert.deepEqual([wholeExport({ raw: text }).raw, wholeImport({ raw: text }).raw], [text, text]);
    };
    fc.assert(fc.property(raw, check), runs);
  });

  it("are one field of buildx's list, whatever their values hold", () => {
    const check = (bucket: string, name: string) => {
      const text = wholeExport({ s3: { bucket, name, region: "r" } }).raw ?? "";
      const quoted = text.match(/("(?:[^"]|"")*"|[^,"]*)(,|$)/gs) ?? [];
      const fields = quoted.map((field) =>
        field
          .replace(/,$/, "")
          .replace(/^"([^]*)"$/, "$1")
          .replaceAll('""', '"'),
      );
      const expected = [
        "type=s3",
        ...(bucket ? [`bucket=${bucket}`] : []),
        "region=r",
        ...(name ? [`name=${name}`] : []),
      ];
      assert.deepEqual(fields.filter(Boolean), expected);
    };
    fc.assert(fc.property(textOf(",", '"', "=", "\n"), textOf(",", '"'), check), runs);
  });

  const all = (text: string) => {
    for (const raw of [`type=registry,ref=${text}`, `type=local,dest=${text}x`, text]) {
      try {
        exportOfPlatform({ raw }, "linux/arm64");
      } catch (error) {
        assertSentence(error);
      }
    }
    isInline({ raw: text });
  };
  itEnds("their text", all, [":", "/", "a/", ":a", ",", "type=inline", "=", '"', "@"]);
});

describe("files of any name", () => {
  it("are told of by their names", () => {
    const name = fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "toString", "valueOf"));
    const listing = fc.dictionary(name, fc.constantFrom("644 a", "755 a", "644 b", "link a"));
    const check = (before: Record<string, string>, after: Record<string, string>) => {
      assert.equal(typeof describeChange(before, after), "string");
      assert.equal(describeChange(after, after), "");
    };
    fc.assert(fc.property(listing, listing, check), runs);
  });
});
