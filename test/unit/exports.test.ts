import * as assert from "node:assert/strict";

import { checkExports } from "../../components/exports";

describe("exports", () => {
  const check = (entry: object, exec = false) => checkExports("MultiPlatformImage app", { exports: [entry], exec });

  for (const [entry, fix] of [
    [{ tar: { dest: "files.tar" } }, /`exports\[0\]`.*only a folder: take \{ local: \{ dest \} \}/],
    [{ oci: { dest: "oci.tar" } }, /tar: false \} \}, an image layout/],
    [{ docker: { dest: "docker.tar" } }, /`load: true`/],
    [{ raw: "type=oci,dest=oci.tar" }, /an image layout/],
  ] as const) {
    it(`recipe 7: ${JSON.stringify(entry)} is refused, and the fix is told`, () => {
      assert.throws(() => check(entry), { message: fix });
      check(entry, true);
    });
  }

  for (const entry of [
    { oci: { dest: "oci", tar: false } },
    { docker: {} },
    { local: { dest: "files" } },
    { tar: { dest: "files.tar" }, disabled: true },
    { raw: "type=docker" },
    { raw: "type=oci,dest=oci,tar=false" },
    { cacheonly: {} },
  ]) {
    it(`recipe 7: ${JSON.stringify(entry)} is taken`, () => check(entry));
  }
});
