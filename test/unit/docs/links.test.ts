import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { ROOT } from "../../../tools/testing/testFile";

const markdown = (folder: string) =>
  fs
    .readdirSync(path.join(ROOT, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => path.join(folder, name));
const examples = fs.readdirSync(path.join(ROOT, "examples")).map((name) => `examples/${name}/README.md`);
const pages = ["README.md", "CONTRIBUTING.md", ...markdown("docs"), ...examples];
const read = (page: string) => fs.readFileSync(path.join(ROOT, page), "utf8");

/** A page's text without code, in which brackets are no links. */
const prose = (page: string) =>
  read(page)
    .replace(/^```.*?^```$/gms, "")
    .replace(/`[^`\n]*`/g, "``");

/** As GitHub makes a heading's anchor. */
function anchorsOf(page: string): Set<string> {
  const headings = [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, text]) =>
    text.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1"),
  );
  return new Set(
    headings.map((text) =>
      text
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

describe("the documentation", () => {
  for (const page of pages) {
    it(`${page} links to what is there`, () => {
      const links = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link);
      for (const link of links.filter((each) => !/^[a-z]+:/.test(each))) {
        const [file, anchor] = link.split("#");
        const target = file === "" ? page : path.join(path.dirname(page), file);
        assert.ok(fs.existsSync(path.join(ROOT, target)), `${link}: there is no ${target}`);
        if (anchor && target.endsWith(".md")) {
          assert.ok(anchorsOf(target).has(anchor), `${link}: ${target} has no such heading`);
        }
      }
    });
  }

  it("has a page in its index for each of its pages", () => {
    const listed = [...read("docs/README.md").matchAll(/\]\(([\w-]+\.md)\)/g)].map(([, name]) => `docs/${name}`);
    assert.deepEqual([...listed, "docs/README.md"].sort(), markdown("docs").sort());
  });

  it("names only folders and files of components/ that are there", () => {
    for (const page of pages) {
      for (const [, name] of read(page).matchAll(/`(components\/[\w/.-]+)`/g)) {
        assert.ok(fs.existsSync(path.join(ROOT, name)), `${page} names ${name}`);
      }
    }
  });

  it("begins with a page that is read in five minutes", () => assert.ok(read("README.md").split("\n").length <= 120));
});
