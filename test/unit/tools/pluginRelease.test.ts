import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { nodeRelease } from "../../../tools/pluginRelease/nodeBinary";
import { type LockedPackages, neededPackages } from "../../../tools/pluginRelease/packages";
import { checkServer } from "../../../tools/pluginRelease/sdks";

const lockFile = path.resolve(__dirname, "../../../package-lock.json");

describe("the plugin's release", () => {
  it("has what the package needs, each where Node looks for it first", () => {
    const packages: LockedPackages = {
      "": { dependencies: { a: "1" }, peerDependencies: { b: "1" } },
      "node_modules/a": { dependencies: { c: "2" } },
      "node_modules/a/node_modules/c": { dependencies: { d: "1" } },
      "node_modules/b": { dependencies: { c: "1" } },
      "node_modules/c": {},
      "node_modules/d": {},
      "node_modules/tool": {},
    };
    const places = ["a", "a/node_modules/c", "b", "c", "d"].map((each) => `node_modules/${each}`);
    assert.deepEqual(neededPackages(packages), places);
  });

  it("is not made without one of them", () =>
    assert.throws(
      () => neededPackages({ "": { dependencies: { a: "1" } } }),
      /package-lock.json has no a, which this package needs. Fix: npm install/,
    ));

  it("has the SDKs, and nothing that only compiles", () => {
    const { packages } = JSON.parse(fs.readFileSync(lockFile, "utf8")) as { packages: LockedPackages };
    const places = neededPackages(packages);
    for (const name of ["@pulumi/aws", "@pulumi/docker-build", "@pulumi/pulumi", "@kubernetes/client-node", "undici"]) {
      assert.ok(places.includes(`node_modules/${name}`), name);
    }
    assert.deepEqual(
      places.filter((each) => /\/(typescript|ts-node|mocha|@swc\/core)$/.test(each)),
      [],
    );
  });

  it("finds what the plugin's own folder needs, also where packages for development are left out", () => {
    const { packages } = JSON.parse(fs.readFileSync(lockFile, "utf8")) as {
      packages: Record<string, { dependencies?: Record<string, string>; dev?: boolean }>;
    };
    const needed = Object.keys(packages.provider.dependencies ?? {});
    assert.ok(needed.includes("@pulumi/kubernetes"), needed.join());
    assert.deepEqual(
      needed.filter((name) => packages[`node_modules/${name}`].dev),
      [],
      "package-lock.json is old. Fix: npm install",
    );
  });

  it("names in its SDKs only a server from which Pulumi fetches archives", () => {
    checkServer("https://example.com/release");
    checkServer("github://api.github.com/acme/multi-platform-image");
    for (const server of ["example.com/release", "git://example.com/acme/x.git", "./release"]) {
      assert.throws(
        () => checkServer(server),
        /--server ".*" is no place .* use a URL with https, http, github, gitlab/,
      );
    }
  });

  // As listed in https://nodejs.org/dist/v20.20.2/
  it("takes Node of its project's own release, with the checksum beside it", () =>
    assert.deepEqual(nodeRelease("v20.20.2", "linux/amd64"), {
      asset: {
        path: "/dist/v20.20.2/node-v20.20.2-linux-x64.tar.gz",
        format: "tar.gz",
        checksum: { kind: "published", path: "/dist/v20.20.2/SHASUMS256.txt" },
      },
      entry: "node-v20.20.2-linux-x64/bin/node",
    }));
});
