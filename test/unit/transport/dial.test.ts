import * as assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import * as tls from "node:tls";

import { dial } from "../../../components/transport/dial";
import { type Authority, createAuthority } from "../../hosts/certificates";

describe("a connection with TLS", () => {
  let authority: Authority;
  let server: tls.Server | undefined;

  before(async () => {
    authority = await createAuthority();
  });

  afterEach(() => server?.close());

  /** To a server with a certificate of these names; its common name is "server". */
  async function dialed(names: string[], serverName: string, ca = authority.certificate): Promise<void> {
    const leaf = await authority.issueServer({ names });
    const client = await authority.issueClient();
    const listening = tls.createServer({ cert: leaf.certificate, key: leaf.key, ALPNProtocols: ["h2"] });
    server = listening;
    listening
      .on("tlsClientError", () => undefined)
      .on("secureConnection", (socket) => socket.resume().on("error", () => undefined));
    await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
    const { port } = listening.address() as AddressInfo;
    const material = { ca, cert: client.certificate, key: client.key, serverName };
    const connection = await dial({ kind: "tcp", host: "127.0.0.1", port, tls: material });
    connection.destroy();
  }

  it("takes a certificate by an alternative name, also by an address", async () => {
    await dialed(["node.internal"], "node.internal");
    await dialed(["127.0.0.1"], "127.0.0.1");
  });

  it("refuses another CA's certificate, also where NODE_TLS_REJECT_UNAUTHORIZED says not to", async () => {
    const { certificate } = await createAuthority();
    const given = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
    try {
      await assert.rejects(dialed(["node.internal"], "node.internal", certificate), /unable to verify|self-signed/);
    } finally {
      if (given === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = given;
    }
  });

  for (const [title, names] of [
    ["no alternative name", []],
    ["an address alone among its alternative names", ["127.0.0.1"]],
    ["another alternative name", ["other.internal"]],
  ] as const) {
    it(`refuses a certificate with ${title}, whatever its common name`, () =>
      assert.rejects(dialed([...names], "server"), { code: "ERR_TLS_CERT_ALTNAME_INVALID" }));
  }
});
