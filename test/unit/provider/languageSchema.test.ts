import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { type NamedImage, outputsOf } from "../../../components/image/imageOutputs";
import { ArgumentTypes } from "../../../provider/schema/program";
import { makeSchema } from "../../../provider/schema/package";
import type { ObjectSpec } from "../../../provider/schema/spec";

const folder = path.resolve(__dirname, "../../../provider");

describe("the schema for other languages", function () {
  this.timeout(120_000);
  const { schema, facts } = makeSchema();
  const source = new ArgumentTypes();

  it("is what the types say: `npm run schema` makes it", () => {
    for (const [name, made] of Object.entries({ schema, arguments: facts })) {
      const kept = JSON.parse(fs.readFileSync(path.join(folder, `${name}.json`), "utf8")) as unknown;
      assert.deepEqual(kept, JSON.parse(JSON.stringify(made)), `provider/${name}.json is old. Fix: npm run schema`);
    }
  });

  for (const [resource, type] of [
    ["MultiPlatformImage", "MultiPlatformImageArgs"],
    ["Builder", "BuilderArgs"],
  ]) {
    it(`has every argument of ${type}`, () => {
      const { inputProperties } = schema.resources[`multi-platform-image:index:${resource}`];
      const names = source.checker.getPropertiesOfType(source.typeOf(type)).map(({ name }) => name);
      assert.ok(names.length > 5, names.join());
      const missing = names.filter((name) => !Object.hasOwn(inputProperties, name));
      assert.deepEqual(missing.sort(), type === "MultiPlatformImageArgs" ? ["prices", "report"] : []);
    });
  }

  it("has every argument of every kind of node", () => {
    const { properties } = schema.types["multi-platform-image:index:Node"] as ObjectSpec;
    for (const type of ["Ec2NodeArgs", "LocalNodeArgs", "RemoteNodeArgs"]) {
      const names = source.checker.getPropertiesOfType(source.typeOf(type)).map(({ name }) => name);
      assert.deepEqual(
        names.filter((name) => !Object.hasOwn(properties, name)),
        [],
        type,
      );
    }
  });

  it("has every output of an image", () => {
    const image = { digest: "", ref: "", name: "a.example/b:1", isPushed: true, platformDigests: {} };
    const { properties } = schema.resources["multi-platform-image:index:MultiPlatformImage"];
    assert.deepEqual(Object.keys(properties).sort(), Object.keys(outputsOf(image as NamedImage)).sort());
  });

  it("has no unions, and refers to no other package", () => {
    const text = JSON.stringify(schema);
    assert.doesNotMatch(text, /"oneOf"/);
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference);
    assert.ok(references.length > 20);
    assert.deepEqual(
      references.filter((each) => !/^#\/(types|resources)\/multi-platform-image:index:/.test(each)),
      [],
    );
  });

  it("keeps keys and passwords secret", () => {
    const secretsOf = (type: string) =>
      Object.entries((schema.types[`multi-platform-image:index:${type}`] as ObjectSpec).properties)
        .filter(([, { secret }]) => secret)
        .map(([name]) => name);
    assert.deepEqual(secretsOf("RemoteNodeTls"), ["key"]);
    assert.deepEqual(secretsOf("Registry"), ["password"]);
    assert.deepEqual(secretsOf("CacheToS3"), ["secretAccessKey", "sessionToken"]);
  });
});
