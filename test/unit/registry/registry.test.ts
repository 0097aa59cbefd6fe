import * as assert from "node:assert/strict";

import { digestOf, readPlatformDigests } from "../../../components/registry/manifest";
import { formatPulled, parsePulled, parseReference, registryHost } from "../../../components/registry/reference";

const index = Buffer.from(
  JSON.stringify({
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [
      { digest: "sha256:aaa", platform: { os: "linux", architecture: "amd64" } },
      { digest: "sha256:bbb", platform: { os: "linux", architecture: "arm64", variant: "v8" } },
      { digest: "sha256:ccc", platform: { os: "unknown", architecture: "unknown" } },
    ],
  }),
);

describe("registry/manifest", () => {
  it("reads each platform's digest", () => {
    assert.deepEqual(readPlatformDigests("r@d", digestOf(index), index, ["linux/amd64", "linux/arm64"]), {
      "linux/amd64": "sha256:aaa",
      "linux/arm64": "sha256:bbb",
    });
  });

  it("fails if a platform is missing, naming it and those there are", () => {
    assert.throws(() => readPlatformDigests("r@d", digestOf(index), index, ["linux/amd64", "linux/s390x"]), {
      message: "the index r@d lacks linux/s390x; it has linux/amd64, linux/arm64",
    });
  });

  it("fails if the registry's bytes are not those of the digest", () => {
    assert.throws(() => readPlatformDigests("r@d", "sha256:other", index, ["linux/amd64"]), /other content, of digest/);
  });

  it("takes a manifest for its one platform, and for no more", () => {
    const manifest = Buffer.from(JSON.stringify({ layers: [] }));
    const digest = digestOf(manifest);
    assert.deepEqual(readPlatformDigests("r@d", digest, manifest, ["linux/arm64"]), { "linux/arm64": digest });
    assert.throws(() => readPlatformDigests("r@d", digest, manifest, ["linux/arm64", "linux/amd64"]), /not an index/);
  });
});

describe("registry/reference", () => {
  for (const [text, reference] of [
    ["node", { registry: "docker.io", repository: "library/node", tag: "latest" }],
    ["acme/api:1.0", { registry: "docker.io", repository: "acme/api", tag: "1.0" }],
    ["localhost:5080/a/b:c", { registry: "localhost:5080", repository: "a/b", tag: "c" }],
    ["[::1]:5082/app:1", { registry: "[::1]:5082", repository: "app", tag: "1" }],
    ["ghcr.io/acme/api", { registry: "ghcr.io", repository: "acme/api", tag: "latest" }],
  ] as const) {
    it(`reads ${text}`, () => assert.deepEqual(parseReference(text), reference));
  }

  for (const [text, problem] of [
    ["ghcr.io/Acme/api:1.0", /lower-case; write ghcr\.io\/acme\/api:1\.0/],
    ["localhost:5081/Misc:V1.0-RC", /lower-case; write localhost:5081\/misc:V1\.0-RC$/],
    ["Api", /lower-case; write api$/],
    ["Api:", /REPOSITORY/],
    ["ghcr.io/acme/api:", /REPOSITORY/],
    ["", /REPOSITORY/],
    [`ghcr.io/acme/api@sha256:${"a".repeat(64)}`, /digest/],
  ] as const) {
    it(`says what is wrong with ${JSON.stringify(text)}`, () => {
      const parsed = parseReference(text);
      assert.ok("problem" in parsed, JSON.stringify(parsed));
      assert.match(parsed.problem, problem);
    });
  }

  for (const [text, pulled] of [
    ["index.docker.io/node", "docker.io/library/node:latest"],
    ["docker.io/acme/node:1", "docker.io/acme/node:1"],
    ["localhost/app", "localhost/app:latest"],
    ["localhost:5000/app", "localhost:5000/app:latest"],
    ["localhost:5000", "docker.io/library/localhost:5000"],
    ["a_b/c__d/e---f:x_y.Z-1", "docker.io/a_b/c__d/e---f:x_y.Z-1"],
    ["xn--n3h.com:9/myimage", "xn--n3h.com:9/myimage:latest"],
    [`a/b:c@sha256:${"a".repeat(64)}`, `docker.io/a/b@sha256:${"a".repeat(64)}`],
    ["[::1]:5000/app", "[::1]:5000/app:latest"],
    ...[
      "a".repeat(64),
      "a//b",
      "a/",
      "/a",
      "a___b",
      "a..b",
      "-a",
      "a:",
      "a@",
      "a@sha256:aa",
      "a-.b.c/d",
      "a b",
      "é/a:b",
    ].map((text) => [text, undefined] as const),
    // Docker's own expressions, in JavaScript, try each way to share these characters among the parts of a name.
    [`${"a".repeat(60)}!`, undefined],
    [`${"a.".repeat(60)}/b!`, undefined],
    [`ghcr.io/${"a-".repeat(60)}!`, undefined],
  ] as const) {
    it(`pulls ${text}: ${pulled ?? "none"}`, () => {
      const parsed = parsePulled(text);
      assert.equal(parsed && formatPulled(parsed), pulled);
    });
  }

  it("knows Docker Hub under each of its names", () => {
    assert.equal(registryHost("https://index.docker.io/v1/"), "docker.io");
    assert.equal(registryHost("ghcr.io"), "ghcr.io");
  });
});
