import * as assert from "node:assert/strict";
import { once } from "node:events";
import * as net from "node:net";

import type { SummaryStatus } from "@aws-sdk/client-ec2";

import type { Ec2Connection } from "../../../../../components/nodes/ec2/connection";
import { buildkitPort } from "../../../../../components/nodes/daemonAddress";
import { describeCutWay } from "../../../../../components/nodes/ec2/run/cutWay";
import { diagnoseInstance } from "../../../../../components/nodes/ec2/run/diagnosis";
import { sessionWith } from "../../../../../components/nodes/ec2/run/open";
import { createAuthority } from "../../../../hosts";
import { Ec2Account } from "./ec2Account";
import { ec2Connection, ephemeralNode } from "./ec2Connection";

/** Of a group of machines: no connection goes there, whatever the network (RFC 9293, 3.9.2.3). */
const nowhere = "224.0.0.1";

describe("a node that is silent, while EC2", () => {
  let account: Ec2Account;
  let connection: Ec2Connection;
  let told: string[];

  before(async () => {
    const authority = await createAuthority();
    const client = await authority.issueClient();
    connection = ec2Connection({ ca: authority.certificate, cert: client.certificate, key: client.key });
  });

  beforeEach(() => {
    account = new Ec2Account();
    told = [];
  });

  const cutWay = (PublicIpAddress: string) => {
    const id = account.addInstance({ PublicIpAddress });
    return describeCutWay(account.clients, account.instances.get(id), connection);
  };

  async function replaced(lifecycle: "kept" | "ephemeral"): Promise<boolean> {
    const PublicIpAddress = nowhere;
    const node = { name: "arm64", platform: "linux/arm64" as const };
    const own: Ec2Connection =
      lifecycle === "kept"
        ? { ...connection, nodes: [{ ...node, instanceId: account.addInstance({ PublicIpAddress }) }] }
        : {
            ...connection,
            ephemeralNodes: [ephemeralNode],
          };
    const { nodes, access } = sessionWith(own, () => Promise.resolve(account.clients));
    const progress = (message: string) => void told.push(message);
    await access.acquire(progress);
    try {
      await nodes[0].wake(progress);
      for (const [id, instance] of account.instances) {
        account.instances.set(id, { ...instance, PublicIpAddress });
      }
      const first = await nodes[0].replace!(false, progress);
      // Again, after 20 s: one that was given up is replaced already.
      assert.equal(await nodes[0].replace!(false, progress), first && lifecycle === "ephemeral");
      return first;
    } finally {
      await access.release(true);
    }
  }

  for (const lifecycle of ["kept", "ephemeral"] as const) {
    it(`reaches it: it is neither stopped nor given up, and the user reads once that the way to it is cut (${lifecycle})`, async () => {
      account.checks = "ok";
      assert.equal(await replaced(lifecycle), false);
      assert.deepEqual(account.did("stop"), []);
      assert.equal(account.did("launch").length, lifecycle === "kept" ? 0 : 1);
      const said = told.filter((each) => each.includes("is silent"));
      assert.equal(said.length, 1, told.join("\n"));
      assert.match(said[0], /EC2's status checks reach it, and no connection from this machine does/);
      assert.match(
        said[0],
        /the way to 224\.0\.0\.1:1234 is cut\. Fix: let this machine's network \(VPN, firewall, route\)/,
      );
    });

    for (const checks of ["impaired", "initializing", "insufficient-data", undefined] satisfies (
      SummaryStatus | undefined
    )[]) {
      it(`does not say that it reaches it: it is replaced (${lifecycle}, ${checks ?? "no checks"})`, async () => {
        account.checks = checks;
        assert.equal(await replaced(lifecycle), true);
        assert.equal(account.did(lifecycle === "kept" ? "stop" : "terminate").length, 1, account.log.join());
      });
    }
  }

  it("reaches it, and its daemon alone hangs: it is the node that is at fault", async () => {
    account.checks = "ok";
    // It takes connections, as the kernel does for a program that does not go on.
    const server = net.createServer().listen(buildkitPort, "127.0.0.77");
    await once(server, "listening");
    assert.equal(await cutWay("127.0.0.77"), undefined);
    server.close();
    await once(server, "close");
    assert.equal(await cutWay("127.0.0.77"), undefined, "it refuses connections: the way there is open");
  });

  it("reaches it: the error at the end says so, too", async () => {
    account.checks = "ok";
    const id = account.addInstance({ PublicIpAddress: nowhere });
    const diagnosis = await diagnoseInstance(account.clients, id, account.instances.get(id), connection);
    assert.match(
      diagnosis,
      /status checks: instance ok, system ok, volumes ok\.\nEC2's status checks reach it, and no connection/,
    );
    account.checks = "impaired";
    assert.doesNotMatch(await diagnoseInstance(account.clients, id, account.instances.get(id), connection), /way to/);
  });
});
