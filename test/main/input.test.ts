import * as assert from "node:assert/strict";

import { nightly } from "../tier";
import { Stack } from "./stack";

const nodes = [
  { kind: "remote", platform: "linux/amd64", endpoint: "tcp://127.0.0.1:1" },
  { kind: "remote", platform: "linux/arm64", endpoint: "tcp://127.0.0.1:2" },
];
const good = { context: "./app", tags: ["localhost:5080/app:1"] };

const cases: [title: string, builder: unknown, image: Record<string, unknown>, expected: RegExp][] = [
  ["no platform", { nodes }, { ...good, platforms: [] }, /`platforms` is \[\]: name at least one, for instance/],
  [
    "a duplicate platform",
    { nodes },
    { ...good, platforms: ["linux/amd64", "linux/amd64"] },
    /`platforms` is \[.*\]: linux\/amd64 is there twice; name it once/,
  ],
  [
    "a malformed platform",
    { nodes },
    { ...good, platforms: ["linux-amd64"] },
    /`platforms` is "linux-amd64": .* none of linux\/386, linux\/amd64/,
  ],
  ["no tag with push", { nodes }, { context: "./app" }, /`tags` is \[\]: a push needs at least one/],
  [
    "an upper-case tag",
    { nodes },
    { ...good, tags: ["localhost:5080/App:1"] },
    /`tags\[0\]` is .*write localhost:5080\/app/,
  ],
  ["a missing context", { nodes }, { ...good, context: "./nowhere" }, /`context` is "\.\/nowhere": there is no folder/],
  [
    "a missing Dockerfile",
    { nodes },
    { ...good, context: "./empty" },
    /`dockerfile` is missing: there is no file .*Dockerfile/,
  ],
  ["two platforms with load", { nodes }, { ...good, load: true }, /`load` is true: a Docker engine takes one platform/],
  ["no nodes", { nodes: [] }, good, /`nodes` is \[\]: give at least one/],
  [
    "two nodes with one endpoint",
    { nodes: [nodes[0], { ...nodes[1], endpoint: nodes[0].endpoint }] },
    good,
    /`nodes\[1\]\.endpoint` is "tcp:\/\/127\.0\.0\.1:1": node amd64 has the same one/,
  ],
];

describe("bad input", () => {
  let stack: Stack;

  before(async () => {
    stack = await Stack.create({ builder: { nodes }, images: {} });
    stack.write("app/Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
    stack.write("empty/file", "");
  });

  // Each message is in test/unit/image/components.test.ts: here two of them, of an image and of a builder, come out of Pulumi.
  for (const [at, [title, builder, image, expected]] of cases.entries()) {
    (at === 0 || at === cases.length - 1 ? it : nightly.it)(
      `fails with ${title}, naming argument, value and fix, before any node is called`,
      async () => {
        stack.declare({ builder, images: { app: image } });
        const { code, output } = await stack.preview();
        assert.notEqual(code, 0, output);
        assert.match(output, expected);
        assert.doesNotMatch(output, /unhandled|at .*\.ts:\d+/, "a stack trace is no message");
      },
    );
  }
});
