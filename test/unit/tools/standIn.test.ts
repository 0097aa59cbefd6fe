// The X.509 library's dependency injection needs it before its own first line runs.
import "reflect-metadata";

import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { isThere } from "../../../tools/risks/titles";
import { aws } from "../../cloud/plugins/aws";
import { tls } from "../../cloud/plugins/tls";

const cloud = path.resolve(__dirname, "../../cloud");

interface Row {
  what: string;
  source: string;
  test: string;
}

/** All rows of a page's tables that begin with code, by that. */
function rowsOf(page: string): Row[] {
  const lines = page.split("\n").filter((line) => /^\| `/.test(line));
  return lines.map((line) => {
    const [, what = "", source = "", , test = ""] = line.split("|").map((cell) => cell.trim());
    return { what: what.replaceAll("`", ""), source, test };
  });
}

describe("where the rules of the tests' account are from", () => {
  const rows = rowsOf(fs.readFileSync(path.join(cloud, "README.md"), "utf8"));

  it("is said once for each resource, look-up and method of the providers' stand-ins", () => {
    const types = [aws, tls].flatMap(({ resources, lookUps, methods }) =>
      [resources, lookUps, methods].flatMap((each) => Object.keys(each)),
    );
    const said = rows.map(({ what }) => what).filter((what) => what.includes(":"));
    assert.deepEqual(said.sort(), types.sort());
  });

  it("is said once for each part of the API that has rules", () => {
    const files = fs.readdirSync(path.join(cloud, "api")).filter((file) => file.endsWith(".py"));
    const hasRules = (file: string) =>
      /^def (install_\w+|resources_of)\(|^class (Faults|Identities|Instances|Roles|Volumes)\b/m.test(
        fs.readFileSync(path.join(cloud, "api", file), "utf8"),
      );
    // The way to the rules is none of them.
    const ruled = files.filter((file) => hasRules(file) && file !== "gate.py");
    const said = rows.map(({ what }) => what).filter((what) => what.endsWith(".py"));
    assert.deepEqual(said.sort(), ruled.sort());
  });

  for (const { what, source, test } of rows) {
    it(`${what}: a source, and a test that is there`, () => {
      assert.match(source, /\.go`|https:\/\/|^none: /);
      const [, file, title] = /^(\S+?): (.+)$/.exec(test) ?? [];
      assert.ok(file && title, `"${test}" is not FILE: TITLE`);
      assert.ok(isThere([file, title]), `test/${file}.test.ts has no test "${title}"`);
    });
  }
});
