import * as assert from "node:assert/strict";

import { callerAddress } from "../../../../../components/nodes/ec2/run/callerAddress";
import {
  cleanConsole,
  failureIn,
  newestBoot,
  presentFailureIn,
  tail,
} from "../../../../../components/nodes/ec2/run/console";
import {
  formatDescription,
  lastPortOf,
  parseDescription,
  sourceOf,
} from "../../../../../components/nodes/ec2/run/ruleText";

describe("the console of a node", () => {
  const boots = [
    "[    0.000000] Linux version 6.12.48+deb13-arm64 (debian-kernel@lists.debian.org)",
    "multi-platform-image: failed: the old reason",
    "[    0.000000] Linux version 6.12.48+deb13-arm64 (debian-kernel@lists.debian.org)",
    "multi-platform-image: BuildKit is there, 12 s",
    "",
    "[   13.1] multi-platform-image: failed: the checksum of BuildKit's archive is wrong ",
    "",
  ].join("\n");

  it("tells the reason of the newest boot", () => {
    assert.equal(failureIn(newestBoot(boots)), "the checksum of BuildKit's archive is wrong");
    assert.equal(failureIn(newestBoot(boots.split("\n").slice(0, 4).join("\n"))), undefined);
    assert.equal(failureIn("multi-platform-image: all is well"), undefined);
    assert.equal(presentFailureIn(newestBoot(boots)), "the checksum of BuildKit's archive is wrong");
  });

  for (const [title, ...lines] of [
    ["has failed at new settings, and builds", "buildkitd ready at 14.0 s", "failed: https://x has the SHA-256 a"],
    [
      "has mended it",
      "failed: buildkitd did not start 3 times in a row",
      "the cache was put aside: it starts with an empty one",
    ],
    [
      "tried again",
      "failed: https://x could not be downloaded",
      "BuildKit verified at 400 s",
      "buildkitd ready at 401 s",
    ],
  ]) {
    it(`is no failure of a node that runs on if it ${title}`, () => {
      const said = lines.map((line) => `multi-platform-image: ${line}\n`).join("");
      assert.equal(presentFailureIn(said), undefined);
      assert.notEqual(failureIn(said), undefined, "one that has ended may have ended of it");
    });
  }

  it("ends with its last lines that say something", () =>
    assert.deepEqual(tail(boots, 2), [
      "multi-platform-image: BuildKit is there, 12 s",
      "[   13.1] multi-platform-image: failed: the checksum of BuildKit's archive is wrong",
    ]));

  for (const [what, raw, clean] of [
    ["colours", "\x1b[0;32m  OK  \x1b[0m] Started \x1b]0;title\x07ssh\r\n", "  OK  ] Started ssh\n"],
    ["progress", "10%\r50%\rdone\nnext", "done\nnext"],
    ["control characters", "a\x00b\x08c\x7fd\te", "abcd\te"],
    ["keys", "-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\nnext", "(hidden)\nnext"],
    ["a key that was cut off", "x -----BEGIN PRIVATE KEY-----\nMHcC\nMHcC", "x (hidden)"],
    ["access keys", "with ASIAIOSFODNN7EXAMPLE here", "with (hidden) here"],
    ["passwords", "the password: hunter2 it is\nok", "the password: (hidden)\nok"],
    ["tokens", `X-aws-ec2-metadata-token: ${"AQAE"}`, "X-aws-ec2-metadata-token: (hidden)"],
    ["keys of the environment", "AWS_SECRET_ACCESS_KEY=abc/def and more", "AWS_SECRET_ACCESS_KEY=(hidden)"],
    ["passwords with a name before them", "db_pass: hunter2", "db_pass: (hidden)"],
    [
      "logins in addresses",
      "GET https://ci:p@ss@host/a by https://ghp_x@host",
      "GET https://(hidden)@host/a by https://(hidden)@host",
    ],
    ["API keys", '{"api_key": "1"}', '{"api_key": (hidden)'],
    ["long text in base64", "A".repeat(80), "(hidden)"],
  ]) {
    it(`loses ${what}`, () => assert.equal(cleanConsole(raw), clean));
  }

  it("keeps words that only end like one of a secret", () =>
    assert.equal(cleanConsole("the compass: north, bypass=on"), "the compass: north, bypass=on"));

  for (const unit of [
    "x",
    "a_",
    "\r",
    "a\r",
    "token ",
    "secret_",
    "a://",
    "a.",
    "\x1b[",
    "\x1b]",
    "-----BEGIN A",
    "0a",
  ]) {
    it(`is cleaned in good time, if it is one line of ${JSON.stringify(unit)} alone`, () => {
      const begin = performance.now();
      cleanConsole(unit.repeat(65_536 / unit.length));
      const milliseconds = performance.now() - begin;
      assert.ok(milliseconds < 500, `${milliseconds} ms`);
    });
  }

  it("keeps digests", () => assert.match(cleanConsole(`expected sha256:${"0a".repeat(32)}, got`), /sha256:(0a){32}/));
});

describe("rules of callers", () => {
  const rule = { holder: "0a1b2c3d", until: new Date("2026-11-21T10:00:00.123Z") };

  it("say whose they are, and until when", () => {
    const text = formatDescription(rule);
    assert.equal(text, "multi-platform-image until=2026-11-21T10:00:00Z by=0a1b2c3d");
    assert.deepEqual(parseDescription(text), { holder: "0a1b2c3d", until: new Date("2026-11-21T10:00:00Z") });
  });

  for (const other of [
    undefined,
    "",
    "office",
    "multi-platform-image until=soon by=0a1b2c3d",
    "multi-platform-image",
  ]) {
    it(`are not mistaken for ${JSON.stringify(other)}`, () => assert.equal(parseDescription(other), undefined));
  }

  it("end at a port beyond BuildKit's", () => {
    assert.equal(lastPortOf(0), 1235);
    assert.equal(lastPortOf(0.999999), 2233);
  });

  it("are for one address", () => {
    assert.deepEqual(sourceOf("203.0.113.7"), { family: 4, cidr: "203.0.113.7/32" });
    assert.deepEqual(sourceOf("2001:db8::7"), { family: 6, cidr: "2001:db8::7/128" });
    assert.equal(sourceOf("203.0.113.0/24"), undefined);
  });
});

describe("the caller's address", () => {
  it("is the one that was given, checked", async () => {
    const given = (address: string) => ({
      ingress: { from: "caller" as const, address },
      addressing: "public" as const,
      vpcCidr: "10.0.0.0/16",
    });
    assert.equal(await callerAddress(given("2001:db8::7")), "2001:db8::7");
    await assert.rejects(callerAddress(given("10.0.0.0/8")), /`ingress.address` is "10.0.0.0\/8"/);
  });

  it("is that of the way to private nodes", async () => {
    const connection = { ingress: { from: "caller" as const }, addressing: "private" as const };
    assert.equal(await callerAddress({ ...connection, vpcCidr: "127.0.0.2/8" }), "127.0.0.1");
  });
});
