import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import * as hosts from ".";
import { tlsFlags } from "./buildHost";
import { hostTool } from "./hostTools";
import { pause } from "./sweep";
import { sweepDeadRuns } from "./testRun";
import { isAlive } from "../../tools/processes";

describe("hosts of the tests", function () {
  this.timeout(900_000);
  let run: hosts.TestRun;
  let network: hosts.TestNetwork;
  let authority: hosts.Authority;
  let registry: hosts.Registry;
  let amd64: hosts.NamespaceNode;

  before(async function () {
    hosts.skipWithout(this, ["namespaces", "skopeo"]);
    run = hosts.openRun();
    network = await hosts.createNetwork(run);
    authority = await hosts.createAuthority();
    registry = await hosts.startRegistry(run, authority, { address: network.address });
    amd64 = await hosts.startNamespaceNode(run, network, authority, { registries: registry.trusted });
  });

  after(async () => {
    if (!run) return;
    await run.close();
    const left = [...readdirSync("/run/netns"), ...readdirSync("/sys/class/net")];
    assert.deepEqual(
      left.filter((name) => name === run.name || name.startsWith(`${run.name}-`)),
      [],
    );
    assert.equal(existsSync(run.folder), false);
  });

  async function build(node: hosts.BuildHost, dockerfile: string, platform: string, to?: string): Promise<void> {
    const context = join(run.folder, `context-${Math.random().toString(36).slice(2)}`);
    await mkdir(context);
    await writeFile(join(context, "Dockerfile"), dockerfile);
    const output = to ? ["--output", `type=image,push=true,name=${to}`] : [];
    const folders = ["--local", `context=${context}`, "--local", `dockerfile=${context}`];
    await node.buildctl([
      "build",
      "--frontend",
      "dockerfile.v0",
      ...folders,
      "--opt",
      `platform=${platform}`,
      ...output,
    ]);
  }

  const inspect = (from: hosts.Registry | hosts.TamperingProxy, repository: string): Promise<string> =>
    hosts.execute([
      "skopeo",
      "inspect",
      "--raw",
      "--cert-dir",
      from.certificateFolder,
      `docker://${from.host}/${repository}`,
    ]);

  const connect = (node: hosts.BuildHost): Promise<string> => {
    const [address, port] = node.endpoint.replace("tcp://", "").split(":");
    return hosts.execute(["bash", "-c", `echo > /dev/tcp/${address}/${port}`], { timeoutMilliseconds: 3_000 });
  };

  it("two runs at once have networks of their own", async () => {
    const other = hosts.openRun();
    try {
      const second = await hosts.createNetwork(other);
      assert.notEqual(second.address, network.address);
      assert.notEqual(other.name, run.name);
    } finally {
      await other.close();
    }
  });

  it("a run that is killed is swept by the next one", async () => {
    const child = fork(join(__dirname, "killedRun.ts"), { execArgv: ["-r", "ts-node/register/transpile-only"] });
    const [{ name, folder }] = (await once(child, "message")) as [{ name: string; folder: string }];
    assert.ok(existsSync(folder));
    child.kill("SIGKILL");
    // As a run that is interrupted does, in one go: this process has not heard yet that its child has ended.
    while (isAlive(child.pid!)) pause(20);
    sweepDeadRuns();
    assert.equal(existsSync(folder), false);
    assert.deepEqual(
      readdirSync("/run/netns").filter((namespace) => namespace.startsWith(`${name}-`)),
      [],
    );
  });

  it("a node in a namespace answers at its address, and the harness is not counted", async () => {
    assert.equal((await amd64.platforms())[0], "linux/amd64");
    const before = await amd64.connections();
    await amd64.history();
    assert.equal(await amd64.connections(), before);
    await connect(amd64);
    assert.equal(await amd64.connections(), before + 1);
  });

  it("packets to a host can vanish, and come through again", async () => {
    await amd64.drop();
    await assert.rejects(connect(amd64), /SIGKILL/);
    await amd64.restore();
    await connect(amd64);
  });

  it("its history names each build's platform and outcome", async () => {
    await build(amd64, "FROM scratch\nCOPY Dockerfile /one\n", "linux/amd64");
    await assert.rejects(build(amd64, "FROM scratch\nCOPY absent /\n", "linux/amd64"), /absent/);
    const [first, second] = (await amd64.history()).slice(-2);
    assert.deepEqual([first.status, first.platforms], ["completed", ["linux/amd64"]]);
    assert.deepEqual([second.status, second.platforms], ["failed", ["linux/amd64"]]);
    assert.match(second.error ?? "", /absent/);
  });

  it("mTLS refuses who has no certificate of its CA, and wrong certificates can be asked for", async () => {
    const other = await hosts.createAuthority("other");
    const expired = await authority.issueServer({ validUntil: hosts.hoursFromNow(-0.5) });
    const early = await authority.issueServer({ validFrom: hosts.hoursFromNow(1) });
    const misnamed = await authority.issueServer({ names: ["another.node.internal"] });
    const cases: [Partial<hosts.HostCertificates>, RegExp][] = [
      [{ server: expired }, /expired/],
      [{ server: early }, /not yet valid/],
      [{ server: misnamed }, /valid for another\.node\.internal/],
      [{ ca: other.certificate }, /unknown authority/],
      [{ client: await other.issueClient() }, /certificate required|unknown certificate authority|broken pipe/],
    ];
    for (const [certificates, expected] of cases) {
      const node = await hosts.startNamespaceNode(run, network, authority, { name: "wrong", certificates });
      const flags = tlsFlags(join(run.folder, node.host.namespace, "certificates"));
      const command = [await hostTool("buildctl"), "--addr", node.endpoint, ...flags];
      await assert.rejects(hosts.execute([...command, "debug", "workers"]), expected);
      await node.stop();
    }
  });

  it("stopped and started it keeps its files; replaced it is elsewhere, without them", async () => {
    const node = await hosts.startNamespaceNode(run, network, authority, { name: "moving" });
    await build(node, "FROM scratch\nCOPY Dockerfile /\n", "linux/amd64");
    await node.stop();
    await assert.rejects(connect(node), /refused/);
    await node.start();
    assert.equal((await node.history()).length, 1);
    const before = node.endpoint;
    await node.replace();
    assert.notEqual(node.endpoint, before);
    assert.equal((await node.history()).length, 0);
    await node.kill();
    assert.deepEqual(await node.processes(), []);
  });

  it("a node's machine can have an emulator that no other node sees", async function () {
    hosts.skipWithout(this, ["emulation"]);
    const node = await hosts.startNamespaceNode(run, network, authority, { name: "emulates", emulates: ["arm64"] });
    assert.ok((await node.platforms()).includes("linux/arm64"));
    await build(node, "FROM scratch\nCOPY Dockerfile /\n", "linux/arm64");
    await node.stop();
    assert.equal((await amd64.platforms()).includes("linux/arm64"), false);
    const entries = readdirSync("/proc/sys/fs/binfmt_misc");
    assert.equal(entries.includes("qemu-aarch64"), false);
  });

  it("the registry asks for a password when it is told to", async () => {
    const credentials = { username: "tests", password: "secret" };
    const locked = await hosts.startRegistry(run, authority, { address: network.address, credentials });
    const status = (user: string[]): Promise<string> =>
      hosts.execute([
        "curl",
        "-s",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        "--cacert",
        locked.bundleFile,
        ...user,
        `${locked.url}/v2/`,
      ]);
    assert.equal(await status([]), "401");
    assert.equal(await status(["-u", "tests:secret"]), "200");
    await locked.stop();
  });

  it("a tampering proxy passes all through, until it is told to take a platform away", async () => {
    const proxy = await hosts.startTamperingProxy(run, authority, registry, network.address);
    await build(amd64, "FROM scratch\nCOPY Dockerfile /\n", "linux/amd64,linux/arm64", `${registry.host}/tampered:1`);
    const honest = await inspect(registry, "tampered:1");
    assert.equal(await inspect(proxy, "tampered:1"), honest);
    assert.match(honest, /arm64/);
    proxy.forget();
    proxy.removePlatform("linux/arm64");
    assert.doesNotMatch(await inspect(proxy, "tampered:1"), /arm64/);
    assert.ok(proxy.requests.some(({ method, path }) => method === "GET" && path === "/v2/tampered/manifests/1"));
    proxy.refuse(503);
    await assert.rejects(inspect(proxy, "tampered:1"), /503/);
    proxy.refuse("connection");
    // Not skopeo: it tries again for ten seconds.
    await assert.rejects(hosts.execute(["curl", "-sS", "--cacert", proxy.caFile, `${proxy.url}/v2/`]), /curl: \(\d+\)/);
    proxy.behave();
    assert.equal(await inspect(proxy, "tampered:1"), honest);
    await proxy.stop();
  });

  it("buildctl reaches a node through ssh", async function () {
    hosts.skipWithout(this, ["ssh"]);
    const ssh = await hosts.startSshHost(run, amd64);
    const env = { PATH: `${ssh.binFolder}:${process.env.PATH}` };
    const said = await hosts.execute([await hostTool("buildctl"), "--addr", ssh.endpoint, "debug", "workers"], { env });
    assert.match(said, /linux\/amd64/);
    await ssh.stop();
  });
});
