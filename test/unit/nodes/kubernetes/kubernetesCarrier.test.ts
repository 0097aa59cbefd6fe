import * as assert from "node:assert/strict";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";

import { type Carrier, startCarrier } from "../../../../components/nodes/kubernetes/shell/carrierProcess";
import { holdFolder, holdRelay } from "../../../../components/nodes/kubernetes/shell/hold";
import { holdersIn } from "../../../../components/transport/holders";
import { isListening } from "../../../../components/transport/listening";
import { temporaryDirectory, waitFor } from "../../../main/stack";
import { kubeconfigOf } from "./kubeconfig";
import { kubernetesNode } from "./kubernetesNode";
import { readyPod, running } from "./seen";

describe("the process that carries connections to pods after `wake`", function () {
  this.timeout(60_000);
  const node = kubernetesNode;
  const carriers: Carrier[] = [];
  const keptOptions = process.env.NODE_OPTIONS;
  let api: http.Server;
  let pods: object[];
  let builder: { builderName: string; tls: { ca: string; cert: string; key: string }; nodes: (typeof node)[] };
  let link: string;

  before(async () => {
    api = http.createServer(({ url = "" }, response) => {
      const found = url.includes("/jobs/") ? running : { items: url.includes("/pods") ? pods : [] };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(found));
    });
    await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
  });

  beforeEach(() => {
    pods = [readyPod];
    const builderName = `farm-${crypto.randomBytes(4).toString("hex")}`;
    builder = { builderName, tls: { ca: "", cert: "", key: "" }, nodes: [node] };
    link = holdRelay(builderName, [node.name]).registeredEndpoint(node.name).replace("unix://", "");
  });

  afterEach(async () => {
    delete process.env.NODE_OPTIONS;
    Object.assign(process.env, keptOptions !== undefined && { NODE_OPTIONS: keptOptions });
    carriers.splice(0).forEach((carrier) => carrier.end());
    await waitFor("no holder", async () => (await holders()).length === 0, 10, 100);
    fs.rmSync(path.dirname(link), { recursive: true, force: true });
  });

  after(() => {
    api.closeAllConnections();
    api.close();
  });

  function start(): Carrier {
    const server = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
    const settings = { kubeconfig: JSON.stringify(kubeconfigOf(server, { "insecure-skip-tls-verify": true })) };
    const carrier = startCarrier({ settings, builder, chosen: [node.name], until: new Date(Date.now() + 600_000) });
    carriers.push(carrier);
    return carrier;
  }

  function holders() {
    return holdersIn(holdFolder({ builderName: builder.builderName, declared: builder.nodes }));
  }

  it("takes an earlier one's sockets when it has its pods, and gives them back where `wake` fails after that", async () => {
    const first = start();
    await first.ready;
    const target = fs.readlinkSync(link);
    assert.ok(await isListening(link));
    const second = start();
    await second.ready;
    assert.notEqual(fs.readlinkSync(link), target);
    second.end();
    await waitFor("the first one's sockets", () => fs.readlinkSync(link) === target, 10, 50);
    assert.ok(await isListening(link));
  });

  it("leaves an earlier one's sockets where it finds no pod", async () => {
    await start().ready;
    const target = fs.readlinkSync(link);
    pods = [];
    await assert.rejects(start().ready, /did not start: a pod has ended as soon as it was ready\. Fix: try again/);
    assert.equal(fs.readlinkSync(link), target);
    assert.ok(await isListening(link));
    assert.equal((await holders()).length, 1);
  });

  it("ends also before it is ready, as Ctrl-C asks", async () => {
    const carrier = start();
    carrier.end();
    await assert.rejects(carrier.ready, /did not start: it ended/);
    assert.deepEqual(await holders(), []);
  });

  it("is ready also where a module of NODE_OPTIONS writes lines of its own", async () => {
    const preload = path.join(temporaryDirectory("preload"), "preload.js");
    fs.writeFileSync(preload, 'console.log("preloaded"); setInterval(() => console.log("again"), 100).unref();');
    process.env.NODE_OPTIONS = `--require ${preload}`;
    await start().ready;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.equal((await holders()).length, 1);
  });
});
