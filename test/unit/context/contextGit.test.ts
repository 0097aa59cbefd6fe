import * as assert from "node:assert/strict";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Worker } from "node:worker_threads";

import {
  chooseCommit,
  isGitServerSilent,
  lookUpCommit,
  lookUpKnown,
  parseGitContext,
} from "../../../components/context/git";

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
      "alice_1@git.example.com:team/api#main",
      "alice_1@git.example.com:team/api",
      "main",
      `alice_1@git.example.com:team/api#${commit}`,
    ],
    [
      "ssh://git@example.com/api.git",
      "ssh://git@example.com/api.git",
      undefined,
      `ssh://git@example.com/api.git#${commit}`,
    ],
    [
      "https://u:se@cret@example.com/api.git#main",
      "https://example.com/api.git",
      "main",
      `https://u:se@cret@example.com/api.git#${commit}`,
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
    const found = lookUpCommit(context, assert.fail);
    assert.ok("problem" in found);
    assert.match(found.problem, /127\.0\.0\.1/);
    assert.doesNotMatch(found.problem, /secret/);
  });
});

describe("a login in a Git context's URL", () => {
  const { HOME } = process.env;
  const login = `Basic ${Buffer.from("ci:to%ken").toString("base64")}`;
  let home: string;
  let servers: Worker;
  let port: number;

  before(async () => {
    home = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-git-"));
    // A user's own helper, which would keep what it is told.
    fs.writeFileSync(path.join(home, ".gitconfig"), `[credential]\n\thelper = store --file=${home}/kept\n`);
    process.env.HOME = home;
    const options = { execArgv: ["-r", "ts-node/register/transpile-only"] };
    servers = new Worker(path.join(__dirname, "gitServers.ts"), options);
    [port] = (await once(servers, "message")) as [number];
  });
  after(async () => {
    process.env.HOME = HOME;
    await servers.terminate();
    fs.rmSync(home, { recursive: true });
  });

  /** What is found, and what the servers have seen. */
  async function lookUp(repository: string, credentials = "ci:to%25ken", ref = ""): Promise<[unknown, string[]]> {
    const context = parseGitContext(`http://${credentials}@127.0.0.1:${port}/${repository}.git${ref}`);
    assert.ok(context);
    const found = lookUpCommit(context, assert.fail);
    servers.postMessage("");
    const [seen] = (await once(servers, "message")) as [string[]];
    return [found, seen];
  }

  it("is given to its host when that asks for one", async () =>
    assert.deepEqual(await lookUp("private"), [{ commit }, ["own GET -", `own GET ${login}`, `own POST ${login}`]]));

  it("is given to it under another path, too", async () => {
    const [found, seen] = await lookUp("renamed");
    assert.deepEqual(found, { commit });
    assert.ok(seen.every((each) => each.startsWith("own ")));
  });

  it("is of a look-up of some characters of a commit, too, which finds none and says what to write", async () => {
    const [found] = await lookUp("private", undefined, `#${commit.slice(0, 7)}`);
    assert.deepEqual(found, {
      problem: `it has no branch or tag ${commit.slice(0, 7)}, and no commit is found by its first characters: write all 40 of them`,
    });
  });

  for (const repository of ["leads-away", "public-leads-away"]) {
    it(`is not given to a host that it is led to: ${repository}`, async () => {
      const [found, seen] = await lookUp(repository);
      assert.deepEqual(found, { commit });
      const away = seen.filter((each) => each.startsWith("other "));
      assert.ok(away.length > 0 && away.every((each) => each.endsWith(" -")), away.join());
    });
  }

  it("is kept by nobody", async () => {
    await lookUp("private");
    assert.deepEqual(fs.readdirSync(home), [".gitconfig"]);
  });

  it("of this user's own is not given to a server that a node names: whether it answers is all that is asked", async () => {
    const configuration = path.join(home, ".gitconfig");
    const before = fs.readFileSync(configuration, "utf8");
    fs.writeFileSync(
      configuration,
      `[credential]\n\thelper = "!printf 'username=ci\\\\npassword=to%%ken\\\\n'"\n[http]\n\textraHeader = Authorization: Basic c2VjcmV0\n`,
    );
    try {
      const helped = await lookUpKnown(parseGitContext(`http://127.0.0.1:${port}/private.git`)!);
      servers.postMessage("");
      const [known] = (await once(servers, "message")) as [string[]];
      assert.ok(
        known.some((each) => / Basic /.test(each)),
        JSON.stringify([helped, known]),
      );
      for (const place of ["", "ci:to%25ken@"]) {
        assert.equal(await isGitServerSilent(`http://${place}127.0.0.1:${port}/private.git#main`), false);
      }
      servers.postMessage("");
      assert.deepEqual(await once(servers, "message"), [["own GET -", "own GET -"]]);
    } finally {
      fs.writeFileSync(configuration, before);
    }
  });

  it("that is wrong, or no login at all, is told of without it", async () => {
    const [wrong] = await lookUp("private", "ci:hunter2");
    assert.match((wrong as { problem: string }).problem, /Authentication failed|could not read|terminal prompts/);
    for (const credentials of ["ci:%0ahunter2", "ci%00:hunter2"]) {
      assert.deepEqual(await lookUp("private", credentials), [{ problem: "its URL holds a control character" }, []]);
    }
    assert.deepEqual((await lookUp("private", "ci:to%ken"))[0], { commit }, "a percent sign of its own");
    assert.doesNotMatch(JSON.stringify(wrong), /hunter2/);
  });
});
