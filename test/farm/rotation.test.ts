import * as assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";

import { testPulumiHome } from "../cloud/plugins/install";
import { skipWithout } from "../hosts";
import { Stack } from "../main/stack";
import { nightly, runsAll } from "../tier";
import { changesOf, Clock, upForGood } from "./clock";

interface Issued {
  ca: string;
  client: { cert: string; key: string };
  node: { cert: string; key: string };
}

const client = ["CertRequest builders-client", "LocallySignedCert builders-client", "PrivateKey builders-client"];
const leaves = [...client, ...client.map((each) => each.replace("client", "amd64"))];
const authority = (slot: number) => [`PrivateKey builders-ca-${slot}`, `SelfSignedCert builders-ca-${slot}`];
const replaced = (...names: string[]) => names.map((name) => `replaced ${name}`).sort();

/** The real engine, and years that pass between its updates. */
describe("the certificates of a builder, over the years", function () {
  this.timeout(600_000);
  const clock = new Clock();
  let stack: Stack;
  /** By what was issued when. */
  const issued: Record<string, Issued> = {};

  before(async function () {
    skipWithout(this, ["faked clock"]);
    stack = await Stack.create(
      { builder: {}, images: {} },
      {
        program: `${__dirname}/certificatesProgram`,
        enter: clock.options.enter,
        environment: { ...clock.options.environment, PULUMI_HOME: await testPulumiHome() },
      },
    );
  });

  async function upAfter(days: number, name: string, ...extra: string[]): Promise<string[]> {
    clock.set(days === 0 ? undefined : `+${days}d`);
    const { output } = await upForGood(stack, ...extra);
    issued[name] = (await stack.outputs<{ issued: Issued }>()).issued;
    return changesOf(output);
  }

  it("begin with three CAs, after a preview that can't know them; a refresh changes nothing", async () => {
    const preview = await stack.preview();
    assert.match(preview.output, /15 to create/, preview.output);
    // Of the component itself no line says that it was created.
    assert.equal((await upAfter(0, "first")).length, 14);
    if (runsAll) assert.match((await stack.run("refresh", "--yes")).output, /15 unchanged/);
    assert.match((await stack.up("--refresh", "--expect-no-changes")).output, /15 unchanged/);
    assert.deepEqual(subjects(issued.first), [
      "builders CA 0",
      "builders CA 1",
      "builders CA 2",
      "builders-client 1",
      "builders-amd64 1",
    ]);
    const { ca, node } = issued.first;
    const size = JSON.stringify({ ca, ...node }).length;
    process.stdout.write(`measured: parameter tls of a node: ${size} of 4096 bytes\n`);
    assert.ok(size < 3_500, `${size} bytes`);
  });

  it("a year later have other leaves, of the same CAs; whoever holds the old connection is let in", async () => {
    assert.deepEqual(await upAfter(360, "same"), []);
    assert.deepEqual(issued.same, issued.first);
    clock.set("+400d");
    if (runsAll) {
      assert.match((await stack.preview()).output, /6 to replace\n +9 unchanged/);
      assert.match((await stack.run("refresh", "--yes")).output, /15 unchanged/);
    }
    assert.deepEqual(await upAfter(400, "second"), replaced(...leaves));
    assert.equal(issued.second.ca, issued.first.ca);
    assert.ok(trust("first", "second") && trust("second", "first"));
  });

  it("in the fifth year have another CA that signs, which both sides have trusted since the first", async () => {
    await upAfter(1_400, "fourth");
    assert.deepEqual(await upAfter(1_470, "fifth"), replaced(...leaves, ...authority(0)));
    assert.deepEqual(subjects(issued.fifth), [
      "builders CA 3",
      "builders CA 1",
      "builders CA 2",
      "builders-client 5",
      "builders-amd64 5",
    ]);
    assert.equal(new X509Certificate(issued.fifth.node.cert).issuer, "CN=builders CA 2");
    assert.ok(trust("fourth", "fifth") && trust("fifth", "fourth"));
  });

  // Of a builder in use: certificates.test.ts.
  nightly.it("are all revoked by one command, which a preview shows", async () => {
    const revoke = ["--replace", "**::builders-certificates"];
    assert.match((await stack.preview(...revoke)).output, /13 to replace/);
    const all = ["Stash builders-certificates", ...leaves, ...[0, 1, 2].flatMap(authority)];
    assert.deepEqual(await upAfter(1_470, "revoked", ...revoke), replaced(...all));
    assert.ok(trust("revoked", "revoked"));
    for (const [one, other] of [
      [issued.fifth, issued.revoked],
      [issued.revoked, issued.fifth],
    ]) {
      assert.ok(!isSignedBy(one.ca, other.node.cert) && !isSignedBy(one.ca, other.client.cert));
    }
    // Its years are counted from now.
    assert.equal(subjects(issued.revoked)[3], "builders-client 1");
  });

  /** That a client with what was issued at one time and a node with what was issued at another trust each other. */
  function trust(clientOf: string, nodeOf: string): boolean {
    const [mine, theirs] = [issued[clientOf], issued[nodeOf]];
    return isSignedBy(theirs.ca, mine.client.cert) && isSignedBy(mine.ca, theirs.node.cert);
  }

  function isSignedBy(bundle: string, pem: string): boolean {
    const leaf = new X509Certificate(pem);
    const signer = certificatesOf(bundle).find((ca) => leaf.checkIssued(ca) && leaf.verify(ca.publicKey));
    return signer !== undefined && Date.parse(signer.validTo) >= Date.parse(leaf.validTo);
  }

  function subjects({ ca, client: { cert }, node }: Issued): string[] {
    const all = [...certificatesOf(ca), new X509Certificate(cert), new X509Certificate(node.cert)];
    return all.map(({ subject }) => subject.replace("CN=", ""));
  }
});

function certificatesOf(bundle: string): X509Certificate[] {
  const texts = bundle.split(/(?<=-----END CERTIFICATE-----\n)/);
  return texts.map((pem) => new X509Certificate(pem));
}
