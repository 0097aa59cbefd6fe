import * as assert from "node:assert/strict";

import * as pulumi from "@pulumi/pulumi";

import { ofRun } from "../../../components/pulumi/run";

/** What the SDK does for each program of a process (https://github.com/pulumi/pulumi/blob/v3.248.0/sdk/nodejs/automation/server.ts). */
// eslint-disable-next-line @typescript-eslint/no-require-imports -- the SDK has no types for it
const sdk = require("@pulumi/pulumi/runtime/state") as {
  withLocalStorage: <T>(run: () => T) => T;
  setStackResource: (stack: object | undefined) => void;
};

describe("what belongs to a run of a program", () => {
  const address = "127.0.0.1:40001";
  const runs = new WeakMap<object, object>();

  after(() => sdk.setStackResource(undefined));

  function duringRun<T>(at: string, hasStack: boolean, work: () => T): T {
    return sdk.withLocalStorage(() => {
      pulumi.runtime.resetOptions("shop", "dev", 1, "", at, false, "organization");
      if (hasStack) {
        sdk.setStackResource({});
      }
      return work();
    });
  }

  const look = () => ofRun(runs, () => ({}));

  it("is the same during a run", () =>
    duringRun(address, true, () => {
      assert.equal(look(), look());
    }));

  it("is another one for each stack in parallel", () =>
    assert.notEqual(duringRun(address, true, look), duringRun("127.0.0.1:40002", true, look)));

  it("is another one for the next run, though its engine has the address of one that has ended", () =>
    assert.notEqual(duringRun(address, true, look), duringRun(address, true, look)));

  it("is the same for the components that one process makes for a program in another language", () =>
    assert.equal(duringRun(address, false, look), duringRun(address, false, look)));
});
