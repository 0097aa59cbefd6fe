import * as assert from "node:assert/strict";

import { chooseCommit, lookUpCommit, parseGitContext } from "../../components/context/git";

const commit = "0123456789abcdef0123456789abcdef01234567";
const other = "89abcdef0123456789abcdef0123456789abcdef";

describe("a Git context", () => {
  for (const [location, remote, ref, pinned] of [
    [
      "https://github.com/acme/api.git",
      "https://github.com/acme/api.git",
      undefined,
      `https://github.com/acme/api.git#${commit}`,
    ],
    [
      "https://github.com/acme/api.git#main",
      "https://github.com/acme/api.git",
      "main",
      `https://github.com/acme/api.git#${commit}`,
    ],
    [
      "https://github.com/acme/api.git#v1:docker/app",
      "https://github.com/acme/api.git",
      "v1",
      `https://github.com/acme/api.git#${commit}:docker/app`,
    ],
    [
      "https://github.com/acme/api.git#:docker",
      "https://github.com/acme/api.git",
      undefined,
      `https://github.com/acme/api.git#${commit}:docker`,
    ],
    [
      "https://github.com/acme/api.git?branch=main&subdir=app",
      "https://github.com/acme/api.git",
      "refs/heads/main",
      `https://github.com/acme/api.git?subdir=app#${commit}`,
    ],
    [
      "https://github.com/acme/api.git?tag=v1",
      "https://github.com/acme/api.git",
      "refs/tags/v1",
      `https://github.com/acme/api.git#${commit}`,
    ],
    ["github.com/acme/api#main", "https://github.com/acme/api", "main", `github.com/acme/api#${commit}`],
    [
      "git@github.com:acme/api.git#main",
      "git@github.com:acme/api.git",
      "main",
      `git@github.com:acme/api.git#${commit}`,
    ],
    [
      "ssh://git@example.com/api.git",
      "ssh://git@example.com/api.git",
      undefined,
      `ssh://git@example.com/api.git#${commit}`,
    ],
    [
      "https://u:secret@example.com/api.git#main",
      "https://example.com/api.git",
      "main",
      `https://u:secret@example.com/api.git#${commit}`,
    ],
  ] as const) {
    it(`is pinned: ${location}`, () => {
      const context = parseGitContext(location);
      assert.deepEqual([context?.remote, context?.ref, context?.pin(commit)], [remote, ref, pinned]);
    });
  }

  for (const location of [
    ".",
    "./api.git",
    "https://example.com/context.tar.gz",
    "docker-image://debian:13",
    `https://github.com/acme/api.git#${commit}:docker`,
    `https://github.com/acme/api.git?branch=main&commit=${commit}`,
  ]) {
    it(`is not pinned: ${location}`, () => assert.equal(parseGitContext(location), undefined));
  }

  for (const [title, ref, names, expected] of [
    ["the default branch", undefined, ["HEAD"], other],
    ["a branch", "main", ["refs/heads/main"], other],
    ["a tag", "v1", ["refs/tags/v1"], other],
    ["an annotated tag's commit", "v1", ["refs/tags/v1", "refs/tags/v1^{}"], commit],
    ["an annotated tag's commit by its whole name", "refs/tags/v1", ["refs/tags/v1", "refs/tags/v1^{}"], commit],
    ["a branch before a tag", "v1", ["refs/heads/v1", "refs/tags/v1", "refs/tags/v1^{}"], other],
    ["no branch of a longer name", "main", ["refs/heads/feature/main"], undefined],
  ] as const) {
    it(`is of ${title}`, () => {
      const lines = names.map((name) => `${name.endsWith("^{}") ? commit : other}\t${name}`);
      assert.equal(chooseCommit(`${lines.join("\n")}\n`, ref), expected);
    });
  }

  it("that can't be asked says why, without credentials", () => {
    const context = parseGitContext("http://u:secret@127.0.0.1:1/api.git");
    assert.ok(context);
    const found = lookUpCommit(context);
    assert.ok("problem" in found);
    assert.match(found.problem, /127\.0\.0\.1/);
    assert.doesNotMatch(found.problem, /secret/);
  });
});
