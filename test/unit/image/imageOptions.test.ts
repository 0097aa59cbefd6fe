import * as assert from "node:assert/strict";

import * as pulumi from "@pulumi/pulumi";

import { componentOptions, imageOptions } from "../../../components/image/imageOptions";

const imageType = "docker-build:index:Image";
const imageUrn = `urn:pulumi:dev::shop::${imageType}::web`;
const childUrn = `urn:pulumi:dev::shop::shop:index:App$${imageType}::web`;
const componentUrn = "urn:pulumi:dev::shop::multi-platform-image:index:MultiPlatformImage::web";

describe("options of the component that its image gets", () => {
  it("is a docker-build image of the same name in the component's place, unless it is not to be adopted", () => {
    const former = { name: "api", parent: pulumi.rootStackResource };
    assert.deepEqual(imageOptions("api", true).aliases, [former]);
    assert.deepEqual(imageOptions("api", false).aliases, []);
  });

  it("takes aliases of docker-build's images from the component, by URN and by type, and leaves it the others", () => {
    const byType = { type: imageType, name: "web" };
    const others = [{ name: "old" }, componentUrn, pulumi.output(imageUrn)];
    const aliases = [imageUrn, childUrn, byType, ...others];
    assert.deepEqual(componentOptions({ aliases }).aliases, others);
    assert.deepEqual(imageOptions("api", false, { aliases }).aliases, [
      imageUrn,
      childUrn,
      { name: "web", parent: pulumi.rootStackResource, type: imageType },
    ]);
  });

  it("hands on what Pulumi does not hand to children", () => {
    const handed = { customTimeouts: { create: "2h" }, ignoreChanges: ["tags"], replaceOnChanges: ["target"] };
    assert.deepEqual(imageOptions("api", false, { ...handed, protect: true }), { aliases: [], ...handed });
  });
});
