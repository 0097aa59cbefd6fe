import * as assert from "node:assert/strict";

import * as pulumi from "@pulumi/pulumi";

import { HooksByResource, type StepHooks } from "../../../components/pulumi/sharedHooks";

const type = "docker-build:index:Image";
const componentType = "multi-platform-image:index:MultiPlatformImage";
const hooks = (): StepHooks => ({ prepare: () => undefined, conclude: () => undefined, onError: () => false });
const parent = (types: string, name: string) =>
  ({ urn: pulumi.output(`urn:pulumi:dev::shop::${types}::${name}`) }) as unknown as pulumi.Resource;

describe("hooks that all images of a program share", () => {
  it("are those of the image whose step it is, also where others below other parents have its name", async () => {
    const table = new HooksByResource();
    const [plain, nested, other] = [hooks(), hooks(), hooks()];
    table.add(parent(componentType, "api"), "api", plain);
    table.add(parent(`acme:index:Service$${componentType}`, "api"), "api", nested);
    table.add(parent(componentType, "web::1"), "web::1", other);
    const of = (types: string, name: string) =>
      table.of({ urn: `urn:pulumi:dev::shop::${types}$${type}::${name}`, name, type });
    assert.equal(await of(componentType, "api"), plain);
    assert.equal(await of(`acme:index:Service$${componentType}`, "api"), nested);
    assert.equal(await of(componentType, "web::1"), other);
    await assert.rejects(of(componentType, "unknown"), /no hooks are known of urn:pulumi:dev::shop::.*::unknown/);
  });
});
