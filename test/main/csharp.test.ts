import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import type { PackageSpec } from "../../provider/schema/spec";
import { execute, skipWithout } from "../hosts";
import { nightly } from "../tier";
import { schemaFile } from "./languages/stack";
import { languageTool } from "./languages/tools";
import { temporaryDirectory } from "./stack";

const nameOf = (token: string): string => token.split(":")[2];

// Pulumi's generator, of 3.106.0. To compile what it makes takes .NET and its registry, which are not everywhere: not run here.
nightly.describe("the SDK of C#", function () {
  this.timeout(1_200_000);
  let folder: string;
  const schema = JSON.parse(fs.readFileSync(schemaFile, "utf8")) as PackageSpec;
  const read = (...file: string[]): string => fs.readFileSync(path.join(folder, ...file), "utf8");

  before(async function () {
    skipWithout(this, ["go"]);
    folder = temporaryDirectory("csharp");
    await execute([await languageTool("sdkgenDotnet"), schemaFile, folder]);
  });

  it("is made of the schema, with every argument and output of every resource", () => {
    for (const [token, { inputProperties, properties }] of Object.entries(schema.resources)) {
      const text = read(`${nameOf(token)}.cs`);
      const attributes = [...text.matchAll(/\[(Input|Output)\("([^"]+)"/g)];
      const names = (kind: string) => attributes.filter((each) => each[1] === kind).map(([, , name]) => name);
      assert.deepEqual(names("Input").sort(), Object.keys(inputProperties).sort(), token);
      assert.deepEqual(names("Output").sort(), Object.keys(properties).sort(), token);
    }
  });

  it("has every type of an argument, and every enum", () => {
    const enums = read("Enums.cs");
    const inputs = fs.readdirSync(path.join(folder, "Inputs"));
    for (const [token, type] of Object.entries(schema.types)) {
      const name = nameOf(token);
      if ("enum" in type) {
        assert.match(enums, new RegExp(`struct ${name}\\b`));
      } else if (name !== "BuildNode") {
        assert.ok(inputs.includes(`${name}Args.cs`), `${name} is not among ${inputs.join()}`);
      }
    }
  });

  it("names the plugin's version", () => {
    const plugin = JSON.parse(read("pulumi-plugin.json")) as Record<string, unknown>;
    assert.deepEqual(plugin, { resource: true, name: schema.name, version: schema.version });
  });
});
