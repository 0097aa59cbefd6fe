import * as assert from "node:assert/strict";
import { once } from "node:events";
import * as fs from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";

import { STS } from "@aws-sdk/client-sts";

import { proxyFor } from "../../../../../components/nodes/ec2/run/proxies";
import type { ProxySettings } from "../../../../../components/nodes/ec2/awsSettings";
import { openClients } from "../../../../../components/nodes/ec2/run/clients";
import { requestHandlerOf } from "../../../../../components/nodes/ec2/run/awsTransport";
import type { TransportSettings } from "../../../../../components/nodes/ec2/awsSettings";
import { createAuthority } from "../../../../hosts/certificates";

const proxy = "http://proxy.example.com:3128";

describe("the proxy for AWS", () => {
  const target = { protocol: "https:", host: "ec2.eu-west-1.amazonaws.com", port: 443 } as const;

  for (const [title, settings, environment, expected] of [
    ["none, where nothing says one", {}, {}, undefined],
    ["the provider's", { httpsProxy: proxy }, { HTTPS_PROXY: "http://other" }, `${proxy}/`],
    ["the environment's, in either case", {}, { https_proxy: proxy }, `${proxy}/`],
    ["the provider's for HTTP, where there is no other", { httpProxy: proxy }, {}, `${proxy}/`],
    [
      "the environment's for HTTPS before the provider's for HTTP",
      { httpProxy: "x" },
      { HTTPS_PROXY: proxy },
      `${proxy}/`,
    ],
    ["not the environment's for HTTP", {}, { HTTP_PROXY: proxy }, undefined],
    ["without a scheme", { httpsProxy: "proxy:3128" }, {}, "http://proxy:3128/"],
  ] as [string, ProxySettings, NodeJS.ProcessEnv, string | undefined][]) {
    it(title, () => assert.equal(proxyFor(target, settings, environment)?.href, expected));
  }

  for (const [noProxy, isExcepted] of [
    ["amazonaws.com", true],
    [".amazonaws.com", true],
    ["*.amazonaws.com", true],
    ["internal, EC2.eu-west-1.amazonaws.com:443", true],
    ["ec2.eu-west-1.amazonaws.com:8443", false],
    ["zonaws.com", false],
    ["*", true],
    ["10.0.0.0/8", false],
    ["", false],
  ] as const) {
    it(`${isExcepted ? "none" : "one"} with noProxy "${noProxy}"`, () =>
      assert.equal(proxyFor(target, { httpsProxy: proxy, noProxy }, {}) === undefined, isExcepted));
  }

  it("is for no host of this machine, and for no address in a network that is excepted", () => {
    const for_ = (host: string) =>
      proxyFor({ ...target, host }, { httpsProxy: proxy, noProxy: "10.0.0.0/8,fd00::/8" }, {});
    assert.deepEqual(["localhost", "127.0.0.2", "::1", "10.1.2.3", "fd00::1"].map(for_), Array(5).fill(undefined));
    assert.ok(for_("11.0.0.1"));
  });

  for (const [given, shown] of [
    ["socks5://me:secret@proxy:1080", "socks5://proxy:1080"],
    ["socks5://me:sec@secret@proxy:1080", "socks5://proxy:1080"],
    ["me:sec/secret@proxy:3128", "http://proxy:3128"],
    ["http://me:secret%@proxy:3128", "http://proxy:3128"],
  ]) {
    it(`fails for one of another kind, or that is no URL, without its login: ${given}`, () =>
      assert.throws(
        () => proxyFor(target, { httpsProxy: given }, {}),
        ({ name, message }: Error) =>
          name === "BuildError" &&
          message.startsWith(`the proxy for AWS is "${shown}", `) &&
          message.includes("Fix: name one of these in `httpsProxy`"),
      ));
  }
});

describe("requests to AWS, whose certificate no system trusts here", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-transport-"));
  const bundle = path.join(folder, "ca.pem");
  const asked: string[] = [];
  const answer = `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`;
  let aws: https.Server;
  let proxy: http.Server;
  let logins: (string | undefined)[];
  let endpoint: string;

  before(async () => {
    const authority = await createAuthority();
    fs.writeFileSync(bundle, authority.certificate);
    const { certificate: cert, key } = await authority.issueServer({ names: ["sts.test"] });
    aws = https.createServer({ cert, key }, (_, response) => response.end(answer)).listen(0, "127.0.0.1");
    proxy = http.createServer().listen(0, "127.0.0.1");
    // The name leads to the server by the proxy alone.
    proxy.on("connect", ({ url, headers }, socket, head) => {
      asked.push(url ?? "");
      logins.push(headers["proxy-authorization"]);
      if (url?.startsWith("refused")) return void socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      const onward = net.connect(Number(url?.split(":")[1]), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
        onward.write(head);
        socket.pipe(onward).pipe(socket);
      });
      for (const each of [socket, onward]) each.on("error", () => undefined);
    });
    await Promise.all([once(aws, "listening"), once(proxy, "listening")]);
    endpoint = `https://sts.test:${portOf(aws)}`;
  });

  beforeEach(() => {
    asked.splice(0);
    logins = [];
  });

  after(() => {
    for (const server of [aws, proxy]) {
      server?.closeAllConnections();
      server?.close();
    }
    fs.rmSync(folder, { recursive: true });
  });

  const portOf = (server: net.Server): number => (server.address() as net.AddressInfo).port;

  async function identify(settings: TransportSettings, to = endpoint): Promise<string | undefined> {
    const credentials = { accessKeyId: "a", secretAccessKey: "b" };
    const requestHandler = requestHandlerOf({ noProxy: "", ...settings });
    const sts = new STS({ region: "eu-west-1", endpoint: to, credentials, maxAttempts: 1, requestHandler });
    const { Account } = await sts.getCallerIdentity({});
    sts.destroy();
    return Account;
  }

  const through = (login = "") => `http://${login}127.0.0.1:${portOf(proxy)}`;

  it("go through the proxy, and trust what is in the bundle", async () => {
    assert.equal(await identify({ httpsProxy: through("me:pass%40word@"), customCaBundle: bundle }), "123456789012");
    assert.deepEqual(asked, [`sts.test:${portOf(aws)}`]);
    assert.deepEqual(logins, [`Basic ${Buffer.from("me:pass@word").toString("base64")}`]);
  });

  it("go through it without TLS, too", async () => {
    const plain = http.createServer((_, response) => response.end(answer)).listen(0, "127.0.0.1");
    await once(plain, "listening");
    try {
      const to = `sts.test:${portOf(plain)}`;
      assert.equal(await identify({ httpProxy: through() }, `http://${to}`), "123456789012");
      assert.deepEqual(asked, [to]);
    } finally {
      plain.closeAllConnections();
      plain.close();
    }
  });

  it("trust nobody else", async () => {
    await assert.rejects(identify({ httpsProxy: through() }), /self-signed certificate|unable to verify/);
  });

  it("trust everybody, where the provider does", async () => {
    assert.equal(await identify({ httpsProxy: through(), insecure: true }), "123456789012");
  });

  it("don't go through it where it is not for them", async () => {
    const settings = { httpsProxy: through(), noProxy: "*", insecure: true };
    assert.equal(await identify(settings, `https://localhost:${portOf(aws)}`), "123456789012");
    assert.deepEqual(asked, []);
  });

  it("fail with what a proxy answers", () =>
    assert.rejects(
      identify({ httpsProxy: through(), insecure: true }, "https://refused.test"),
      /the proxy 127\.0\.0\.1:\d+ answered CONNECT refused\.test:443 with 403 Forbidden/,
    ));

  it("fail for a bundle that can't be read", () =>
    assert.throws(
      () => requestHandlerOf({ customCaBundle: "/nowhere.pem" }),
      /^BuildError: the certificates for AWS .* are \/nowhere\.pem, which can't be read: ENOENT.* Fix: name a file of PEM/,
    ));
});

describe("a `credential_process` that does not end", () => {
  it("is an error after a while, with what to look at", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-process-"));
    const file = path.join(folder, "config");
    fs.writeFileSync(file, "[profile slow]\ncredential_process = sleep 3\n");
    const begin = Date.now();
    try {
      await assert.rejects(openClients({ region: "eu-west-1" }, { profile: "slow", sharedConfigFiles: [file] }, 500), {
        name: "BuildError",
        message: /^AWS credentials were not there after 0\.5 s\. Fix: .*`credential_process` of the profile/,
      });
      assert.ok(Date.now() - begin < 2_500, `${Date.now() - begin} ms`);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});
