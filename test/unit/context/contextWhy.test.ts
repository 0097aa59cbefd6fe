import * as assert from "node:assert/strict";

import { describeChange } from "../../../components/context/listing";
import { describePreview } from "../../../components/builder/preview";
import { nodeKinds } from "../../../components/nodes/kinds";
import { whyBuilt } from "../../../components/image/hooks/why";

const [one, two] = ["1", "2"].map((digit) => `https://example.com/a.git#${digit.repeat(40)}:sub`);

describe("why an image is built", () => {
  const base = { platforms: ["linux/arm64"], tags: ["a:1"], buildArgs: { A: "1", B: "1" }, context: { location: one } };

  for (const [title, now, reason] of [
    ["arguments", { buildArgs: { B: "2" }, target: "app" }, "other `buildArgs.A`, `buildArgs.B`, `target`"],
    ["a moved branch", { context: { location: two } }, "context: commit 1111111 is now 2222222"],
    [
      "a moved branch, and the tag of it",
      { context: { location: two }, tags: ["a:2"] },
      "context: commit 1111111 is now 2222222",
    ],
    ["another repository", { context: { location: two.replace("a.git", "b.git") } }, "context is at another place"],
    [
      "a named context",
      { context: { location: one, named: { lib: { location: "lib" } } } },
      "named context lib is new",
    ],
    ["`pull`", { pull: true }, "other `pull`; `pull` builds each time"],
    [
      "another user of a registry",
      { registries: [{ address: "a", username: "b", password: "c" }] },
      "other `registries`",
    ],
    [
      "a context that was not copied before",
      { context: { location: ".multi-platform-image/contexts/0" } },
      "context is at another place",
    ],
  ] as const) {
    it(`is told of ${title}`, () => assert.equal(whyBuilt(base, { ...base, ...now }), reason));
  }

  it("is that it is new", () => assert.equal(whyBuilt(undefined, base), "it is new, or replaced"));

  it("is the Dockerfile when nothing else differs, in whatever order and with whatever password", () => {
    const [before, now] = ["1", "2"].map((password) => ({ ...base, registries: [{ address: "a", password }] }));
    assert.match(whyBuilt(before, { ...now, buildArgs: { B: "1", A: "1" } }), /the Dockerfile's text has changed/);
  });

  it("is open where values are not known yet", () =>
    assert.equal(whyBuilt(base, { ...base, tags: [] }, ["tags"]), "`tags` known only in the update"));

  it("is never told with values", () => {
    const [before, now] = ["hunter1", "hunter2"].map((secret) => ({ secrets: { pin: secret } }));
    assert.equal(whyBuilt(before, now), "other `secrets.pin`");
  });

  it("names some files, and counts the rest", () => {
    const many = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`f${at}`, "644 a"]));
    assert.equal(describeChange({}, many), "added f0, f1, f2, f3, f4 and 3 more");
    assert.equal(
      describeChange({ a: "755 x", b: "644 y" }, { a: "644 x" }),
      "changed a (no longer executable); removed b",
    );
    const odd = { constructor: "644 1", hasOwnProperty: "644 1", toString: "644 1" };
    assert.equal(describeChange({}, odd), "added constructor, hasOwnProperty, toString");
    assert.equal(describeChange(odd, { a: "644 1" }), "added a; removed constructor, hasOwnProperty, toString");
  });
});

describe("what a preview tells", () => {
  const nodes = [
    { name: "arm64", platform: "linux/arm64", effect: nodeKinds.ec2.effect({ instanceId: "i-1" }) },
    { name: "riscv64", platform: "linux/riscv64", effect: nodeKinds.ec2.effect({}) },
    { name: "amd64", platform: "linux/amd64", effect: nodeKinds.remote.effect({}) },
  ] as const;

  it("names the nodes of the image's platforms, and which would wake", () => {
    assert.equal(
      describePreview("it is new", "urn", nodes, ["linux/arm64"]),
      "would be built: it is new\n  on node arm64 (linux/arm64; EC2, would wake if asleep)",
    );
    assert.match(describePreview("", "urn", nodes, ["linux/amd64", "linux/arm64"]), /amd64 \(.*\), node arm64 \(/);
  });

  it("says that an ephemeral node would be launched", () =>
    assert.match(describePreview("", "urn", nodes, ["linux/riscv64"]), /riscv64; EC2, would be launched\)/));

  it("says so when nodes are not known yet", () =>
    assert.match(describePreview("", "urn", undefined, ["linux/arm64"]), /on nodes that are not known yet/));
});
