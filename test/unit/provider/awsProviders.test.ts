import * as assert from "node:assert/strict";

import { Provider as AwsProvider } from "@pulumi/aws/provider";
import * as pulumi from "@pulumi/pulumi";
import { getResourcePackage } from "@pulumi/pulumi/runtime/rpc";

import { findAwsProviders } from "../../../provider/aws";

/** The SDK's server asks in this way for what is in `providers`: node_modules/@pulumi/pulumi/provider/server.js. */
describe("an aws provider in `providers` of a program in another language", () => {
  it("arrives as one that can be asked for its settings", async () => {
    await pulumi.runtime.setMocks({
      newResource: ({ inputs }) => ({ id: "", state: inputs as object }),
      call: () => ({}),
    });
    findAwsProviders();
    const type = "pulumi:providers:aws";
    const found = getResourcePackage("aws", "")?.constructProvider("own", type, `urn:pulumi:dev::app::${type}::own`);
    assert.ok(found instanceof AwsProvider);
    assert.equal(typeof found.terraformConfig, "function");
  });
});
