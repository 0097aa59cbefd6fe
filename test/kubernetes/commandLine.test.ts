import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";

import { parse } from "yaml";

import { manageRules, type Rule } from "../../components/nodes/kubernetes/policy";
import type { KubernetesBuilderStatus } from "../../components/nodes/kubernetes/shell/builderStatus";
import { policy } from "../../components/cli/policy";
import { prepareTools } from "../../tools";
import { pushBaseImage, skipWithout } from "../hosts";
import { slowSource } from "../ec2/command";
import { compiled, startsFast } from "../main/compiled";
import { Stack, temporaryDirectory, waitFor } from "../main/stack";
import { nightly } from "../tier";
import { eksKubeconfig, reviewTokens } from "./eks";
import { addVolume, getKubernetes, kubernetesPulumiHome, type Kubernetes } from "./fixture";
import { nodeArguments } from "./node";

const namespace = "commands";
const run = promisify(execFile);

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

nightly.describe("the command line, with a builder on a real cluster", function () {
  this.timeout(600_000);
  let kubernetes: Kubernetes;
  let stack: Stack;
  let home: string;
  let environment: NodeJS.ProcessEnv;
  let buildx: string;
  let base: string;

  before(async function () {
    skipWithout(this, ["kubernetes", "skopeo"]);
    kubernetes = await getKubernetes();
    const { cluster, objects, registry } = kubernetes;
    await objects.createNamespace(namespace, { "pod-security.kubernetes.io/enforce": "privileged" });
    await addVolume("cache-command-line");
    base = await pushBaseImage(registry);
    [{ path: buildx }] = await prepareTools(["buildx"]);
    home = temporaryDirectory("home");
    const KUBECONFIG = cluster.kubeconfig("builder");
    const own = { PATH: process.env.PATH, HOME: home, TMPDIR: os.tmpdir(), ...(await startsFast()) };
    environment = { ...own, KUBECONFIG };
    const builder = { nodes: [nodeArguments(namespace)], idleTimeoutMinutes: 1, wakeTimeoutSeconds: 30 };
    const options = { environment: { KUBECONFIG, PULUMI_HOME: await kubernetesPulumiHome(kubernetes) } };
    stack = await Stack.create({ builder, images: {} }, options);
    await objects.setRole(namespace, "builder", manageRules);
    const { code, output } = await stack.up();
    assert.equal(code, 0, output);
    // From here on with what `policy` prints, and nothing else.
    const { stdout } = await command("policy", "builders", "--for", "command-line");
    assert.equal(
      stdout,
      policy({ builder: "builders", role: "command-line", namespace }, () => undefined),
    );
    await objects.setRole(namespace, "builder", (parse(stdout) as { rules: Rule[] }).rules);
  });

  after(async () => {
    if (home) {
      await command("clean");
    }
  });

  async function command(...args: string[]): Promise<Outcome> {
    const main = await compiled(path.resolve(__dirname, "../../components/cli/main"));
    const place = args[0] === "clean" && !args.includes("--nodes") ? [] : ["--namespace", namespace];
    const done = run(process.execPath, [main, ...args, ...place], { env: environment });
    return done.then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: Outcome) => error,
    );
  }

  async function status(): Promise<KubernetesBuilderStatus> {
    const { stdout, stderr } = await command("status", "builders", "--json");
    assert.ok(stdout, stderr);
    return JSON.parse(stdout) as KubernetesBuilderStatus;
  }

  /** A build as somebody does it in a shell. */
  async function build(instruction: string): Promise<string> {
    const folder = temporaryDirectory("context");
    fs.writeFileSync(path.join(folder, "Dockerfile"), `FROM ${base}\n${instruction}\n`);
    const [stored] = fs.readdirSync(path.join(home, ".docker/buildx/instances"));
    const args = ["build", "--progress", "plain", "--builder", stored, "--platform", "linux/amd64", folder];
    const { stderr } = await run(buildx, args, { env: environment });
    return stderr;
  }

  it("shows a builder of which no pod is there, and starts none", async () => {
    const { stdout, stderr } = await command("status");
    assert.match(stdout, /^builders-[0-9a-f]{8} {2}amd64 {2}linux\/amd64 {2}builders-\S+ {2}none$/m, stderr);
    const { nodes, heldUntil } = await status();
    assert.deepEqual([nodes[0].state, heldUntil], ["none", undefined]);
    assert.deepEqual(await kubernetes.objects.jobs(namespace), []);
  });

  it("wakes it for builds with buildx, which go on after the command has ended", async () => {
    const { code, stdout, stderr } = await command("wake", "builders", "--minutes", "5");
    assert.equal(code, 0, stderr);
    assert.match(stderr, /process \d+ of this machine carries connections to the pods until \d{4}-\d\d-\d\dT[\d:]+Z/);
    assert.match(stdout, /^docker buildx build --builder builders-[0-9a-f]{8}-direct --platform linux\/amd64 /);
    assert.match(await build("RUN uname -m > /machine && cat /machine"), /x86_64/);
    const { nodes, heldUntil } = await status();
    const [{ state, machine, buildkitVersion, activeBuilds }] = nodes;
    assert.deepEqual([state, machine, buildkitVersion, activeBuilds], ["ready", "node1", "v0.33.1", 0]);
    const minutes = (Date.parse(heldUntil ?? "") - Date.now()) / 60_000;
    assert.ok(minutes > 3 && minutes <= 5, heldUntil);
    const files = fs.readdirSync(home, { recursive: true, encoding: "utf8" });
    assert.ok(!files.some((file) => file.endsWith(".pem")), "no key is in a file");
  });

  it("takes a token of EKS that is signed here, without the program aws, to the API and to the pod", async () => {
    const secretKey = "secret/of+the=builder";
    const { cluster } = kubernetes;
    const reviewer = await reviewTokens(cluster, "farm", { AKIDOFTHEBUILDER: { secretKey } }, "builder");
    const kept = environment;
    const own = fs.readFileSync(cluster.kubeconfig("builder"), "utf8");
    const of = (name: string) => {
      const KUBECONFIG = path.join(home, `${name}.kubeconfig`);
      fs.writeFileSync(KUBECONFIG, eksKubeconfig(own, name));
      const keys = { AWS_ACCESS_KEY_ID: "AKIDOFTHEBUILDER", AWS_SECRET_ACCESS_KEY: secretKey };
      return { ...kept, ...keys, KUBECONFIG, PATH: home };
    };
    try {
      environment = of("farm");
      const [{ state, buildkitVersion }] = (await status()).nodes;
      assert.deepEqual([state, buildkitVersion], ["ready", "v0.33.1"]);
      environment = of("another");
      assert.match((await command("status", "builders")).stderr, /the cluster refuses these credentials \(401 /);
    } finally {
      environment = kept;
      reviewer.close();
    }
  });

  it("wakes it again without a cut, and does not shorten what is held", async () => {
    const source = await slowSource(new URL(`https://${kubernetes.registry.host}`).hostname);
    const building = build(`ADD ${source.url} /`);
    await waitFor("the build", async () => (await status()).nodes[0].activeBuilds === 1, 30, 500);
    const refused = await command("stop", "builders");
    assert.match(refused.stderr, /is in use: node amd64 runs 1 build\. Fix: wait, or stop it even so with --force/);
    const { code, stderr } = await command("wake", "builders", "--minutes", "1");
    assert.equal(code, 0, stderr);
    source.answer();
    await building;
    const minutes = (Date.parse((await status()).heldUntil ?? "") - Date.now()) / 60_000;
    assert.ok(minutes > 2, "the first one's five minutes hold");
  });

  it("keeps its pod for longer than it is idle", async () => {
    const [before] = await kubernetes.objects.pods(namespace);
    await new Promise((resolve) => setTimeout(resolve, 105_000));
    const [{ metadata, status: now }] = await kubernetes.objects.pods(namespace);
    assert.deepEqual([metadata?.name, now?.phase], [before.metadata?.name, "Running"]);
  });

  it("stops it, and gives up what this machine holds", async () => {
    const { code, stdout, stderr } = await command("stop", "builders");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^Stopped amd64 of builders-[0-9a-f]{8}\.\n$/);
    assert.deepEqual(await kubernetes.objects.pods(namespace), []);
    assert.equal((await status()).heldUntil, undefined);
    assert.match((await command("stop", "builders")).stdout, /^No node of builders-\S+ runs\.\n$/);
  });

  it("removes what is on this machine, and finds nothing to remove in the cluster", async () => {
    const { code, stdout, stderr } = await command("clean", "--nodes", "builders");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^removed builder builders-[0-9a-f]{8}-direct \(direct\) from buildx's store\n$/);
  });

  it("is destroyed with all that was made for the command line", async () => {
    await kubernetes.objects.setRole(namespace, "builder", manageRules);
    const { code, output } = await stack.run("destroy", "--yes", "--skip-preview");
    assert.equal(code, 0, output);
    const isEmpty = async () => (await kubernetes.objects.names(namespace)).length === 0;
    await waitFor("the namespace to be empty", isEmpty, 60, 500);
  });
});
