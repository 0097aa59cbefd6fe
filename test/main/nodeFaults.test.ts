import * as assert from "node:assert/strict";

import { createAuthority, hoursFromNow, startNamespaceNode, skipWithout } from "../hosts";
import { getMachines, type Machines } from "./fixture";
import { trusting } from "./image";
import { nightly } from "../tier";
import { Stack, waitFor } from "./stack";

const wakeTimeoutSeconds = 8;

describe("a node that can't be used", function () {
  this.timeout(300_000);
  let machines: Machines;

  before(async function () {
    skipWithout(this, ["namespaces"]);
    machines = await getMachines();
  });

  async function failure(node: unknown): Promise<{ output: string; seconds: number }> {
    const image = { context: "./app", platforms: ["linux/amd64"], tags: [`${machines.registry.host}/faults:1`] };
    const stack = await Stack.create(
      { builder: { nodes: [node], wakeTimeoutSeconds }, images: { app: image } },
      { environment: trusting(machines.registry) },
    );
    stack.write("app/Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
    const up = stack.start("up", "--yes", "--skip-preview");
    // From the first hook on: Pulumi's own start takes as long as other tests let it.
    await waitFor("the first hook", () => up.output().includes("building image app"));
    const begin = Date.now();
    const { code, output } = await up.done;
    assert.notEqual(code, 0, output);
    assert.doesNotMatch(output, /context deadline exceeded/);
    return { output, seconds: (Date.now() - begin) / 1000 };
  }

  it("refuses connections: an error within 10 s of its deadline names node and cause", async () => {
    const node = { kind: "remote", platform: "linux/amd64", endpoint: `tcp://${machines.network.address}:1` };
    const { output, seconds } = await failure(node);
    assert.match(
      output,
      /node amd64 \(linux\/amd64, tcp:\/\/.*:1\) did not answer within 8 s .*: nothing listens there/,
    );
    assert.ok(seconds < wakeTimeoutSeconds + 10, `${seconds} s`);
  });

  it("drops packets: an error within 10 s of its deadline names node and cause", async () => {
    await machines.amd64.drop();
    try {
      const { output, seconds } = await failure(machines.amd64.remoteNode());
      assert.match(
        output,
        /node amd64 \(linux\/amd64, tcp:\/\/.*:1234\) did not answer within 8 s .*: it does not answer/,
      );
      assert.ok(seconds < wakeTimeoutSeconds + 10, `${seconds} s`);
    } finally {
      await machines.amd64.restore();
    }
  });

  it("accepts and stays silent: an error within 10 s of its deadline", async () => {
    const net = await import("node:net");
    const silent = net.createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, machines.network.address, resolve));
    const { port } = silent.address() as import("node:net").AddressInfo;
    const { output, seconds } = await failure({
      ...machines.amd64.remoteNode(),
      endpoint: `tcp://${machines.network.address}:${port}`,
    });
    silent.close();
    assert.match(output, /node amd64 .* did not answer within 8 s/);
    assert.ok(seconds < wakeTimeoutSeconds + 10, `${seconds} s`);
  });

  describe("by its certificates: named before the build, without waiting", () => {
    async function certificateFailure(tls: Record<string, unknown>, node = machines.amd64): Promise<string> {
      const right = node.remoteNode();
      const { output, seconds } = await failure({ ...right, tls: { ...right.tls, ...tls } });
      assert.ok(seconds < wakeTimeoutSeconds, `${seconds} s: it waited`);
      return output;
    }

    it("the client trusts another CA", async () => {
      const other = await createAuthority("other");
      assert.match(
        await certificateFailure({ ca: other.certificate }),
        /node amd64 .* not signed by the CA in `tls\.ca`/,
      );
    });

    it("the client's certificate is of another CA", async () => {
      const client = await (await createAuthority("other")).issueClient();
      const output = await certificateFailure({ cert: client.certificate, key: client.key });
      assert.match(output, /node amd64 .*(refuses the client certificate|hangs up)/);
    });

    // This and the next are named in farm/certificates.test.ts, too.
    nightly.it("the client's certificate has expired", async () => {
      const client = await machines.authority.issueClient({
        validFrom: hoursFromNow(-2),
        validUntil: hoursFromNow(-1),
      });
      const output = await certificateFailure({ cert: client.certificate, key: client.key });
      assert.match(output, /node amd64 .*the client certificate expired at/);
    });

    nightly.it("the client's certificate is not valid yet", async () => {
      const client = await machines.authority.issueClient({ validFrom: hoursFromNow(1), validUntil: hoursFromNow(2) });
      const output = await certificateFailure({ cert: client.certificate, key: client.key });
      assert.match(output, /node amd64 .*not valid before .* this machine's clock says/);
    });

    it("the server's name is another", async () => {
      assert.match(
        await certificateFailure({ serverName: "other.internal" }),
        /node amd64 .* for another name.*serverName/,
      );
    });

    it("the server's certificate has expired", async () => {
      const { run, network, authority } = machines;
      const server = await authority.issueServer({ validFrom: hoursFromNow(-2), validUntil: hoursFromNow(-1) });
      const expired = await startNamespaceNode(run, network, authority, { name: "expired", certificates: { server } });
      assert.match(await certificateFailure({}, expired), /node amd64 .* its certificate expired at 20/);
      await expired.stop();
    });

    it("the client shows no certificate: the argument is asked for", async () => {
      const { ca, serverName } = machines.amd64.remoteNode().tls;
      const { output } = await failure({ ...machines.amd64.remoteNode(), tls: { ca, serverName, cert: "", key: "" } });
      assert.match(output, /node amd64 .*`tls\.cert`/);
    });
  });
});
