import * as assert from "node:assert/strict";

import { whyNotDeleted } from "../../../components/image/deletion";
import { checkExports } from "../../../components/image/checkExports";
import { normaliseImage } from "../../../components/image/normaliseImage";

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

describe("tags as docker-build gets them", () => {
  const tagsOf = (tags: string[]) =>
    normaliseImage("app", { tags, dockerfile: { inline: "FROM scratch\n" } }).imageArgs.tags;

  // Of Docker Hub's short form docker-build's refresh keeps the first alone: https://github.com/pulumi/pulumi-docker-build/blob/v0.0.22/provider/internal/image.go
  it("name their registry, so that a refresh keeps them all", () => {
    assert.deepEqual(tagsOf(["acme/app:1", "acme/app:2", "node"]), [
      "docker.io/acme/app:1",
      "docker.io/acme/app:2",
      "docker.io/library/node:latest",
    ]);
    const full = ["ghcr.io/acme/app:1.0", "localhost:5080/app:1", "docker.io/acme/app:1"];
    assert.deepEqual(tagsOf(full), full);
  });
});

describe("an image that docker-build can't delete", () => {
  const given = { retainOnDelete: false, tags: ["ghcr.io/acme/app:1"], hasRepository: false, insecureRegistries: [] };

  it("is told, with the reason and the fix", () => {
    assert.match(
      whyNotDeleted({ ...given, tags: ["localhost:5080/app:1"] }) ?? "",
      /speaks TLS to localhost:5080, .* Fix: /,
    );
    assert.match(whyNotDeleted({ ...given, insecureRegistries: ["ghcr.io"] }) ?? "", /speaks TLS to ghcr\.io/);
    assert.match(whyNotDeleted({ ...given, hasRepository: true }) ?? "", /ends after 12 hours\. Fix: /);
    assert.equal(whyNotDeleted(given), undefined);
    assert.equal(whyNotDeleted({ ...given, tags: ["localhost:5080/app:1"], retainOnDelete: true }), undefined);
  });
});
