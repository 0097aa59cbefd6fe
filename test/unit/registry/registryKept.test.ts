import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";

import { BaseImageAnswers } from "../../../components/baseImages/ask";
import { checkImage } from "../../../components/registry/checkImage";
import { digestOf } from "../../../components/registry/manifest";

const variable = "MULTI_PLATFORM_IMAGE_CACHE";
const platform = { os: "linux", architecture: "amd64" };

describe("what a registry was asked for", () => {
  const before = process.env[variable];
  const index = (digest: string) => Buffer.from(JSON.stringify({ manifests: [{ digest, platform }] }));
  let folder: string;
  let registry: string;
  let bytes: Buffer;
  let requests = 0;
  const server = http.createServer((_, response) => {
    requests += 1;
    response.setHeader("content-type", "application/vnd.oci.image.index.v1+json");
    response.end(bytes);
  });

  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-kept-"));
    process.env[variable] = path.join(folder, "cache");
    bytes = index("sha256:aaa");
    requests = 0;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    registry = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    if (before === undefined) {
      delete process.env[variable];
    } else {
      process.env[variable] = before;
    }
    fs.rmSync(folder, { recursive: true });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const check = () =>
    checkImage({
      digest: digestOf(bytes),
      ref: "",
      tag: `${registry}/app:1`,
      isPushed: true,
      wasPushedNow: true,
      platforms: ["linux/amd64"],
      logins: [],
      insecureRegistries: [],
    });
  const files = () => {
    const kept = path.join(folder, "cache/manifests");
    return fs.readdirSync(kept).map((name) => path.join(kept, name));
  };

  it("is asked once", async () => {
    const [first, second] = [await check(), await check()];
    assert.deepEqual(first.platformDigests, { "linux/amd64": "sha256:aaa" });
    assert.deepEqual([second, requests], [first, 1]);
    assert.equal(fs.statSync(files()[0]).mode & 0o777, 0o600);
  });

  it("is not believed of a cache that another has written", async () => {
    await check();
    for (const forged of [index("sha256:eee").toString(), "{}", "", '{"linux/amd64":"sha256:eee"}']) {
      fs.writeFileSync(files()[0], forged);
      assert.deepEqual((await check()).platformDigests, { "linux/amd64": "sha256:aaa" });
    }
    assert.equal(requests, 5);
  });

  it("is not believed of a cache that another has written, of base images", async () => {
    const ask = (digest: string) => new BaseImageAnswers().ask(`${registry}/base@${digest}`, []);
    const answers = [await ask(digestOf(bytes))];
    fs.writeFileSync(files()[0], '{"kind":"index","platforms":["linux/s390x"]}');
    // Asked by another name, because a program asks once.
    answers.push(await new BaseImageAnswers().ask(`${registry}/mirror@${digestOf(bytes)}`, []));
    assert.deepEqual(answers, Array(2).fill({ kind: "index", platforms: ["linux/amd64"] }));
    assert.equal(requests, 2);
    assert.equal((await new BaseImageAnswers().ask(`${registry}/third@${digestOf(bytes)}`, [])).kind, "index");
    assert.equal(requests, 2, "good bytes are kept for a base image of any name");
  });

  it("fails nothing where the cache can't be written", async () => {
    fs.writeFileSync(path.join(folder, "file"), "");
    for (const place of ["/dev/null", path.join(folder, "file")]) {
      process.env[variable] = place;
      const { problem, platformDigests } = await check();
      assert.deepEqual([problem, platformDigests], [undefined, { "linux/amd64": "sha256:aaa" }]);
    }
  });

  it("is forgotten 90 days later", async () => {
    await check();
    const [old] = files();
    const day = 24 * 60 * 60;
    fs.utimesSync(old, 0, Date.now() / 1_000 - 91 * day);
    bytes = index("sha256:bbb");
    await check();
    assert.equal(files().length, 1);
    assert.ok(!fs.existsSync(old));
  });

  it("of what is no manifest, is told with a sentence", async () => {
    for (const text of [
      "null",
      "[]",
      "{",
      '{"manifests":{}}',
      '{"manifests":[null]}',
      '{"manifests":[{"digest":1}]}',
    ]) {
      bytes = Buffer.from(text);
      assert.match((await check()).problem ?? "", /answers with \d+ bytes that are no manifest/);
    }
  });
});
