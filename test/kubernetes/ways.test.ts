import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { type Duplex, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";

import { type Cluster } from "../../components/nodes/kubernetes/run/cluster";
import { loadCluster } from "../../components/nodes/kubernetes/run/load";
import type { Relay } from "../../components/transport/relay";
import { pushBaseImage, skipWithout } from "../hosts";
import { temporaryDirectory, waitFor } from "../main/stack";
import { nightly } from "../tier";
import { startProxy } from "../unit/registry/proxies";
import { build, wakeAlone } from "./caller";
import { addVolume, getKubernetes, type Kubernetes } from "./fixture";
import { startFront, startPlainFront } from "./front";
import { mebibyte, memoryDuring } from "./memory";
import { daemonOf, declareNode, type DeclaredPod } from "./node";

const namespace = "ways";
/** In the pod, beside BuildKit's: its RUN steps share the pod's network. */
const [inPort, outPort] = [4321, 4322];
const proxyVariables = ["HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"];

nightly.describe("the way to a pod of a real cluster", function () {
  this.timeout(300_000);
  let kubernetes: Kubernetes;
  let base: string;
  let declared: DeclaredPod;
  let relay: Relay;
  let pod: string;
  let daemon: number;

  before(async function () {
    skipWithout(this, ["kubernetes"]);
    kubernetes = await getKubernetes();
    await kubernetes.objects.createNamespace(namespace, { "pod-security.kubernetes.io/enforce": "privileged" });
    base = await pushBaseImage(kubernetes.registry);
    await addVolume("cache-ways");
    declared = await declareNode(kubernetes, namespace);
    ({ relay } = await wakeAlone(open()));
    const [{ metadata }] = await kubernetes.objects.pods(namespace);
    pod = metadata?.name ?? "";
    daemon = daemonOf(metadata?.uid ?? "");
    // What a first build loads is no part of what is measured.
    await build(relay, `FROM ${base}\nRUN true\n`);
  });

  after(() => declared?.undeclare());

  /** The node, whose pod stays for all tests. */
  const open = (kubeconfig?: string) => declared.open("admin", { idleSeconds: 120 }, kubeconfig);
  const cluster = (kubeconfig = kubernetes.cluster.kubeconfig("admin")): Promise<Cluster> =>
    loadCluster("tests", { kubeconfig });

  it("takes a context of 1 GiB, and the memory of the program stays as it is", async () => {
    const folder = temporaryDirectory("context");
    fs.writeFileSync(path.join(folder, "large"), "");
    fs.truncateSync(path.join(folder, "large"), 1024 * mebibyte);
    const count = "RUN --mount=type=bind,source=large,target=/large wc -c < /large";
    const { result, grown } = await memoryDuring(() => build(relay, `FROM ${base}\n${count}\n`, folder));
    assert.match(result, / 1073741824\n/);
    assert.ok(grown < 128 * mebibyte, `${grown / mebibyte} MiB more`);
  });

  it("has no more on it than what the other side takes, either way", async () => {
    const [size, held] = [160 * mebibyte, 80 * mebibyte];
    // Its own side must not end first: a port-forward has no halves.
    const taking = `RUN echo ${randomUUID()} && sleep 600 | nc -l -p ${inPort} | (sleep 10 && wc -c && kill -9 -1)`;
    const giving = `RUN head -c ${size} /dev/zero | nc -l -p ${outPort}`;
    const running = build(relay, `FROM ${base}\n${taking}\n${giving}\n`);
    const api = await cluster();
    const { grown } = await memoryDuring(async () => {
      let sent = 0;
      const chunk = Buffer.alloc(mebibyte / 4);
      const source = Readable.from(
        (function* () {
          for (; sent < size; sent += chunk.length) yield chunk;
        })(),
      );
      const sending = pipeline(source, await opened(api, inPort));
      await sleep(3_000);
      // What the kernels between the two hold, and no more.
      assert.ok(sent < held, `${sent / mebibyte} MiB were taken that nobody reads`);
      await sending;
      const stream = await opened(api, outPort);
      // It comes, and is not read.
      await sleep(3_000);
      let taken = 0;
      for await (const part of stream) taken += (part as Buffer).length;
      assert.equal(taken, size);
    });
    assert.match(await running, new RegExp(` ${size}\n`));
    assert.ok(grown < held, `${grown / mebibyte} MiB more`);
  });

  /** A connection to a port of the pod, once somebody listens there. */
  async function opened(api: Cluster, port: number): Promise<Duplex> {
    const listening = new RegExp(`:${port.toString(16).toUpperCase()} \\S+ 0A `);
    const tables = ["tcp", "tcp6"].map((name) => `/proc/${daemon}/net/${name}`);
    const isOpen = () => tables.some((table) => listening.test(fs.readFileSync(table, "utf8")));
    await waitFor(`port ${port}`, isOpen, 60);
    return api.forward(namespace, pod, port);
  }

  it("is not cut by what ends silent connections", async () => {
    const front = await startFront(kubernetes, { silenceSeconds: 24 });
    try {
      const stream = await (await cluster(await front.kubeconfig("admin"))).forward(namespace, pod, 1234);
      const silent = net.connect(front.port, "127.0.0.1");
      await sleep(27_000);
      assert.deepEqual([silent.destroyed, stream.destroyed, front.ended.silent], [true, false, 1]);
      stream.destroy();
    } finally {
      await front.stop();
    }
  });

  it("leads through the proxy of the environment", async () => {
    const proxy = await startProxy({});
    const kept = Object.fromEntries(proxyVariables.map((name) => [name, process.env[name]]));
    proxyVariables.forEach((name) => delete process.env[name]);
    process.env.HTTPS_PROXY = proxy.url;
    try {
      const { relay: through } = await wakeAlone(open());
      assert.match(await build(through, `FROM ${base}\nRUN echo through the proxy\n`), /through the proxy/);
    } finally {
      for (const name of proxyVariables) {
        delete process.env[name];
        Object.assign(process.env, kept[name] !== undefined && { [name]: kept[name] });
      }
      proxy.stop();
    }
    const asked = [...new Set(proxy.log.map((each) => each.split("\n")[0]))];
    assert.deepEqual(asked, [`CONNECT ${kubernetes.cluster.places.address}:6443`]);
  });

  it("is reported with the fix where it leads through what passes no WebSockets", async () => {
    const front = await startPlainFront(kubernetes);
    try {
      await assert.rejects(
        wakeAlone(open(await front.kubeconfig("admin")), 20),
        /passes no WebSockets, which the way to a pod needs \(400 .*\)\. Fix: let them through there/,
      );
    } finally {
      await front.stop();
    }
  });
});
