import * as assert from "node:assert/strict";

import { readDockerfile } from "../../../components/baseImages/parse";
import { expand } from "../../../components/baseImages/expand";
import { problemOf, type UsedImage } from "../../../components/baseImages/problems";
import { acceptedPlatforms, normalPlatform } from "../../../components/baseImages/matching";
import { type BuildInputs, neededImages } from "../../../components/baseImages/needed";
import { listPlatforms } from "../../../components/registry/manifest";
import { normalReference, parsePulled } from "../../../components/registry/reference";
import type { Platform } from "../../../components/support/platforms";

/** What a Dockerfile needs for one platform, as text. */
async function needed(
  text: string,
  {
    platform = "linux/arm64",
    buildPlatform = platform,
    named = {},
    ...inputs
  }: Partial<Omit<BuildInputs, "named">> & {
    named?: Record<string, string>;
    platform?: Platform;
    buildPlatform?: Platform | "unknown";
  } = {},
): Promise<string[]> {
  const dockerfile = await readDockerfile(text);
  assert.ok(dockerfile);
  const own = buildPlatform === "unknown" ? undefined : buildPlatform;
  const images = neededImages(dockerfile, platform, own, {
    buildArgs: {},
    named: new Map(Object.entries(named)),
    ...inputs,
  });
  return images.map(({ ref, platform: wanted, line }) => `${line} ${ref} ${wanted}`);
}

describe("base images of a Dockerfile", () => {
  it("are those of FROM, COPY --from and RUN --mount of the stages that the target needs", async () => {
    const text = `# syntax=docker/dockerfile:1.7
FROM golang:1.24 AS Build
RUN --mount=type=cache,target=/c --mount=type=bind,from=tools:1,target=/tools make
FROM unused AS other
COPY --from=never /a /a
FROM build AS test
FROM alpine
COPY --from=BUILD /a /a
COPY --link --from=busybox --chown=1 /b /b
COPY --from=2 /c /c
`;
    assert.deepEqual(await needed(text), [
      "7 alpine linux/arm64",
      "2 golang:1.24 linux/arm64",
      "3 tools:1 linux/arm64",
      "9 busybox linux/arm64",
    ]);
    assert.deepEqual(await needed(text, { target: "TEST" }), ["2 golang:1.24 linux/arm64", "3 tools:1 linux/arm64"]);
    assert.deepEqual(await needed(text, { target: "nowhere" }), []);
  });

  it("know global ARG, its defaults, build arguments and the automatic platform arguments", async () => {
    const text = `ARG NAME=node
ARG VERSION=20 SUFFIX
ARG REF=\${NAME}:\${VERSION}
FROM --platform=$BUILDPLATFORM \${REF}\${SUFFIX:+-\${SUFFIX}} AS a
ARG NAME=ignored
FROM \${NAME}-$TARGETARCH$TARGETVARIANT:$VERSION
COPY --from=a / /
`;
    assert.deepEqual(await needed(text, { platform: "linux/arm/v7", buildPlatform: "linux/amd64" }), [
      "6 node-armv7:20 linux/arm/v7",
      "4 node:20 linux/amd64",
    ]);
    assert.deepEqual(await needed('ARG A B=b C\nARG D=d E F="f"\nFROM $A$B$C$D$E$F\n'), ["3 bdf linux/arm64"]);
    const buildArgs = { VERSION: "22", SUFFIX: "alpine", TARGETARCH: "own" };
    assert.deepEqual(await needed(text, { buildArgs }), ["6 node-own:22 linux/arm64", "4 node:22-alpine linux/arm64"]);
  });

  it("leave out what is not known: the build platform of a node, patterns, escapes, quotes that hold a variable", async () => {
    assert.deepEqual(await needed("FROM --platform=$BUILDPLATFORM a\n", { buildPlatform: "unknown" }), []);
    assert.deepEqual(await needed("FROM a-$BUILDARCH\n", { buildPlatform: "unknown" }), []);
    assert.deepEqual(await needed("ARG A=b-1\nFROM ${A%-*}\n"), []);
    assert.deepEqual(await needed("ARG A='$B'\nFROM $A\n"), []);
    assert.deepEqual(await needed("ARG A\nFROM $A\n"), []);
    assert.deepEqual(await needed("FROM scratch\n"), []);
    assert.deepEqual(await needed("not a Dockerfile\n"), []);
  });

  it("take a fixed --platform in whatever spelling", async () => {
    assert.deepEqual(await needed("FROM --platform=linux/arm64/v8 a\n", { platform: "linux/amd64" }), [
      "1 a linux/arm64",
    ]);
    assert.deepEqual(await needed("FROM --platform=$TARGETPLATFORM a\n"), ["1 a linux/arm64"]);
  });

  it("are replaced by named contexts: by another image, or by files, which have no platform", async () => {
    const text = "FROM node:20 AS build\nCOPY --from=assets / /\nFROM alpine:latest\nCOPY --from=build / /\n";
    const named = { "docker.io/library/node:20": "docker-image://mirror/node:20", assets: "./assets" };
    assert.deepEqual(await needed(text, { named }), ["3 alpine:latest linux/arm64", "1 mirror/node:20 linux/arm64"]);
    assert.deepEqual(await needed(text, { named: { alpine: "docker-image://scratch", build: "./built" } }), []);
    assert.deepEqual(await needed(text, { named: { build: "docker-image://built:1" } }), [
      "3 alpine:latest linux/arm64",
      "1 built:1 linux/arm64",
    ]);
  });

  it("are read past heredocs, comments, continued lines and an escape directive", async () => {
    const text = `# escape=\`
FROM --platform=linux/amd64 \`
  # a comment
  a:1 AS x
RUN <<EOF
FROM inside
EOF
COPY <<one <<-two /to/
FROM one
one
	FROM two
	two
COPY --from=b / /
`;
    assert.deepEqual(await needed(text), ["2 a:1 linux/amd64", "13 b linux/arm64"]);
  });

  it("of another frontend's file are not read", async () => {
    assert.equal(await readDockerfile("# syntax=ghcr.io/acme/frontend:1\nFROM a\n"), undefined);
    assert.ok(await readDockerfile("# syntax = mirror.acme.com/docker/dockerfile:1\nFROM a\n"));
  });
});

describe("variables of a Dockerfile", () => {
  const values = new Map([
    ["A", "a"],
    ["EMPTY", ""],
    ["UNKNOWN", undefined],
  ]);
  for (const [word, expanded] of [
    ["x$A-${A}_y", "xa-a_y"],
    ['"$A"', "a"],
    ["${EMPTY:-d}${EMPTY-d}${NONE-n}${NONE:-${A}n}", "dnan"],
    ["${A:+s}${EMPTY:+s}${EMPTY+t}", "st"],
    ["$NONE", ""],
    ["$UNKNOWN", undefined],
    ["${UNKNOWN:-d}", undefined],
    ["${A#a}", undefined],
    ["${A", undefined],
    ["\\$A", undefined],
    ["a$", undefined],
  ] as const) {
    it(`make ${JSON.stringify(expanded)} of ${word}`, () => assert.equal(expand(word, values), expanded));
  }
});

describe("platforms that BuildKit takes of an index", () => {
  it("are the platform, older variants and its 32-bit architecture", () => {
    assert.deepEqual(acceptedPlatforms("linux/amd64"), ["linux/amd64", "linux/386"]);
    assert.deepEqual(acceptedPlatforms("linux/amd64/v3"), [
      "linux/amd64/v3",
      "linux/amd64/v2",
      "linux/amd64",
      "linux/386",
    ]);
    assert.deepEqual(acceptedPlatforms("linux/arm/v7"), ["linux/arm/v7", "linux/arm/v6", "linux/arm/v5"]);
    assert.deepEqual(acceptedPlatforms("linux/arm64")?.slice(0, 3), ["linux/arm64", "linux/arm/v8", "linux/arm/v7"]);
    assert.deepEqual(acceptedPlatforms("linux/s390x"), ["linux/s390x"]);
    assert.equal(acceptedPlatforms("linux/arm64/v9"), undefined);
  });

  it("are told in one spelling", () => {
    assert.equal(normalPlatform({ os: "linux", architecture: "arm64", variant: "v8" }), "linux/arm64");
    assert.equal(normalPlatform({ os: "linux", architecture: "arm", variant: "7" }), "linux/arm/v7");
    assert.equal(normalPlatform({ os: "linux", architecture: "arm" }), "linux/arm/v7");
    assert.equal(normalPlatform({ os: "Linux", architecture: "x86_64" }), "linux/amd64");
    assert.equal(normalPlatform({ os: "windows", architecture: "amd64" }), "windows/amd64");
  });
});

describe("a base image's answer", () => {
  const used = (...wanted: [string, boolean][]): UsedImage => ({
    ref: "a:1",
    line: "Dockerfile:1",
    wanted: new Map(wanted),
  });

  it("that lacks a platform is an error with image, place, platform, those it has, and the fix", () => {
    const platforms = ["linux/amd64", "linux/s390x"];
    const image = used(["linux/amd64", true], ["linux/arm64", true]);
    assert.equal(
      problemOf(image, { kind: "index", platforms }),
      "base image a:1 (Dockerfile:1) has no linux/arm64; it has linux/amd64, linux/s390x. Fix: a base image or tag that " +
        "has linux/arm64, or leave linux/arm64 out of `platforms`; `checkBaseImages: false` leaves this check out.",
    );
    const flagged = problemOf(used(["linux/arm64", false]), { kind: "index", platforms });
    assert.match(flagged ?? "", /or another `FROM --platform`/);
  });

  it("that tells nothing, all that is wanted, or what BuildKit takes in its place, is none", () => {
    assert.equal(problemOf(used(["linux/arm64", true]), { kind: "unknown" }), undefined);
    assert.equal(problemOf(used(["linux/arm64/v9", true]), { kind: "index", platforms: [] }), undefined);
    assert.equal(problemOf(used(["linux/arm64", true]), { kind: "index", platforms: ["linux/arm64"] }), undefined);
    assert.equal(problemOf(used(["linux/arm64", true]), { kind: "index", platforms: ["linux/arm/v7"] }), undefined);
  });

  it("is read of an index without its attestations, and tells when a manifest does not say its platform", () => {
    const list = (...platforms: ({ os: string; architecture: string } | undefined)[]) =>
      listPlatforms(
        Buffer.from(JSON.stringify({ manifests: platforms.map((platform) => ({ digest: "d", platform })) })),
      );
    const arm64 = { os: "linux", architecture: "arm64" };
    assert.deepEqual(list(arm64, { os: "unknown", architecture: "unknown" }), { platforms: [arm64], hasOthers: false });
    assert.deepEqual(list(arm64, undefined), { platforms: [arm64], hasOthers: true });
    assert.equal(listPlatforms(Buffer.from(JSON.stringify({ layers: [] }))).platforms, undefined);
  });
});

describe("a reference to pull by", () => {
  it("is the same in all of its spellings, and has its digest before its tag", () => {
    const digest = `sha256:${"a".repeat(64)}`;
    assert.equal(normalReference("node"), "docker.io/library/node:latest");
    assert.equal(normalReference("index.docker.io/library/node:latest"), "docker.io/library/node:latest");
    assert.equal(normalReference(`ghcr.io/acme/a:1@${digest}`), `ghcr.io/acme/a@${digest}`);
    assert.equal(parsePulled(`a@${digest}`)?.isDigest, true);
    assert.equal(normalReference("Not A Reference"), undefined);
  });
});
