import * as assert from "node:assert/strict";

import * as pulumi from "@pulumi/pulumi";

import { checkCaches } from "../../../../components/image/caches/checkCaches";
import { exportOfPlatform, importOfPlatform, isInline } from "../../../../components/image/caches/cacheLocations";
import { cacheServers } from "../../../../components/image/caches/cacheServers";
import { hasKey, wholeExport, wholeImport } from "../../../../components/image/caches/raw";
import type { Platform } from "../../../../components/support/platforms";

describe("places of caches", () => {
  it("a ref gets the platform in its tag, whatever the registry's port", () => {
    const of = (ref: string) => exportOfPlatform({ registry: { ref, mode: "max" } }, "linux/arm/v7").registry;
    assert.deepEqual(of("ghcr.io/acme/app:cache"), { ref: "ghcr.io/acme/app:cache-linux-arm-v7", mode: "max" });
    assert.deepEqual(of("localhost:5000/app"), { ref: "localhost:5000/app:latest-linux-arm-v7", mode: "max" });
  });

  it("a digest names one cache, and stays", () => {
    const cache = { registry: { ref: `app@sha256:${"0".repeat(64)}` } };
    assert.deepEqual(importOfPlatform(cache, "linux/arm64"), cache);
  });

  it("a folder gets one inside, the same for both directions", () => {
    assert.deepEqual(exportOfPlatform({ local: { dest: "./cache/" } }, "linux/amd64"), {
      local: { dest: "./cache/linux-amd64" },
    });
    assert.deepEqual(importOfPlatform({ local: { src: "./cache" } }, "linux/amd64"), {
      local: { src: "./cache/linux-amd64" },
    });
  });

  it("scopes and names get an ending, also those that have a default", () => {
    const s3 = { bucket: "caches", region: "eu-west-1" };
    assert.deepEqual(exportOfPlatform({ gha: {} }, "linux/arm64"), { gha: { scope: "buildkit-linux-arm64" } });
    assert.deepEqual(exportOfPlatform({ gha: { scope: "api" } }, "linux/arm64"), { gha: { scope: "api-linux-arm64" } });
    assert.deepEqual(importOfPlatform({ s3 }, "linux/arm64"), { s3: { ...s3, name: "buildkit-linux-arm64" } });
    assert.deepEqual(importOfPlatform({ azblob: { name: "api" } }, "linux/arm64"), {
      azblob: { name: "api-linux-arm64" },
    });
  });

  it("raw texts are read as buildx reads them", () => {
    const to = (raw: string) => exportOfPlatform({ raw }, "linux/amd64").raw;
    const from = (raw: string) => importOfPlatform({ raw }, "linux/amd64").raw;
    assert.equal(to("type=registry,ref=app:cache,mode=max"), "type=registry,mode=max,ref=app:cache-linux-amd64");
    assert.equal(to("type=gha"), "type=gha,scope=buildkit-linux-amd64");
    assert.equal(to("type=inline"), "type=inline");
    assert.equal(
      to("TYPE=registry,Mode=max,REF=localhost:1/app:cache"),
      "type=registry,mode=max,ref=localhost:1/app:cache-linux-amd64",
    );
    assert.equal(
      to('type=registry,"ref=app:cache","x=a,""b"""\r\n'),
      'type=registry,"x=a,""b""",ref=app:cache-linux-amd64',
    );
    assert.equal(to("type=gha,scope=a,scope=b"), "type=gha,scope=b-linux-amd64");
    assert.equal(to("type=s3,bucket=b,name=a;b"), "type=s3,bucket=b,name=a-linux-amd64;b-linux-amd64");
    assert.equal(to("type=azblob"), "type=azblob,name=buildkit-linux-amd64");
    assert.equal(to("one:cache,two"), "one:cache-linux-amd64,two:latest-linux-amd64");
    assert.equal(from('no quote" here,type=x'), 'no quote" here,type=x');
    assert.equal(from("app:cache"), "app:cache-linux-amd64");
    assert.equal(from("type=local,src=cache"), "type=local,src=cache/linux-amd64");
  });

  it("raw texts whose place is not understood are refused, where platforms would share it", () => {
    const check = (raw: unknown, platforms: Platform[] = ["linux/amd64", "linux/arm64"]) =>
      checkCaches("MultiPlatformImage api", [{ inline: {} }, { raw: raw as string }], platforms);
    for (const [raw, told] of [
      ["ref=app:cache", /it has no `type`/],
      ["type=registry,ref", /"ref" is no NAME=VALUE/],
      ['type=registry,ref="app:cache"', /no line of comma-separated values/],
      ["type=new,place=here", /no location for each platform is known of type "new"; known are registry, local, gha/],
    ] as const) {
      assert.throws(() => check(raw), told);
      assert.throws(() => check(raw), /^BuildError: MultiPlatformImage api: `cacheTo\[1\]\.raw` is /);
      assert.throws(() => exportOfPlatform({ raw }, "linux/amd64"), /^BuildError: `cacheTo` has "/);
      check(raw, ["linux/amd64"]);
    }
    check("TYPE=gha");
    // buildx passes over it.
    check("");
    check(pulumi.output("?"));
    checkCaches("MultiPlatformImage api", undefined, ["linux/amd64", "linux/arm64"]);
  });

  it("inline caches are told from others", () => {
    assert.ok(isInline({ raw: "TYPE=inline" }));
    assert.ok(isInline({ inline: {} }));
    assert.ok(isInline({ raw: "type=inline" }));
    assert.ok(!isInline({ raw: "type=registry,ref=app:inline" }));
    assert.ok(!isInline({ registry: { ref: "app:cache" } }));
  });

  it("what docker-build would lose of s3 and local is told in buildx's own words", () => {
    const s3 = { bucket: "caches", region: "eu-west-1", usePathStyle: true, name: "a,b", sessionToken: "" };
    assert.deepEqual(wholeExport({ s3: { ...s3, mode: "max", ignoreError: true }, disabled: false }), {
      disabled: false,
      raw: 'type=s3,bucket=caches,region=eu-west-1,"name=a,b",use_path_style=true,mode=max,ignore-error=true',
    });
    assert.deepEqual(wholeImport({ s3: { bucket: "caches", region: "eu-west-1", secretAccessKey: "key" } }), {
      raw: "type=s3,bucket=caches,region=eu-west-1,secret_access_key=key",
    });
    assert.deepEqual(wholeExport({ local: { dest: "cache", mode: "max", compressionLevel: 3 } }), {
      raw: "type=local,dest=cache,mode=max,compression-level=3",
    });
    const registry = { registry: { ref: "app:cache" } };
    assert.deepEqual(wholeExport(registry), registry);
  });

  it("those with a key are told from others", () => {
    const s3 = { bucket: "caches", region: "eu-west-1" };
    assert.ok(hasKey({ s3: { ...s3, secretAccessKey: "key" } }));
    assert.ok(hasKey({ s3: { ...s3, secretAccessKey: "", sessionToken: "token" } }));
    assert.ok(!hasKey({ s3 }));
    assert.ok(!hasKey({ local: { dest: "cache" } }));
  });

  it("the servers that they are written to are known, without logins", () => {
    const servers = (...caches: Parameters<typeof cacheServers>[0]) => cacheServers(caches, ["r.internal:5000"]);
    assert.deepEqual(servers({ registry: { ref: "ghcr.io/acme/app:cache" } }), ["https://ghcr.io/v2/"]);
    assert.deepEqual(servers({ raw: "type=registry,ref=r.internal:5000/c,mode=max" }), ["http://r.internal:5000/v2/"]);
    assert.deepEqual(servers({ raw: "app:c" }, { raw: "localhost:5000/c" }), [
      "https://registry-1.docker.io/v2/",
      "http://localhost:5000/v2/",
    ]);
    assert.deepEqual(servers({ raw: "type=s3,bucket=c,region=eu-west-1" }), ["https://s3.eu-west-1.amazonaws.com/"]);
    assert.deepEqual(servers({ raw: "type=s3,endpoint_url=https://a:b@s3.internal/x?y=z" }), ["https://s3.internal/x"]);
    assert.deepEqual(servers({ azblob: { accountUrl: "https://a.blob.core.windows.net", name: "c" } }), [
      "https://a.blob.core.windows.net/",
    ]);
    assert.deepEqual(
      servers({ gha: {} }, { inline: {} }, { raw: "?=" }, { disabled: true, registry: { ref: "r.example/c" } }),
      [],
    );
  });
});
