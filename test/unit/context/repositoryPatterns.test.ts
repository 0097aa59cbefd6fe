import * as assert from "node:assert/strict";

import { IgnorePatterns } from "../../../components/context/ignorePatterns";

/** As a walk asks: the parents first. */
function isIgnored(patterns: readonly string[], file: string): boolean {
  const matcher = new IgnorePatterns(".dockerignore", patterns.join("\n"));
  const names = file.split("/");
  let matched: boolean[] | undefined;
  let answer = false;
  for (let length = 1; length <= names.length; length++) {
    const found = matcher.match(names.slice(0, length).join("/"), matched);
    [answer, matched] = [found.isIgnored, found.matched];
  }
  return answer;
}

/**
 * Path → patterns that match it, "not" the others. The cases of the original, as far as they are Linux's.
 * @see https://github.com/moby/patternmatcher/blob/v0.6.1/patternmatcher_test.go
 */
const table: [path: string, matched: string[], not: string[]][] = [
  // A space beside a slash, and white space that is Go's alone, or JavaScript's alone.
  ["dist", ["dist /", "/ dist", "dist\u0085", "./ dist /"], ["dist\uFEFF", "!dist /"]],
  [
    "file",
    ["**", "**/", "**file", "**/file", "/file", "./file", "  file  ", "fil?", "file/"],
    ["fil", "File", "#file"],
  ],
  ["dir/file", ["**", "**/", "**/**", "dir/**", "**/dir", "**file", "**/file", "dir", "d*r", "*"], ["file", "*/fil"]],
  [
    "dir/dir2/file",
    ["dir/**", "**/dir2/*", "**/dir2/**", "**file", "**/file", "dir/dir2", "*/dir2"],
    ["*/file", "dir2"],
  ],
  ["dir/dir/file.txt", ["**/file*", "**/file*txt", "**/file*.txt", "**/file*.txt*", "**/**/*.txt"], ["**/**/*.txt2"]],
  ["file.txt", ["**/*.txt", "**/**/*.txt", "*.txt"], ["*.tx", "file?txt.*"]],
  ["a/file.txt", ["a**/*.txt", "a/*.txt", "a/*.txt**"], ["b**/*.txt"]],
  ["a/dir/dir/file.txt", ["a**/*.txt", "a/dir/**"], ["a/*.txt", "a/*/*.txt"]],
  ["ace", ["a[b-d]e", "a?e", "[a]*"], ["a[^b-d]e", "a[d-e]e"]],
  ["aze", ["a[^b-d]e"], ["a[b-d]e"]],
  [".foo", [".*", "**/.foo"], ["foo"]],
  ["bar.foo", ["*.foo"], ["**/.foo", ".*"]],
  ["abcZdef", ["abc?def"], ["abc.def"]],
  ["abc.def", ["abc.def"], ["abcdef"]],
  ["a*b", ["a\\*b", "a*b"], ["a\\?b"]],
  ["a\\", ["a\\\\"], ["a"]],
  ["dir/dir2/foo/bar", ["**/foo/bar", "**/foo"], ["foo/bar"]],
  ["abc", ["abc", "*", "*c", "a*", "ab[c]", "ab[b-d]", "ab[^e-g]"], ["abc/**", "ab[e-g]", "ab[^c]", "ab[^b-d]"]],
  ["abc/def/ghi", ["abc/**", "abc/def"], ["abc/*/def"]],
  ["a(b)c/def", ["a(b)c/def"], ["a(b)c/xyz"]],
  ["a.|)$(}+{bc", ["a.|)$(}+{bc"], ["a.|"]],
  ["dist/x-2.4.0rc3.dev36+g08acad9-py3.whl", ["dist/x-2.4.0rc3.dev36+g08acad9-py3.whl", "dist/*.whl"], ["*.whl"]],
  ["axbxcxdxexxx/f", ["a*b*c*d*e*/f"], ["a*b*c*d*e*/g"]],
  ["a☺b", ["a?b", "a[^a]b"], ["a???b", "a[^a][^a][^a]b"]],
  ["😀b", ["?b", "*b"], ["??b"]],
  ["α", ["[a-ζ]*"], ["[a-z]*"]],
  ["]", ["[\\]a]"], ["[a]"]],
  ["-", ["[x\\-]", "[\\-x]"], ["[a-z]"]],
];

describe("patterns of .dockerignore", () => {
  for (const [file, matched, not] of table) {
    it(`match ${file}`, () => {
      const found = [...matched, ...not].filter((pattern) => isIgnored([pattern], file));
      assert.deepEqual(found, matched);
    });
  }

  for (const [patterns, file, expected] of [
    [["docs", "!docs/README.md"], "docs/README.md", false],
    [["docs/", "!docs/README.md"], "docs/README.md", false],
    [["docs/*", "!docs/README.md"], "docs/README.md", false],
    [["*.go", "!main.go"], "main.go", false],
    [["!main.go", "*.go"], "main.go", true],
    [["**", "!util/docker/web"], "util/docker/web/foo", false],
    [["**", "!util/docker/web", "util/docker/web/foo"], "util/docker/web/foo", true],
    [["**", "!dist/*.whl"], "dist/a+b.whl", false],
    [["*", "! src", "src/**/*.test.ts"], "src/a/b.test.ts", true],
    [["\uFEFFx"], "x", true],
    [["x\r"], "x", true],
  ] as const) {
    it(`in order: ${JSON.stringify(patterns)} ${expected ? "" : "don't "}leave out ${file}`, () =>
      assert.equal(isIgnored(patterns, file), expected));
  }

  it("tell which ignored folders need not be read", () => {
    const canSkip = (...patterns: string[]) => new IgnorePatterns("", patterns.join("\n")).canSkip("node_modules");
    assert.ok(canSkip("node_modules"));
    assert.ok(canSkip("*", "!src/**"));
    assert.ok(!canSkip("*", "!node_modules/ours/**"));
    assert.ok(!canSkip("*", "!**/*.ts"));
  });

  it("fails if a pattern is malformed, and names file and pattern", () =>
    assert.throws(() => new IgnorePatterns("app/.dockerignore", "ok\n*a[b"), {
      message: /^app\/\.dockerignore: the pattern "\*a\[b" is malformed; see https:/,
    }));
});
