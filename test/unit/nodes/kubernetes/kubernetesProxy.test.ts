import * as assert from "node:assert/strict";
import { once } from "node:events";
import * as https from "node:https";
import type { AddressInfo } from "node:net";

import { WebSocketServer } from "ws";

import { loadCluster } from "../../../../components/nodes/kubernetes/run/load";
import { createAuthority } from "../../../hosts/certificates";
import { type LoggingProxy, startProxy } from "../../registry/proxies";
import { kubeconfigOf } from "./kubeconfig";

/** An API that is behind a proxy alone: nobody resolves its name. */
describe("a cluster behind a proxy", () => {
  const names = ["HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"];
  const kept = names.map((name) => [name, process.env[name]] as const);
  let server: https.Server;
  let proxy: LoggingProxy;
  let kubeconfig: (cluster?: object) => string;

  before(async () => {
    const authority = await createAuthority();
    const { certificate, key } = await authority.issueServer({ names: ["api.cluster.example"] });
    server = https.createServer({ cert: certificate, key }, (_request, response) => {
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify({ kind: "Job", metadata: { uid: "job-uid" } }));
    });
    const sockets = new WebSocketServer({ server });
    sockets.on("connection", (socket) => socket.send(Buffer.from([0, 0xd2, 0x04, ...Buffer.from("hello")])));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    proxy = await startProxy({ upstream: (server.address() as AddressInfo).port });
    const ca = Buffer.from(authority.certificate).toString("base64");
    kubeconfig = (cluster = {}) =>
      JSON.stringify(
        kubeconfigOf("https://api.cluster.example:6443", { "certificate-authority-data": ca, ...cluster }),
      );
  });

  beforeEach(() => {
    proxy.log.length = 0;
    names.forEach((name) => delete process.env[name]);
  });

  after(() => {
    for (const [name, value] of kept) {
      delete process.env[name];
      Object.assign(process.env, value !== undefined && { [name]: value });
    }
    proxy.stop();
    server.close();
    server.closeAllConnections();
  });

  const isAsked = /^CONNECT api\.cluster\.example:6443\n/;

  it("is asked through that of the environment, and pods are reached through it", async () => {
    process.env.HTTPS_PROXY = proxy.url;
    const cluster = await loadCluster("builder farm", { kubeconfig: kubeconfig() });
    assert.equal((await cluster.readJob("builds", "arm64"))?.metadata?.uid, "job-uid");
    const stream = await cluster.forward("builds", "arm64-x7k2p", 1234);
    const [chunk] = (await once(stream, "data")) as [Buffer];
    stream.destroy();
    assert.equal(chunk.toString(), "hello");
    assert.equal(proxy.log.length, 2);
    proxy.log.forEach((each) => assert.match(each, isAsked));
  });

  it("is asked through that of the kubeconfig, where it names one", async () => {
    process.env.HTTPS_PROXY = "http://127.0.0.1:9";
    const cluster = await loadCluster("builder farm", { kubeconfig: kubeconfig({ "proxy-url": proxy.url }) });
    assert.equal((await cluster.readJob("builds", "arm64"))?.metadata?.uid, "job-uid");
    assert.match(proxy.log.join(), isAsked);
  });

  it("is asked directly where NO_PROXY has its host", async () => {
    Object.assign(process.env, { HTTPS_PROXY: proxy.url, NO_PROXY: ".cluster.example" });
    const cluster = await loadCluster("builder farm", { kubeconfig: kubeconfig() });
    await assert.rejects(cluster.readJob("builds", "arm64"), /api\.cluster\.example/);
    assert.deepEqual(proxy.log, []);
  });

  it("is reported with the fix where the variable is none, without its text", async () => {
    process.env.HTTPS_PROXY = "ftp://ci:hunter2@proxy";
    await assert.rejects(loadCluster("builder farm", { kubeconfig: kubeconfig() }), ({ message }: Error) => {
      assert.match(message, /HTTPS_PROXY in the environment is no URL of a proxy.* Fix: correct it, or name/);
      return !message.includes("hunter2");
    });
  });
});
