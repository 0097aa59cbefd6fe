import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";

import { ask } from "../../../components/registry/http";
import { createAuthority } from "../../hosts/certificates";
import { type LoggingProxy, startProxy, startSocksProxy } from "./proxies";

describe("a request to a registry", () => {
  const url = new URL("https://registry.example/v2/");
  const login = { headers: { Authorization: "Basic Y2k6aHVudGVyMg==" }, timeoutMilliseconds: 5_000 };
  const servers: (http.Server | https.Server)[] = [];
  const proxies: LoggingProxy[] = [];
  let folder: string;
  let trusted: { SSL_CERT_FILE: string };
  let tlsPort: number;
  let plainPort: number;

  before(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "mpi-http-"));
    const authority = await createAuthority();
    const { certificate, key } = await authority.issueServer({ names: ["registry.example", "127.0.0.1"] });
    const file = path.join(folder, "ca.pem");
    fs.writeFileSync(file, `a word before\n${authority.certificate}`);
    trusted = { SSL_CERT_FILE: file };
    const answer: http.RequestListener = ({ headers }, response) => response.end(headers.authorization ?? "nobody");
    tlsPort = await listen(https.createServer({ cert: certificate, key }, answer));
    plainPort = await listen(http.createServer(answer));
  });
  after(() => {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
    proxies.forEach((proxy) => proxy.stop());
    fs.rmSync(folder, { recursive: true });
  });

  async function listen(server: http.Server | https.Server): Promise<number> {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  }

  async function through(options: Partial<Parameters<typeof startProxy>[0]> = {}): Promise<LoggingProxy> {
    const proxy = await startProxy({ upstream: tlsPort, ...options });
    proxies.push(proxy);
    return proxy;
  }

  it("goes through a tunnel of the proxy, which sees no login", async () => {
    const proxy = await through();
    const { bytes } = await ask(url, login, { ...trusted, HTTPS_PROXY: proxy.url });
    assert.equal(bytes.toString(), login.headers.Authorization);
    assert.deepEqual(
      proxy.log.map((each) => each.split("\n")[0]),
      ["CONNECT registry.example:443"],
    );
    assert.doesNotMatch(proxy.log.join(), /Y2k6aHVudGVyMg|\nauthorization/i);
  });

  it("has the proxy's own login, and none is shown", async () => {
    const authorization = `Basic ${Buffer.from("me:p@ss").toString("base64")}`;
    const proxy = await through({ authorization });
    const named = new URL(proxy.url);
    const { status } = await ask(url, login, { ...trusted, HTTPS_PROXY: `http://me:p%40ss@${named.host}` });
    assert.equal(status, 200);
    await assert.rejects(ask(url, login, { ...trusted, HTTPS_PROXY: `http://me:wrong@${named.host}` }), {
      name: "BuildError",
      message: `registry.example can't be reached through the proxy ${named.host}: Proxy response (407) !== 200 when HTTP Tunneling`,
    });
  });

  it("ends with a sentence where the proxy takes no tunnel", async () => {
    const proxy = await through({ status: 405 });
    await assert.rejects(ask(url, login, { ...trusted, HTTPS_PROXY: proxy.url }), {
      message: /registry\.example can't be reached through the proxy 127\.0\.0\.1:\d+: .*405/,
    });
  });

  it("goes to loopback directly", async () => {
    const environment = { ...trusted, HTTPS_PROXY: "http://127.0.0.1:9", HTTP_PROXY: "http://127.0.0.1:9" };
    const tls = await ask(new URL(`https://127.0.0.1:${tlsPort}/v2/`), login, environment);
    const plain = await ask(new URL(`http://localhost:${plainPort}/v2/`), login, environment);
    assert.deepEqual([tls.status, plain.status], [200, 200]);
  });

  it("without TLS is asked of the proxy itself, and not with a login", async () => {
    const proxy = await through({ upstream: plainPort });
    const environment = { HTTP_PROXY: proxy.url };
    const plain = new URL("http://registry.example:5000/v2/");
    const { bytes } = await ask(plain, { timeoutMilliseconds: 5_000 }, environment);
    assert.equal(bytes.toString(), "nobody");
    assert.match(proxy.log[0], /^GET http:\/\/registry\.example:5000\/v2\/\n/);
    await assert.rejects(ask(plain, login, environment), {
      message:
        /login for registry\.example:5000, which has no TLS, is not sent through .* Fix: name registry\.example in NO_PROXY/,
    });
    assert.equal(proxy.log.length, 1);
  });

  it("goes through a SOCKS proxy, which looks the name up", async () => {
    const proxy = await startSocksProxy(tlsPort);
    proxies.push(proxy);
    const { bytes } = await ask(url, login, { ...trusted, HTTPS_PROXY: proxy.url });
    assert.equal(bytes.toString(), login.headers.Authorization);
    assert.deepEqual(proxy.log, ["registry.example:443"]);
  });

  it("trusts what the system's files and folders hold, and tells of nothing else", async () => {
    const place = new URL(`https://127.0.0.1:${tlsPort}/v2/`);
    const certificates = path.join(folder, "certificates");
    fs.mkdirSync(certificates);
    fs.copyFileSync(trusted.SSL_CERT_FILE, path.join(certificates, "1a2b3c4d.0"));
    fs.writeFileSync(
      path.join(certificates, "broken.pem"),
      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    for (const environment of [trusted, { SSL_CERT_DIR: `/nowhere:${certificates}` }]) {
      assert.equal((await ask(place, login, environment)).status, 200);
    }
    await assert.rejects(ask(place, login, {}), {
      isPassing: false,
      message:
        /127\.0\.0\.1:\d+ can't be reached: .*\. Fix: where `pulumi` runs, add its certificate authority .* SSL_CERT_FILE/,
    });
  });

  it("ends with a sentence where nobody answers", async () => {
    await assert.rejects(ask(new URL("http://localhost:9/v2/"), login, {}), {
      isPassing: true,
      message: /^localhost:9 can't be reached: connect ECONNREFUSED/,
    });
    const silent = await listen(http.createServer(() => undefined));
    await assert.rejects(ask(new URL(`http://127.0.0.1:${silent}/`), { timeoutMilliseconds: 200 }, {}), {
      message: /can't be reached: no answer in time/,
    });
  });
});
