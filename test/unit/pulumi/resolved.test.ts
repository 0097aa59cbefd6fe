import * as assert from "node:assert/strict";

import * as pulumi from "@pulumi/pulumi";

import { resolved } from "../../../components/pulumi/resolved";

const { specialSigKey, specialSecretSig } = pulumi.runtime;
const mark = (value: unknown) => ({ [specialSigKey]: specialSecretSig, value });

describe("a value for a hook", () => {
  it("has no mark of a secret in a secret, at whatever depth", async () => {
    const registries = [{ address: "ghcr.io", password: "p" }, { address: "other" }];
    const given = pulumi.output({ registries: pulumi.secret(mark(registries)), tags: ["ghcr.io/acme/api:1"] });
    assert.deepEqual(await resolved(given), { registries, tags: ["ghcr.io/acme/api:1"] });
    assert.deepEqual(await resolved(pulumi.output([{ map: mark({ pin: mark("1234") }) }])), [{ map: { pin: "1234" } }]);
  });

  it("is otherwise what it was", async () => {
    const value = { none: null, list: [1, "a", { is: true }], text: "" };
    assert.deepEqual(await resolved(pulumi.output(value)), value);
  });
});
